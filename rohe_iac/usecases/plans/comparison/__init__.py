"""Comparison of a saved plan with what it was made of: its blueprint, and the record of what was applied."""
