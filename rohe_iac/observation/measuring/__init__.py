"""Windows of samples, and the measurement of a metric over a window."""
