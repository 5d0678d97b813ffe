"""Hang-ups: whether a broker ends the connection after each large message, as brokers do that refuse its size."""

from __future__ import annotations

import logging

LOG = logging.getLogger("rohe.mqtt")

LARGE = 64 * 1024
"""Bytes from which the size of a message may be why a broker ends the connection."""

SUSPICIOUS = 3
"""Connections in succession that ended with a large message under way, from which that is said."""


class HangUps:
    """Large messages that were under way when a connection ended.

    Attributes:
        trouble: What to say of them; "" while there is nothing.
    """

    def __init__(self, client: str) -> None:
        """Begins for a client, which log lines name."""
        self._client = client
        self._under_way: dict[int, tuple[str, int]] = {}
        self._times = 0
        self.trouble = ""

    def sent(self, identifier: int, topic: str, size: int) -> None:
        """Takes in a message of QoS 1 that was sent, with the bytes of its payload."""
        if size >= LARGE:
            self._under_way[identifier] = (topic, size)

    def answered(self, identifier: int) -> None:
        """Takes in that the broker has answered a message."""
        if self._under_way.pop(identifier, None) is not None:
            self._times, self.trouble = 0, ""

    def forget_under_way(self) -> None:
        """Takes in that this client ended the connection, which says nothing of messages under way."""
        self._under_way.clear()

    def ended(self, url: str) -> None:
        """Takes in that the connection ended; several in succession with large messages are logged once."""
        topic, size = max(self._under_way.values(), key=lambda item: item[1], default=("", 0))
        self._under_way.clear()
        if not size:
            return
        self._times += 1
        if self._times < SUSPICIOUS:
            return
        if not self.trouble:
            LOG.error(
                "%s ends the connection of '%s' whenever it sends %d bytes on %s: is that more than the broker takes?",
                url, self._client, size, topic,
            )  # fmt: skip
        self.trouble = (
            f"{url} ended {self._times} connections in succession after a message of {size} bytes on {topic}:"
            " is that more than it takes?"
        )
