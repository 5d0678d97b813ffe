"""The evaluator on NumPy arrays: nodes that stand alike share one column (a node state)."""
