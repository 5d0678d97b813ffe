"""Report: what an instance reports about one step of its work, in rohe's form whatever envelope it arrived in."""

from __future__ import annotations

from typing import Any

import msgspec

from rohe_iac.foundation.errors import RoheError


class Undecodable(RoheError):
    """A message of a report topic that is no report; it becomes a dead letter and is counted."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One report; (client, boot, seq) identifies it.

    Attributes:
        client: Client that sent the report.
        at: Event time (seconds since the epoch).
        service: Service of the instance.
        boot: Identifier of one run of the client.
        seq: Sequence number within the boot, from 1; 0 where the sender does not count, and the digest of the report's
            bytes identifies copies instead.
        pipeline: Name of the pipeline.
        member: Member of the ensemble that the instance is a replica of; "" outside of an ensemble.
        instance: Name of the instance.
        node: Node that the instance runs on.
        request: Identifier that joins the reports of one request; "" where there is none.
        start: When the work began (seconds since the epoch).
        end: When the work was done (seconds since the epoch).
        metrics: Numbers by name.
        fields: JSON values by name.
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
        """Returns fields and metrics by name, with response_time (seconds) where start and end are known."""
        values = {**self.fields, **self.metrics}
        if self.start is not None and self.end is not None:
            values.setdefault("response_time", self.end - self.start)
        return values


class _Envelope(msgspec.Struct, kw_only=True):
    """The form that rohe's reporter sends, version 1."""

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
    """Decodes a report in rohe's form.

    Raises:
        Undecodable: A field is missing or of the wrong type, or the version is unknown.
    """
    try:
        envelope = _ENVELOPE.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Undecodable("this is no report", detail=str(error)) from error
    if envelope.v != 1:
        raise Undecodable(f"the report is of version {envelope.v}, not 1")
    if envelope.seq < 1 or not envelope.client:
        raise Undecodable("the report has no sequence number from 1 on, or no client")
    return Report(
        client=envelope.client,
        boot=envelope.boot,
        seq=envelope.seq,
        at=envelope.at,
        pipeline=envelope.pipeline,
        service=envelope.service,
        member=envelope.member or "",
        instance=envelope.instance or envelope.client,
        node=envelope.node,
        request=envelope.request or "",
        start=envelope.start,
        end=envelope.end,
        metrics=envelope.metrics,
        fields=envelope.fields,
    )
