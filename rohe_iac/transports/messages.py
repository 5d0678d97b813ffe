"""Messages that an agent sends to services; their JSON Schemas in docs/schemas/wire are made of these types."""

from __future__ import annotations

from typing import Literal

import msgspec


class AcknowledgementMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Which reports of one boot an agent has stored.

    Attributes:
        boot: Boot of the reports.
        up_to_seq: All reports up to this sequence number are stored, except those in `holes`.
        holes: Inclusive ranges of sequence numbers, ascending, that are missing.
        agent_boot: Run of the agent, another one after each of its starts.
    """

    boot: str
    up_to_seq: int
    holes: list[tuple[int, int]]
    agent_boot: str


class CommandMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What an instance is to do about an ensemble from now on.

    Attributes:
        id: Identifier of the command; a command that is sent again has the same.
        action: `degrade`: ask only `members` until the next command about the ensemble; `restore`: ask all members.
        service: Name of the ensemble.
        members: Names of the members to ask.
        until: When the command expires (seconds since the epoch); 0 for never.
        reason: Why, as people read it.
        reply: Last level of the topic for the answer, `reply/REPLY`; "" where no answer is wanted.
    """

    id: str
    action: Literal["degrade", "restore"]
    service: str = ""
    members: list[str] = []
    until: float = 0
    reason: str = ""
    reply: str = ""
