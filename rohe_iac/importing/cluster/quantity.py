"""Quantity: an amount as Kubernetes writes it, such as `3920m`, `16Gi` and `1e3`.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

_QUANTITY = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))(?P<suffix>[eE][+-]?\d{1,3}|[A-Za-z]{0,2})")

_UNITS: dict[str, Fraction] = {
    "": Fraction(1),
    **{suffix: Fraction(1000) ** power for power, suffix in enumerate(("n", "u", "m"), -3)},
    **{suffix: Fraction(1000) ** power for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{suffix: Fraction(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
}


def quantity(text: object) -> Fraction:
    """Returns the amount of a quantity.

    Raises:
        ValueError: It is none.
    """
    match = _QUANTITY.fullmatch(str(text).strip())
    if match is None:
        raise ValueError(f"'{str(text)[:40]}' is no quantity")
    suffix = match["suffix"]
    if suffix in _UNITS:
        return Fraction(match["number"]) * _UNITS[suffix]
    if suffix[:1] in "eE" and suffix[1:].lstrip("+-").isdecimal():
        return Fraction(match["number"]) * Fraction(10) ** int(suffix[1:])
    raise ValueError(f"'{str(text)[:40]}' is no quantity")


def offered(amount: Fraction, scale: int = 1) -> int:
    """Returns what is offered in whole units, `scale` of them a unit, rounded down: it is never more than there is."""
    return max(0, math.floor(amount * scale))


def taken(amount: Fraction, scale: int = 1) -> int:
    """Returns what is taken in whole units, `scale` of them a unit, rounded up."""
    return max(0, math.ceil(amount * scale))
