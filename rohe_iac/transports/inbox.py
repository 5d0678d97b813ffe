"""Inbox: the bounded queue between the connections of an agent and its one worker."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import replace
from typing import NamedTuple

from rohe_iac.foundation.topics import MAX_REPORT_BYTES, kind_of_topic
from rohe_iac.mqtt.message import Incoming

QUEUE_SIZE = 50_000
"""Messages that may wait for the worker; a broker stops long before, at its bound of unacknowledged messages."""

QUEUE_BYTES = 16 * 2**20
"""Bytes of memory that waiting messages may take, because a broker bounds their number alone."""

MESSAGE_OVERHEAD = 500
"""Bytes of memory that a waiting message takes beside its payload."""

KEPT_OF_OVERSIZED = 4096
"""Bytes that are kept of a larger message."""


class ConnectionChange(NamedTuple):
    """A change of a connection.

    Attributes:
        state: `up`, `down`, or `behind` while there is a connection and what waited at the broker is still to come.
        url: URL of the broker.
    """

    state: str
    url: str


class Inbox:
    """Messages and changes of connections, in order of arrival; any thread may add some, one takes them out.

    Attributes:
        dropped: Messages that found no room. They stay unacknowledged, so that the broker delivers them again.
    """

    def __init__(self) -> None:
        self._queue: queue.Queue[Incoming | ConnectionChange | None] = queue.Queue()
        self._woken = False
        self._counting = threading.Lock()
        self._queued_bytes = 0
        self.dropped = 0

    def offer(self, message: Incoming) -> bool:
        """Adds a message, of a larger one than agents take only the beginning; returns False where there is no room."""
        whole = len(message.payload)
        if whole > MAX_REPORT_BYTES and kind_of_topic(message.topic) != "batch":
            # The worker refuses it; what waits for that must not fill the queue.
            message = replace(message, payload=message.payload[:KEPT_OF_OVERSIZED], cut_from=whole)
        size = len(message.payload) + MESSAGE_OVERHEAD
        with self._counting:
            fits = self._queue.qsize() < QUEUE_SIZE and self._queued_bytes + size <= QUEUE_BYTES
            self._queued_bytes += size if fits else 0
        if fits:
            self._queue.put_nowait(message)
        else:
            self.dropped += 1
        return fits

    def has_room(self) -> bool:
        """Checks whether half of the room is free, so that what found none can be delivered again."""
        return self._queue.qsize() < QUEUE_SIZE // 2 and self._queued_bytes < QUEUE_BYTES // 2

    def is_nearly_empty(self) -> bool:
        """Checks whether seven eighths of the room are free, so that what waits here may be delivered again, too."""
        return self._queue.qsize() < QUEUE_SIZE // 8 and self._queued_bytes < QUEUE_BYTES // 8

    def note_change(self, change: ConnectionChange) -> None:
        """Adds a change of a connection, for which there always is room."""
        self._queue.put_nowait(change)

    def wake(self) -> None:
        """Has a `receive` that waits, or else the next one, return what is there."""
        if not self._woken:
            self._woken = True
            self._queue.put_nowait(None)

    def receive(self, limit: int, timeout: float) -> tuple[list[Incoming], list[ConnectionChange]]:
        """Returns the messages that arrived and the changes of connections, each in order.

        Args:
            limit: Largest number of messages to return.
            timeout: Seconds to wait for the first message or change, or for `wake`.
        """
        messages: list[Incoming] = []
        changes: list[ConnectionChange] = []
        end = time.monotonic() + timeout
        try:
            while len(messages) < limit:
                left = end - time.monotonic()
                waiting = not messages and not changes and left > 0
                item = self._queue.get(timeout=left) if waiting else self._queue.get_nowait()
                if item is None:
                    self._woken, end = False, 0.0
                elif isinstance(item, ConnectionChange):
                    changes.append(item)
                else:
                    messages.append(item)
                    with self._counting:
                        self._queued_bytes -= len(item.payload) + MESSAGE_OVERHEAD
        except queue.Empty:
            pass
        return messages, changes

    def waiting(self) -> tuple[int, int, float]:
        """Returns how many messages wait, the bytes of memory that they take, and when the first of them arrived.

        That time is of the monotonic clock (seconds); 0 where none waits.
        """
        with self._queue.mutex:
            waiting = self._queue.queue
            first = waiting[0] if waiting else None
            return len(waiting), self._queued_bytes, first.arrived if isinstance(first, Incoming) else 0.0
