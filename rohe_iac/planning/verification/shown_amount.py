"""Shown amounts: what an amount in the words of a plan can be, as it may be rounded."""

from __future__ import annotations

import re

from rohe_iac.foundation.quantities import BANDWIDTH_UNITS, MEMORY_UNITS

_SHOWN = re.compile(r"(?P<whole>\d+)(?:\.(?P<decimals>\d+))?(?P<unit>m|[KMGTP]i|[KMG]?bps)?")


def bounds_of(text: str, *, cpu: bool) -> tuple[int, int] | None:
    """Returns the least and the most that a shown amount can stand for; None for no amount.

    It is in millicores, bytes or bits a second. Millicores and bits are shown exactly, and so are bytes without a unit.

    Args:
        text: the amount: `850m`, `2`, `1.5Gi`.
        cpu: whether it is an amount of cpu.
    """
    found = _SHOWN.fullmatch(text)
    if found is None or (found["unit"] == "m") != (cpu and bool(found["unit"])):
        return None
    decimals = found["decimals"] or ""
    digits = int(found["whole"] + decimals)
    if cpu:
        exact = digits * (1 if found["unit"] else 1000)
        return (exact // 10 ** len(decimals),) * 2
    if (found["unit"] or "").endswith("bps"):
        return (digits * BANDWIDTH_UNITS[found["unit"]] // 10 ** len(decimals),) * 2
    size = MEMORY_UNITS[found["unit"] or ""]
    if not found["unit"]:
        return digits, digits
    # Zeros at the end of the decimals are left out, so that one decimal is the least that was rounded to.
    middle, half = digits * size, size * 10 ** len(decimals) // (2 * 10 ** max(1, len(decimals)))
    return -(-(middle - half) // 10 ** len(decimals)), (middle + half) // 10 ** len(decimals)
