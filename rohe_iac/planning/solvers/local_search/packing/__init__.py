"""Loads of single nodes, and packings of items into one node with the least left over.

`node_load` is what the search knows of a node with its items, by value, so that equal loads are computed once;
`min_bin_slack` fills one node after another.
"""
