"""How good a node is for a replica: integer scores, a million times the weight at most."""
