"""Client state: what a client says about itself on its state topic."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.wire.report_bounds import MAX_SEQ
from rohe_iac.observation.reports.report import Name, Time, Undecodable
from rohe_iac.reporting.refusal import Refusal

ClientState = dict[str, Any]
"""The known fields of a state message by name; `state` and `boot` are always there."""

MAX_DENIED = 64
"""Topics that a state may name as refused."""

REFUSALS = tuple(reason.value for reason in Refusal)
"""Reasons for which reporters refuse reports."""

MAX_INTERVAL = 86400.0
"""Longest interval between two heartbeats in seconds."""

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)] | Annotated[float, msgspec.Meta(ge=0.0, le=MAX_SEQ)]
"""A number from 0 on, such as one of reports, or of seconds; some languages write whole numbers as 3.0."""

Interval = Annotated[float, msgspec.Meta(gt=0.0, le=MAX_INTERVAL)]
"""Seconds between two messages."""


class TooManyClients(RoheError):
    """A state of one client more than an agent knows; it becomes a dead letter and is counted.

    Attributes:
        kind: Kind under which it is counted.
    """

    kind = "too-many-clients"


class _State(msgspec.Struct, kw_only=True):
    """What a client says about itself; fields that are not listed are ignored.

    Attributes:
        state: `online`; `stopped` when the client has ended in order; `lost` as its last will.
        boot: Run of the client, as in its reports.
        at: When the message was made (seconds since the epoch).
        accepted: Reports of this boot that were accepted into the outbox.
        refused: Reports of this boot that were refused.
        waiting: Reports in the outbox, of any boot, that no agent has acknowledged.
        pending: Reports in memory alone, which wait for the disk.
        complete_up_to: All reports of events before this time (seconds since the epoch) are acknowledged; 0 while
            some wait.
        interval: Seconds within which the client says something again, in a state or a report.
        pipeline: Pipeline that the client is of.
        service: Service that it is a replica of.
        serial: Serial of the record that the instance was made of (ROHE_SERIAL).
        digest: Digest of the manifest that the instance was made of (ROHE_DIGEST).
        refusals: Refused reports by reason.
        denied: Topics on which the broker refuses the client's messages, each with the broker's reason.
        unacknowledged: Seconds for which the oldest report was sent, at least three times, and not acknowledged.
    """

    state: Literal["online", "stopped", "lost"]
    boot: Name = ""
    at: Time | msgspec.UnsetType = msgspec.UNSET
    accepted: Count | msgspec.UnsetType = msgspec.UNSET
    refused: Count | msgspec.UnsetType = msgspec.UNSET
    waiting: Count | msgspec.UnsetType = msgspec.UNSET
    pending: Count | msgspec.UnsetType = msgspec.UNSET
    complete_up_to: Time | msgspec.UnsetType = msgspec.UNSET
    interval: Interval | msgspec.UnsetType = msgspec.UNSET
    pipeline: Name | msgspec.UnsetType = msgspec.UNSET
    service: Name | msgspec.UnsetType = msgspec.UNSET
    serial: Count | msgspec.UnsetType = msgspec.UNSET
    digest: Name | msgspec.UnsetType = msgspec.UNSET
    refusals: dict[Name, Count] | msgspec.UnsetType = msgspec.UNSET
    denied: Annotated[dict[Name, Name], msgspec.Meta(max_length=MAX_DENIED)] | msgspec.UnsetType = msgspec.UNSET
    unacknowledged: Count | msgspec.UnsetType = msgspec.UNSET


_STATE = msgspec.json.Decoder(_State)


def decode_state(payload: bytes) -> ClientState:
    """Decodes a state message.

    Raises:
        Undecodable: There is no `state`, or a field is of the wrong type or out of bounds. A message is taken as a
            whole or not at all, so that no field is lost without a word.
    """
    try:
        state = _STATE.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Undecodable("this is no state", detail=str(error)) from error
    content: ClientState = msgspec.to_builtins(state)
    if isinstance(refusals := content.get("refusals"), dict):
        content["refusals"] = {name: refusals[name] for name in REFUSALS if name in refusals}
    return content
