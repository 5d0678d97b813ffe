"""Evaluates demands against all nodes: the feasible nodes, best first, and why the others are refused.

`evaluator` is the interface, `scalar` evaluates nodes one by one, `vectorized` evaluates arrays of node states, and
`choice` takes one of the two by the size of the problem. Property tests hold their results equal.
"""
