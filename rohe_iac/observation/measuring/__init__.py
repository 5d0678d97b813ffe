"""Windows of samples, and what a metric is worth over a window."""
