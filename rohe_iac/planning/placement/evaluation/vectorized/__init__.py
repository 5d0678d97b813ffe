"""The evaluator on NumPy arrays: nodes in the same state share one column."""
