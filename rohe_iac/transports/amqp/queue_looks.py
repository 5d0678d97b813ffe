"""Looks at queues: how many messages wait there and who consumes them, asked without waiting for the answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class QueueLook:
    """What RabbitMQ says of a queue.

    Attributes:
        ready: Messages that wait, without those that it has delivered.
        consumers: Consumers of all connections.
    """

    ready: int = 0
    consumers: int = 0


class QueueLooks:
    """Asks for queues by passive declarations, on the channel that consumes them.

    An answer comes behind the messages that RabbitMQ had sent on the channel before.

    Attributes:
        found: The newest answer by queue.
    """

    def __init__(self, channel: Any = None) -> None:
        """Takes the channel, which only one thread may use; without one nothing can be asked."""
        self._channel = channel
        self._unanswered = 0
        self._ended: BaseException | None = None
        self.found: dict[str, QueueLook] = {}
        if channel is not None:
            channel._impl.add_on_close_callback(self._end)

    @property
    def under_way(self) -> bool:
        """Checks whether an answer is still to come."""
        return self._unanswered > 0

    def ask(self, queues: Iterable[str]) -> None:
        """Asks for queues; the answers are in `found` once `under_way` is false."""
        for queue in queues:
            self._unanswered += 1
            # The library's own call waits for the answer, and meanwhile nobody could see that none comes.
            self._channel._impl.queue_declare(queue, passive=True, callback=self._take)

    def check_open(self) -> None:
        """Checks that the channel is there.

        Raises:
            Exception: What ended it, as the library says it; a queue that was deleted does.
        """
        if self._ended is not None:
            raise self._ended

    def _take(self, frame: Any) -> None:
        self._unanswered -= 1
        self.found[str(frame.method.queue)] = QueueLook(
            int(frame.method.message_count), int(frame.method.consumer_count)
        )

    def _end(self, _channel: Any, reason: BaseException) -> None:
        self._ended = reason
