"""Sample: what windows hold, a single report or the joined reports of one request."""

from __future__ import annotations

from typing import Any

import msgspec

LARGEST = 1e150
"""The largest number, either way, that a report counts with: the squares of millions still add up to a float."""


class Part(msgspec.Struct, kw_only=True):
    """What one instance said of a request."""

    service: str
    member: str
    instance: str
    node: str
    values: dict[str, Any]
    start: float | None = None
    end: float | None = None

    @property
    def name(self) -> str:
        """`classify/svm`, or `camera` where it is no member of an ensemble."""
        return f"{self.service}/{self.member}" if self.member else self.service


class Sample(msgspec.Struct, kw_only=True):
    """One sample, ordered by (time, key). time: seconds since the epoch, of the first report of it.

    parts: whose reports it is made of, sorted by time; one for a single report.
    """

    time: float
    key: str
    values: dict[str, Any]
    parts: list[Part]
    request: str = ""


def number_of(value: Any) -> float | None:
    """A number as a float, true as 1 and false as 0, anything else as None; so are NaN and what is beyond LARGEST."""
    if isinstance(value, int | float) and -LARGEST <= value <= LARGEST:
        return float(value)
    return None


def found(sample: Sample, name: str) -> Any:
    """The value of that name; service, member, model, instance, node, device and request name who it is of."""
    if name in sample.values:
        return sample.values[name]
    if name == "request":
        return sample.request or None
    part = sample.parts[0]
    single = {
        "service": part.service,
        "member": part.member,
        "model": part.values.get("model", part.member),
        "instance": part.instance,
        "node": part.node,
        "device": part.node,
    }
    return single.get(name) if len(sample.parts) == 1 else None
