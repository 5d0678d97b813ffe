"""Report: what an instance reports about one step of its work, in rohe's form whatever envelope it arrived in."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any

import msgspec

from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.wire.report_bounds import (
    MAX_DEPTH,
    MAX_NAME_LENGTH,
    MAX_SEQ,
    MAX_TIME,
    MAX_VALUES,
    is_too_deep,
)


class Undecodable(RoheError):
    """A message of a report topic that is no report; it becomes a dead letter and is counted.

    Attributes:
        kind: Kind under which it is counted.
    """

    kind = "malformed"


class OversizedMessage(Undecodable):
    """A message beyond the bound of its size."""

    kind = "too-large"


class OutdatedReport(Undecodable):
    """A report of an event so long ago that the clock of its device must be wrong."""

    kind = "too-old"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One report; (client, boot, seq) identifies it.

    Attributes:
        client: Client that sent the report.
        at: Event time (seconds since the epoch).
        service: Service of the instance.
        boot: Identifier of one run of the client.
        seq: Sequence number within the boot, from 1 to MAX_SEQ; 0 where the sender does not count, and the digest of
            the report's bytes identifies copies instead.
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

    @property
    def key(self) -> str:
        """Returns the identity of the report; of reports without a sequence number, the digest of their content."""
        if self.seq:
            return f"{self.client}/{self.boot}/{self.seq:016d}"
        return f"{self.client}//{hashlib.blake2b(msgspec.msgpack.encode(self), digest_size=16).hexdigest()}"


Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME_LENGTH)]
"""A name or an identifier that a client chooses."""

Time = Annotated[float, msgspec.Meta(ge=0.0, le=MAX_TIME)]
"""Seconds since the epoch; what is larger was meant in milliseconds."""


class _Envelope(msgspec.Struct, kw_only=True):
    """What an instance reports about one step of its work, version 1.

    Attributes:
        v: Version of this form, 1.
        client: Name of the instance, the last level of the topic.
        boot: Text that is new at every start of the client.
        seq: 1 for the first report of a boot, and one more for each further one.
        at: Event time (seconds since the epoch); windows are of this time.
        service: Name of the service (ROHE_SERVICE).
        pipeline: Name of the pipeline (ROHE_PIPELINE).
        member: Member of the ensemble (ROHE_MEMBER); "" outside of an ensemble.
        instance: Name of the instance, as `client`.
        node: Node that the instance runs on (ROHE_NODE).
        request: Identifier of a request, the same in all services; joins their reports.
        start: When the work began (seconds since the epoch).
        end: When the work was done (seconds since the epoch).
        metrics: Numbers by name.
        fields: JSON values by name.
    """

    v: int
    client: Name
    boot: Name
    seq: Annotated[int, msgspec.Meta(ge=1, le=MAX_SEQ)]
    at: Time
    service: Name
    pipeline: Name = ""
    member: Name | None = ""
    instance: Name = ""
    node: Name = ""
    request: Name | None = None
    start: Time | None = None
    end: Time | None = None
    metrics: Annotated[dict[Name, float], msgspec.Meta(max_length=MAX_VALUES)] = {}
    fields: Annotated[dict[Name, Any], msgspec.Meta(max_length=MAX_VALUES)] = {}


_ENVELOPE = msgspec.json.Decoder(_Envelope)


def decode_report(payload: bytes) -> Report:
    """Decodes a report in rohe's form.

    Raises:
        Undecodable: A field is missing, of the wrong type or out of bounds, or the version is unknown.
    """
    try:
        envelope = _ENVELOPE.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Undecodable("this is no report", detail=str(error)) from error
    if envelope.v != 1:
        raise Undecodable(f"the report is of version {envelope.v}, not 1")
    if not envelope.client:
        raise Undecodable("the report names no client")
    check_values(envelope.fields, payload)
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


_REPORT = msgspec.json.Decoder(Report)

OWN_FORM = b'{"v":'
"""What a report in rohe's form begins with, where a library of rohe has written it."""


def stored_form(payload: bytes, report: Report, *, attributed: bool) -> bytes:
    """Returns the bytes that a report is stored as, from which `read_stored` reads the same report.

    Args:
        payload: The message that the report was decoded from.
        report: The report.
        attributed: Whether it has names of its sender that the message leaves out.
    """
    if not payload.startswith(OWN_FORM) or not payload.endswith(b"}"):
        return msgspec.json.encode(report)
    if not attributed:
        return payload
    # Of equal keys the last one counts.
    names = {"service": report.service, "member": report.member, "node": report.node}
    return payload[:-1] + b"," + msgspec.json.encode(names)[1:]


def read_stored(content: bytes) -> Report:
    """Reads a report that was stored.

    Raises:
        Undecodable: The bytes are no report in rohe's form.
        msgspec.DecodeError: The bytes are no report that was decoded from another form.
    """
    return decode_report(content) if content.startswith(OWN_FORM) else _REPORT.decode(content)


def check_values(values: dict[str, Any], payload: bytes) -> None:
    """Checks that JSON values of a message can be stored, in the store and in a checkpoint.

    Args:
        values: Values by name, as they were decoded.
        payload: The message; without many brackets in it, nothing in it is nested deeply.

    Raises:
        Undecodable: The values are nested too deeply, or hold an integer of more than 64 bits.
    """
    if payload.count(b"[") + payload.count(b"{") > MAX_DEPTH and is_too_deep(values):
        raise Undecodable(f"values are nested more than {MAX_DEPTH} levels deep")
    try:
        msgspec.msgpack.encode(values)
    except (OverflowError, RecursionError, UnicodeEncodeError) as error:
        raise Undecodable("a value cannot be stored", detail=str(error)) from error


class _Head(msgspec.Struct):
    """What says which report a message is, whatever else the message holds."""

    boot: Name
    seq: Annotated[int, msgspec.Meta(ge=1, le=MAX_SEQ)]
    client: Name = ""


_HEAD = msgspec.json.Decoder(_Head)
_HEAD_OF_PART = re.compile(rb'^\{"v":1,"seq":([0-9]{1,16}),"client":"([^"\\]{1,200})","boot":"([^"\\]{1,200})"')


def sequence_number_of(payload: bytes) -> tuple[str, str, int] | None:
    """Returns client, boot and sequence number of a message that is no usable report; None where it has none.

    Args:
        payload: The message, or its beginning.
    """
    try:
        head = _HEAD.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        match = _HEAD_OF_PART.match(payload)
        if match is None or not 1 <= int(match[1]) <= MAX_SEQ:
            return None
        return match[2].decode("utf-8", "replace"), match[3].decode("utf-8", "replace"), int(match[1])
    return head.client, head.boot, head.seq
