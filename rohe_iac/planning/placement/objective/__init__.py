"""Rates whole assignments by the lexicographic objective, and bounds what any assignment can reach."""
