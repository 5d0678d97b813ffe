"""Refused message: a message that cannot be used, with its reason, and the bounds of what is kept of it."""

from __future__ import annotations

from typing import Any

import msgspec

from rohe_iac.agent.intake.client_state import TooManyClients
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.topics import MAX_REPORT_BYTES
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.reports.report import OversizedMessage, Undecodable, sequence_number_of
from rohe_iac.observation.reports.senders import MisattributedReport

MAX_DEAD_LETTER_BYTES = 16 * 1024
"""Bytes that are kept of a dead letter."""

MAX_REASON = 500
"""Characters of the reason of a dead letter."""


class DeadLetter(msgspec.Struct, frozen=True, array_like=True):
    """A message that cannot be used.

    Attributes:
        client: Client whose report it is.
        boot: Boot of the client.
        seq: Sequence number of the report; 0 where it has none, or is no report.
        topic: Topic of the message.
        why: Why it cannot be used.
        payload: The message, or its beginning.
        kind: Of which kind the reason is.
    """

    client: str
    boot: str
    seq: int
    topic: str
    why: str
    payload: bytes
    kind: str


def letter_of_report(message: Incoming, instance: str, error: Exception) -> DeadLetter:
    """Returns a report that cannot be used, with its number where it has one of its own sender."""
    head = sequence_number_of(message.payload)
    numbered = head is not None and head[0] in ("", instance)
    boot, seq = head[1:] if head is not None and numbered else ("", 0)
    return DeadLetter(instance, boot, seq, **_letter(message, error))


def letter_of_message(message: Incoming, error: Exception) -> DeadLetter:
    """Returns a message that cannot be used and is no report."""
    return DeadLetter("", "", 0, **_letter(message, error))


def _letter(message: Incoming, error: Exception) -> dict[str, Any]:
    """Returns what is kept of a message that cannot be used, by the names of the fields of `DeadLetter`."""
    if isinstance(error, RoheError):
        why = f"{error.brief}: {error.detail}" if error.detail else error.brief
    else:
        why = f"reading it failed: {type(error).__name__}: {error}"
    return {
        "topic": message.topic,
        "why": why[:MAX_REASON],
        "payload": message.payload[:MAX_DEAD_LETTER_BYTES],
        "kind": error.kind if isinstance(error, MisattributedReport | TooManyClients | Undecodable) else "failed",
    }


def check_size(message: Incoming) -> None:
    """Checks the size of a message.

    Raises:
        OversizedMessage: It is larger than MAX_REPORT_BYTES.
    """
    size = message.cut_from or len(message.payload)
    if size > MAX_REPORT_BYTES:
        raise OversizedMessage(f"a message of {size} bytes is larger than {MAX_REPORT_BYTES}")
