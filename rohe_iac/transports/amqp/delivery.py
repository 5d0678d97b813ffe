"""A message as RabbitMQ delivered it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as RabbitMQ delivered it.

    Attributes:
        tag: Delivery tag, unique within one connection.
        queue: The queue that it came from.
        key: Routing key that its client used.
        body: Bytes of the message, of one that is too large its beginning.
        redelivered: Whether it was delivered before.
        arrived: When it arrived, in seconds of the monotonic clock.
    """

    tag: int
    queue: str
    key: str
    body: bytes
    redelivered: bool
    arrived: float


def routing_key(method: Any, properties: Any) -> str:
    """Returns the routing key that the client used, which of an expired message is in a header.

    Args:
        method: The library's method of the delivery.
        properties: Its properties, or None.
    """
    deaths = (properties.headers or {}).get("x-death") if properties is not None else None
    if isinstance(deaths, list) and deaths and isinstance(deaths[-1], dict):
        keys = deaths[-1].get("routing-keys")
        if isinstance(keys, list) and keys:
            return str(keys[0])
    return str(method.routing_key)
