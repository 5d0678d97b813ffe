"""Arrivals: whether all that RabbitMQ has for the agent has arrived, so that windows may close; tells it to the worker.

While RabbitMQ is away, does not answer, or has messages that waited meanwhile, windows would close without them.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from rohe_iac.observation.configuration import AmqpExchange
from rohe_iac.transports.amqp.backlog import MAX_OTHERS, MAX_WAIT, Backlog
from rohe_iac.transports.amqp.queue_looks import QueueLook, QueueLooks
from rohe_iac.transports.amqp.queues import kept_queue, parked_queue
from rohe_iac.transports.inbox import ConnectionChange, Inbox

LOG = logging.getLogger("rohe.amqp")

LOOK_INTERVAL = 0.5
"""Seconds between two looks at the queues, at most."""

LOOKS = 4
"""Looks within the time after which RabbitMQ counts as silent, at least."""

COUNT_INTERVAL = 5.0
"""Seconds between two counts of the parked messages."""

MIN_PATIENCE = 0.5
"""Seconds without an answer after which RabbitMQ counts as silent, at least."""


class Arrivals:
    """Decides whether windows may close, as far as RabbitMQ is concerned; all methods are for the connection's thread.

    Attributes:
        interval: Seconds between two looks.
        parked: Messages that ended the agent, or came back too often, which RabbitMQ keeps in a queue of their own.
        trouble: Why windows may not close although there is a connection; "" where they may, or there is none.
    """

    def __init__(self, exchange: AmqpExchange, inbox: Inbox, lateness: float) -> None:
        """Begins without a connection.

        Args:
            exchange: Address of the broker, and the queues.
            inbox: Where the worker is told.
            lateness: Seconds by which reports may be out of order.
        """
        self._exchange, self._inbox = exchange, inbox
        # A silent client becomes idle after the lateness, at least 1 s, and its windows close a lateness later. By half
        # of that time it has to be known that nobody could be heard.
        self._patience = max(MIN_PATIENCE, (max(1.0, lateness) + lateness) / 2)
        self.interval = min(LOOK_INTERVAL, self._patience / LOOKS)
        self._backlog, self._looks = Backlog(), QueueLooks()
        self._told = "down"
        self._asked = self._answered = self._counted = 0.0
        self.parked = 0
        self.trouble = ""

    def begin(self, channel: Any) -> None:
        """Begins with a new connection, before anything is consumed on its channel."""
        now = self._answered = time.monotonic()
        self._asked, self._counted = 0.0, -COUNT_INTERVAL
        self._backlog.begin(now)
        self._looks = QueueLooks(channel)
        self._tell("behind", f"{self._exchange.url}: what waited there is taken in first")

    def end(self) -> None:
        """Ends with the connection."""
        self._tell("down", "")

    def receive(self, queue: str) -> None:
        """Takes into account that a message has arrived, before the worker has it."""
        complete = self._backlog.complete
        self._backlog.receive(expired=queue != self._exchange.queue, now=time.monotonic())
        if complete and not self._backlog.complete:
            self._tell("behind", f"{self._exchange.url}: messages that expired there are taken in first")

    def give_back(self, queue: str) -> None:
        """Takes into account that a message was returned to RabbitMQ, and will come again."""
        self._backlog.give_back(expired=queue != self._exchange.queue)

    def look(self, *, held: bool) -> None:
        """Takes an answer in and asks again, after all messages that have arrived were received.

        Args:
            held: Whether some of them found no room.

        Raises:
            Exception: What ended the channel, as the library says it.
        """
        self._looks.check_open()
        now = time.monotonic()
        if not self._looks.under_way:
            if self._looks.found:
                self._take(now, held=held)
            if now - self._asked >= self.interval:
                self._ask(now)
        elif now - self._answered > self._patience:
            self._tell("behind", f"{self._exchange.url} does not answer")

    def _ask(self, now: float) -> None:
        queues = [self._exchange.queue, kept_queue(self._exchange)]
        if now - self._counted >= COUNT_INTERVAL:
            self._counted = now
            queues.append(parked_queue(self._exchange))
        self._asked = now
        self._looks.ask(queues)

    def _take(self, now: float, *, held: bool) -> None:
        found, self._looks.found = self._looks.found, {}
        backlog = self._backlog
        if now - self._answered > self._patience:
            # Meanwhile messages may have expired, and clients may have tried to connect again.
            backlog.begin(now)
        self._answered = now
        kept, parked = kept_queue(self._exchange), parked_queue(self._exchange)
        given_up = backlog.given_up
        backlog.look(found[self._exchange.queue], found[kept], now, held=held)
        if backlog.given_up and not given_up:
            LOG.warning(
                "%s: %d messages that waited are no longer waited for after %g s, and may be late",
                self._exchange.url, backlog.waiting, MAX_WAIT,
            )  # fmt: skip
        self._tell("up" if backlog.complete else "behind", self._reason())
        self._count_parked(found.get(parked, QueueLook(self.parked)).ready)

    def _reason(self) -> str:
        backlog, url = self._backlog, self._exchange.url
        if backlog.complete:
            return ""
        if backlog.others:
            return (
                f"{url}: another connection consumes {self._exchange.queue}, perhaps a lost one of this agent;"
                f" what it has in its hands is waited for, {MAX_OTHERS:g} s at most"
            )
        return f"{url}: what waited there is taken in first, {backlog.waiting:,} messages at present"

    def _count_parked(self, parked: int) -> None:
        if parked > self.parked:
            name = parked_queue(self._exchange)
            LOG.warning("%d messages are parked in %s: they ended the agent or came back too often", parked, name)
        self.parked = parked

    def _tell(self, state: str, trouble: str) -> None:
        self.trouble = trouble
        if state != self._told:
            self._told = state
            self._inbox.note_change(ConnectionChange(state, self._exchange.url))
