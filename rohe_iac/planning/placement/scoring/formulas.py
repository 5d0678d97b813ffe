"""Formulas of scores: integer arithmetic that gives the same of Python ints and of NumPy's int64 arrays.

Shares and scores are in millionths. A `scale` is `scale_of` a capacity, so that a multiplication and a shift divide by
that capacity; no product exceeds 63 bits, so that int64 arrays hold all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rohe_iac.planning.model.node_interference import MAX_PERCENT
from rohe_iac.planning.model.problem import WEIGHT_ONE
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.scoring.fixed_point import PLACES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Whole = TypeVar("Whole", int, "NDArray[np.int64]")
"""One integer, or an int64 array of them."""

WEIGHT_BITS = WEIGHT_ONE.bit_length() - 1
"""Binary places of a weight."""


def share_of(amount: Whole, scale: Whole) -> Whole:
    """Returns an amount over the capacity that the scale is of, in millionths."""
    return (amount * scale) >> PLACES


def used_share(capacity: Whole, left: Whole, scale: Whole) -> Whole:
    """Returns the share of a capacity that is in use where `left` of it is free, in millionths."""
    return ((capacity - left) * scale) >> PLACES


def match_share(asked: int, free: Whole, scale: Whole) -> Whole:
    """Returns the share of a capacity that is asked for times the share that is free, in millionths."""
    return (asked * scale >> PLACES) * (free * scale >> PLACES) // MILLION


def undisturbed_share(lost: Whole) -> Whole:
    """Returns a million less the part of MAX_PERCENT that is lost to neighbours, which is at most all of it."""
    return MILLION - lost * (MILLION // MAX_PERCENT)


def weighted(score: Whole, weight: int) -> Whole:
    """Returns a score times a weight, which is in 1024ths."""
    return (score * weight) >> WEIGHT_BITS
