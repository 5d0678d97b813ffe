"""Checks of a stack whose nodes are in several inventories, one for each site."""
