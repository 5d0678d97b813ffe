"""Improves an assignment by ruin and recreate under an iteration budget."""
