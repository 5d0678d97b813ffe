"""How diagnostics, imports and profiles look."""
