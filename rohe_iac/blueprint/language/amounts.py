"""Thresholds and window lengths of contracts, as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rohe_iac.blueprint.language.base import fault
from rohe_iac.foundation import quantities

AmountKind = Literal["number", "ratio", "time", "rate", "bytes"]


@dataclass(frozen=True, slots=True)
class Amount:
    """A threshold.

    Attributes:
        value: The number in the base unit of its kind.
        kind: number (the metric's own unit), ratio, time (seconds), rate (per second) or bytes.
    """

    value: float
    kind: AmountKind


@dataclass(frozen=True, slots=True)
class Length:
    """The length of a window: either `seconds` or a number of `reports`; the other is None."""

    seconds: float | None = None
    reports: int | None = None


_REPORTS = re.compile(r"(\d{1,9})\s+reports?")


_BYTES = re.compile(r"[\d.]+\s*[kKMGTP]i?")


def amount_of(value: object) -> Amount:
    """Returns a threshold as it was written: a number, `15%`, `300ms`, `20/s`, `64Mi`.

    Raises:
        PydanticCustomError: The fault R120, where it is none of these.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise fault(
            "R120",
            f"expected a number or a quantity, found {type(value).__name__}",
            "write 0.15, 15%, 300ms, 20/s or 64Mi",
        )
    if isinstance(value, int | float):
        return Amount(float(value), "number")
    text = value.strip()
    try:
        if text.endswith("%"):
            return Amount(quantities.ratio(text), "ratio")
        if "/" in text:
            return Amount(quantities.per_second(text), "rate")
        if _BYTES.fullmatch(text):
            return Amount(quantities.byte_count(text), "bytes")
        return Amount(quantities.seconds(text), "time")
    except ValueError:
        raise fault(
            "R120", f"'{value[:40]}' is neither a number nor a quantity", "write 0.15, 15%, 300ms, 20/s or 64Mi"
        ) from None


def length_of(value: object) -> Length:
    """Returns a window's length as it was written: a time (`5m`) or a number of reports (`100 reports`).

    Raises:
        PydanticCustomError: The fault R121, where it is neither.
    """
    return _length_of_text(value) if isinstance(value, str) else _length_of(value)


@lru_cache(maxsize=1024)
def _length_of_text(value: str) -> Length:
    return _length_of(value)


def _length_of(value: object) -> Length:
    if isinstance(value, str):
        match = _REPORTS.fullmatch(value.strip())
        if match is not None and int(match[1]) > 0:
            return Length(reports=int(match[1]))
        try:
            seconds = quantities.seconds(value)
        except ValueError:
            seconds = 0.0
        if seconds > 0:
            return Length(seconds=seconds)
    hint = f"write '{value} reports' or '{value}s'" if isinstance(value, int) else "write 5m or 100 reports"
    raise fault("R121", f"{_shown(value)} is not a window's length, a time or a number of reports above 0", hint)


def _shown(value: object) -> str:
    return f"'{value[:40]}'" if isinstance(value, str) else str(value)[:40]
