"""Messages on their way; apart from the connection, so that who only makes them needs no client library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that arrived. `connection` counts connections, so that an acknowledgement never goes to a later one."""

    topic: str
    payload: bytes
    qos: int
    retained: bool
    message_id: int
    connection: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
