"""Asks rules and scores of many nodes: feasible nodes, best first.

`evaluator` is the interface, `scalar` asks nodes one by one, `vectorized` asks arrays of node states, and `choice`
takes one of the two by the size of the problem. The property tests hold them equal.
"""
