"""Messages as values, in a module of their own so that code that only makes messages imports no client library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that arrived.

    Attributes:
        topic: MQTT topic; of a message of another source, the one that its sender would have published it on.
        payload: Bytes of the message.
        qos: Quality of service, 0 to 2.
        retained: Whether the broker had retained the message.
        message_id: MQTT packet identifier or AMQP delivery tag, unique within one connection.
        connection: Number of the connection that received it; packet identifiers of another one mean nothing.
        cut_from: Size of the message in bytes where `payload` is only its beginning; 0 where it is whole.
        arrived: When it arrived, in seconds of the monotonic clock; 0 where that is not known.
        source: Name of the source that it came by; "" for the stack's broker.
        unattributed: Why its sender is not known, where nothing but its content could say who that is; "" elsewhere.
        alone: Whether its source delivers no other before it is acknowledged, so that it need not wait for others.
    """

    topic: str
    payload: bytes
    qos: int
    retained: bool
    message_id: int
    connection: int
    cut_from: int = 0
    arrived: float = 0.0
    source: str = ""
    unattributed: str = ""
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish.

    Attributes:
        topic: MQTT topic.
        payload: Bytes of the message.
        qos: Quality of service, 0 to 2.
        retain: Whether the broker keeps the message for later subscribers.
    """

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
