"""Report: what an instance said of one thing it did, in our own form whatever envelope it came in."""

from __future__ import annotations

from typing import Any

import msgspec

from rohe_iac.foundation.errors import RoheError


class Undecodable(RoheError):
    """A message of a report topic that is no report; it is kept aside and counted."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One report. Times are seconds since the epoch; (client, boot, seq) tells it from every other.

    seq 0: the sender does not count, the digest of its bytes tells copies apart.
    """

    client: str
    at: float
    service: str
    boot: str = ""
    seq: int = 0
    pipeline: str = ""
    member: str = ""
    instance: str = ""
    node: str = ""
    request: str = ""
    start: float | None = None
    end: float | None = None
    metrics: dict[str, float] = {}
    fields: dict[str, Any] = {}

    @property
    def values(self) -> dict[str, Any]:
        """Fields and metrics by name, with response_time (seconds) where start and end are known."""
        values = {**self.fields, **self.metrics}
        if self.start is not None and self.end is not None:
            values.setdefault("response_time", self.end - self.start)
        return values


class _Envelope(msgspec.Struct, kw_only=True):
    """The form that our reporter sends, version 1."""

    v: int
    client: str
    boot: str
    seq: int
    at: float
    service: str
    pipeline: str = ""
    member: str | None = ""
    instance: str = ""
    node: str = ""
    request: str | None = None
    start: float | None = None
    end: float | None = None
    metrics: dict[str, float] = {}
    fields: dict[str, Any] = {}


_ENVELOPE = msgspec.json.Decoder(_Envelope)


def decode_report(payload: bytes) -> Report:
    """Reads a report in our own form.

    Errors: Undecodable where a field is missing or of the wrong type, the version is unknown, or a time is no time.
    """
    try:
        read = _ENVELOPE.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Undecodable("this is no report", detail=str(error)) from error
    if read.v != 1:
        raise Undecodable(f"the report is of version {read.v}, not 1")
    if read.seq < 1 or not read.client:
        raise Undecodable("the report has no sequence number from 1 on, or no client")
    return Report(
        client=read.client,
        boot=read.boot,
        seq=read.seq,
        at=read.at,
        pipeline=read.pipeline,
        service=read.service,
        member=read.member or "",
        instance=read.instance or read.client,
        node=read.node,
        request=read.request or "",
        start=read.start,
        end=read.end,
        metrics=read.metrics,
        fields=read.fields,
    )
