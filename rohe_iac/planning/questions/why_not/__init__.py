"""The smallest edits that would let a service onto a node, one file for each group of rules."""
