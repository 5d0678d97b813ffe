"""Backlog: whether what waited at RabbitMQ has been taken in, so that windows may close.

Reports that waited come by two queues at once: old ones by that of the expired messages, while new ones come by that of
the clients. So no report says how far its client is before both are through. RabbitMQ does not say how old its messages
are, but how many there are: of the clients' queue, those have to come that were there at the beginning; that of the
expired messages has to be empty, and to stay so for as long as a message may be on its way from the first one.
"""

from __future__ import annotations

from rohe_iac.transports.amqp.queue_looks import QueueLook

SETTLING = 1.0
"""Seconds for which the queue of expired messages has to be empty."""

MAX_OTHERS = 45.0
"""Seconds for which consumers of other connections are waited for. RabbitMQ takes a lost connection for alive, with the
messages that it has sent there, until two heartbeats and a half of 15 s are missing."""

MAX_WAIT = 600.0
"""Seconds for which the backlog is waited for at most, after which what is still to come may be late."""


class Backlog:
    """What is still to come of the messages that waited at RabbitMQ. Times are of the monotonic clock, in seconds.

    Attributes:
        complete: Whether all of it was taken in, or is no longer waited for.
        given_up: Whether it is no longer waited for.
        waiting: Messages that waited at the last look.
        others: Whether another connection consumes, and may have messages that come back.
    """

    def __init__(self) -> None:
        self.complete = self.given_up = self.others = False
        self.waiting = 0
        self._since = 0.0
        self._received = 0
        # Messages of the clients' queue at the first look, and how many are received once these are.
        self._ready: int | None = None
        self._target: int | None = None
        self._passed = False
        self._quiet_since: float | None = None

    def begin(self, now: float) -> None:
        """Begins to wait, because the connection is new, or RabbitMQ was not heard for a while."""
        self.complete = self.given_up = self.others = False
        self._since = now
        self._ready = self._target = self._quiet_since = None
        self._passed = False

    def receive(self, *, expired: bool, now: float) -> None:
        """Takes into account that a message arrived; one that had expired says that others may wait behind it."""
        if not expired:
            self._received += 1
            return
        self._quiet_since = None
        if self.complete and not self.given_up:
            self.begin(now)

    def give_back(self, *, expired: bool) -> None:
        """Takes into account that a message was returned to RabbitMQ, and will come again."""
        self._received -= not expired

    def look(self, first: QueueLook, expired: QueueLook, now: float, *, held: bool) -> None:
        """Takes what RabbitMQ says of the queues into account.

        Args:
            first: The queue that the clients' messages come to.
            expired: The queue of those that have expired.
            now: Present time.
            held: Whether messages have arrived that found no room.
        """
        self.waiting = first.ready + expired.ready
        if self.complete:
            self.given_up = self.given_up and expired.ready > 0
            return
        if now - self._since > MAX_WAIT:
            self.complete = self.given_up = True
            return
        self.others = max(first.consumers, expired.consumers) > 1 and now - self._since <= MAX_OTHERS
        if self.others:
            self._ready = self._target = self._quiet_since = None
            return
        if self._ready is None:
            self._ready = first.ready
        elif self._target is None:
            # What was on its way at the look before has arrived by now.
            self._target = self._received + self._ready
        # Some of them may expire and come by the other queue, so that an empty queue is enough.
        self._passed |= first.ready == 0 or (self._target is not None and self._received >= self._target)
        if not self._passed or expired.ready or held:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        self.complete = self._quiet_since is not None and now - self._quiet_since >= SETTLING
