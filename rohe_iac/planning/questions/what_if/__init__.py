"""Edits of a problem, as `--what-if` and why-not write them."""
