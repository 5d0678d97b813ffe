"""Chooses between the scalar and the vectorized evaluator by the size of the problem."""

from __future__ import annotations

SCALAR_LIMIT = 40_000
"""Nodes times demands up to which importing NumPy costs more than it saves."""
