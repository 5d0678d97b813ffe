"""Sample: one element of a window, made of a single report or of the joined reports of one request."""

from __future__ import annotations

from typing import Any

import msgspec

MAX_MAGNITUDE = 1e150
"""Largest absolute value of a number that is measured: the sum of the squares of millions of them is still finite."""


Identity = tuple[str, str, str, str]
"""Service, member, instance and node of what reports."""


class SamplePart(msgspec.Struct, array_like=True, kw_only=True):
    """What one instance reported about a request.

    Attributes:
        service: Service of the instance.
        member: Member of the ensemble that the instance is a replica of; "" outside of an ensemble.
        instance: Name of the instance.
        node: Node that the instance runs on.
        values: Fields and metrics of the report by name.
        start: When the instance began with the request (seconds since the epoch).
        end: When the instance was done with the request (seconds since the epoch).
    """

    service: str
    member: str
    instance: str
    node: str
    values: dict[str, Any]
    start: float | None = None
    end: float | None = None

    @property
    def name(self) -> str:
        """Returns `classify/svm` for a member of an ensemble, otherwise the service's name."""
        return f"{self.service}/{self.member}" if self.member else self.service

    @property
    def identity(self) -> Identity:
        """Returns which instance reported the part, and where."""
        return self.service, self.member, self.instance, self.node


class Sample(msgspec.Struct, array_like=True, kw_only=True):
    """One sample, ordered by (time, key).

    Attributes:
        time: Event time of the first report (seconds since the epoch).
        key: Identity among samples of the same time.
        values: Fields and metrics by name.
        parts: Parts that the sample is made of, sorted by time; one for a single report.
        request: Identifier of the request; "" where it is unknown.
    """

    time: float
    key: str
    values: dict[str, Any]
    parts: list[SamplePart]
    request: str = ""


def number_of(value: Any) -> float | None:
    """Returns a number as a float, with true as 1 and false as 0.

    Anything else is None, and so are NaN and numbers beyond MAX_MAGNITUDE.
    """
    if isinstance(value, int | float) and -MAX_MAGNITUDE <= value <= MAX_MAGNITUDE:
        return float(value)
    return None


def value_of(sample: Sample, name: str) -> Any:
    """Returns the value of that name, or None.

    The names service, member, model, instance, node, device and request stand for the sample's origin unless the
    sample has a value of that name; all of them but `request` are None for a sample of several parts.
    """
    if name in sample.values:
        return sample.values[name]
    if name == "request":
        return sample.request or None
    part = sample.parts[0]
    origin = {
        "service": part.service,
        "member": part.member,
        "model": part.values.get("model", part.member),
        "instance": part.instance,
        "node": part.node,
        "device": part.node,
    }
    return origin.get(name) if len(sample.parts) == 1 else None
