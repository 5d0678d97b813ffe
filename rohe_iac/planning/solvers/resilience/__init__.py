"""Failures: the spread that `survive` asks for, and what the loss of each node or zone breaks."""
