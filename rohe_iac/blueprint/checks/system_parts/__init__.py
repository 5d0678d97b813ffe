"""Checks of what a stack runs for itself, such as its agents and its broker."""
