"""Reports as they arrive: QoA4ML envelopes, duplicates, joining by request, and the watermark."""
