"""Accelerators of machines: what they offer, and how a cluster knows them."""
