"""Fixed-point scales, so that scores never pass through floats."""

from __future__ import annotations

from rohe_iac.planning.model.units import MILLION

PLACES = 40
"""Binary places of a scale."""

MEMORY_SHIFT = 10
"""Memory is scored in KiB, so that a million times 2**40 stays within 63 bits."""


def scale_of(capacity: int) -> int:
    """Returns the millionths of one unit of the capacity, with 40 binary places; 0 for a capacity of nothing."""
    return (MILLION << PLACES) // capacity if capacity > 0 else 0
