"""Reports on arrival: decoding, the QoA4ML envelopes, duplicates, the join by request, and the watermark."""
