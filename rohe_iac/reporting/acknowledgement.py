"""Acknowledgement: an agent's word about which reports of one boot it has stored."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What an agent has stored of one boot.

    Attributes:
        boot: Boot of the reports.
        up_to_seq: Newest sequence number that is acknowledged.
        holes: Inclusive ranges of sequence numbers below it that are not.
        agent_boot: Run of the agent.
    """

    boot: str
    up_to_seq: int
    holes: tuple[tuple[int, int], ...] = ()
    agent_boot: str = ""


def decode_acknowledgement(payload: bytes) -> Acknowledgement:
    """Decodes a message of the acknowledgement topic.

    Raises:
        ValueError: A field is missing or of the wrong type.
    """
    try:
        content = json.loads(payload)
        return Acknowledgement(
            boot=str(content["boot"]),
            up_to_seq=int(content["up_to_seq"]),
            holes=tuple((int(first), int(last)) for first, last in content.get("holes") or ()),
            agent_boot=str(content.get("agent_boot", "")),
        )
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"{type(error).__name__}: {error}"[:200]) from error
