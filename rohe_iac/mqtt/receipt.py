"""Receipt: whether the broker has taken a message of QoS 1 over (https://docs.oasis-open.org/mqtt, 4.3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol


class Sent(Protocol):
    """A message that was given to the MQTT library."""

    mid: int

    def is_published(self) -> bool:
        """Checks whether the broker has answered it; messages of QoS 0 count as answered once they are written."""
        ...


class Receipt:
    """What became of one message on its connection."""

    def __init__(self, sent: Sent, refusals: Mapping[int, str], is_open: Callable[[], bool]) -> None:
        """Begins with a message that waits for the broker's answer.

        Args:
            sent: The message.
            refusals: Reasons of the messages that the broker refused on this connection, by identifier; each is there
                before its message counts as answered.
            is_open: Checks whether there still is the connection that the message was sent on.
        """
        self._sent, self._refusals, self._is_open = sent, refusals, is_open

    @property
    def answered(self) -> bool:
        """Checks whether the broker has answered, be it by a refusal."""
        return self._sent.is_published()

    @property
    def refusal(self) -> str:
        """Returns why the broker refused the message, as MQTT 5 tells it; "" where it did not."""
        return self._refusals.get(self._sent.mid, "")

    @property
    def lost(self) -> bool:
        """Checks whether the connection ended before an answer: the message may have arrived or not."""
        # In this order, because an answer may come between the two.
        return not self._is_open() and not self._sent.is_published()
