"""Reports over AMQP 0-9-1, for services whose client speaks nothing else, such as QoA4ML's.

The agent declares two durable quorum queues. The first is bound to the exchange of the clients. What expires in it
because the agent is away, for QoA4ML's client lets each message live for a second, RabbitMQ moves to the second, where
nothing expires (https://www.rabbitmq.com/docs/quorum-queues#dead-lettering: at-least-once, from RabbitMQ 3.10 on). The
agent consumes both, and acknowledges a message once its report is stored. A message that ends the agent again and
again is rejected, so that RabbitMQ moves it to a third queue that nobody consumes.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import AmqpExchange
from rohe_iac.transports.amqp.arrivals import Arrivals
from rohe_iac.transports.amqp.attempts import MAX_ATTEMPTS, Attempts
from rohe_iac.transports.amqp.bounded_content import CutBody, bound_content
from rohe_iac.transports.amqp.connection import AmqpAccess, connection_parameters, library
from rohe_iac.transports.amqp.delivery import Delivery, routing_key
from rohe_iac.transports.amqp.queues import declare, kept_queue, parked_queue
from rohe_iac.transports.amqp.reasons import reason_of
from rohe_iac.transports.amqp.senders import AmqpSenders
from rohe_iac.transports.inbox import Inbox

LOG = logging.getLogger("rohe.amqp")

SOURCE = "amqp"
"""The name of this source in messages."""

PREFETCH = 100
"""Messages of each queue that the broker delivers before they are acknowledged. After each connecting it is one, until
one is acknowledged that was not delivered before: so a message that ends the agent comes back alone."""

MAX_HELD_BYTES = 8 * 2**20
"""Bytes of messages without room that are held; the rest goes back to the broker, where each return counts."""

MIN_RECONNECT_DELAY = 0.1
"""Seconds before the first attempt to reconnect."""

MAX_RECONNECT_DELAY = 5.0
"""Longest pause between attempts to connect, in seconds; the pause doubles from the shortest to the longest."""


class AmqpReports:
    """A `ReportSource`: a consumer of RabbitMQ on a thread of its own.

    Attributes:
        received: Messages that were delivered.
        expired: Those among them that had expired before the agent was there, and were kept for it.
        redelivered: Those among them that were delivered before.
        last_error: Why there is no connection; "" while there is one.
    """

    def __init__(
        self,
        exchange: AmqpExchange,
        access: AmqpAccess,
        senders: AmqpSenders,
        inbox: Inbox,
        attempts: Attempts,
        stopping: threading.Event,
        lateness: float,
    ) -> None:
        """Prepares the connection; `start` opens it.

        Args:
            exchange: Address of the broker, and what to consume there.
            access: The password, and what to trust.
            senders: Finds out who sent a report.
            inbox: Where messages and changes of the connection go.
            attempts: Which messages ended earlier processes of the agent.
            stopping: Whether the agent ends in order or by its disk; where it does not, a message may have ended it.
            lateness: Seconds by which reports may be out of order.
        """
        self._exchange, self._access, self._senders, self._inbox = exchange, access, senders, inbox
        self._attempts, self._stopping = attempts, stopping
        self._arrivals = Arrivals(exchange, inbox, lateness)
        self._closing, self._up = threading.Event(), threading.Event()
        self._number = 0
        self._connection: Any = None
        self._channel: Any = None
        # Delivery tags in order, each with the queue if it was not delivered before, else "".
        self._outstanding: dict[int, str] = {}
        # What cannot be offered yet: messages in order, their bytes, and the tags of those that are not held.
        self._held: deque[Delivery] = deque()
        self._held_bytes = 0
        self._without_room: list[int] = []
        # The consumers with a prefetch of one by queue, and the queues that get more.
        self._careful: dict[str, str] = {}
        # The message that is taken in alone, because it may be what ended an earlier process.
        self._tried: Delivery | None = None
        self._proven: set[str] = set()
        self.received = self.expired = self.redelivered = 0
        self.last_error = "not connected yet"
        self._thread = threading.Thread(target=self._run, name="amqp", daemon=True)

    @property
    def up(self) -> bool:
        """Checks whether the agent consumes."""
        return self._up.is_set() and self._thread.is_alive()

    @property
    def url(self) -> str:
        """Returns the URL of the broker, which has no password."""
        return self._exchange.url

    @property
    def trouble(self) -> str:
        """Returns why nothing is consumed, or what has to be taken in before windows may close; "" where they may."""
        return self._arrivals.trouble if self.up else self.last_error or "the connection has ended"

    def start(self) -> None:
        """Starts the thread that connects; returns at once."""
        # The library logs each step of each attempt; what matters of them is logged here, once.
        logging.getLogger("pika").setLevel(logging.CRITICAL)
        self._thread.start()

    def acknowledge(self, messages: list[Incoming]) -> None:
        """Acknowledges stored messages; those of an earlier connection are delivered again, and others passed over."""
        tags = [
            message.message_id
            for message in messages
            if message.source == SOURCE and message.connection == self._number
        ]
        if tags:
            self._call(partial(self._acknowledge, self._number, tags))

    def status(self) -> dict[str, Any]:
        """Returns the state of the connection and its counters as JSON values."""
        return {
            "source": SOURCE,
            "url": self.url,
            "up": self.up,
            "trouble": self.trouble,
            "received": self.received,
            "expired": self.expired,
            "redelivered": self.redelivered,
            "parked": self._arrivals.parked,
        }

    def close(self) -> None:
        """Sends what is acknowledged, disconnects and ends the thread."""
        self._closing.set()
        self._call(lambda: None)
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(5.0)

    def _call(self, call: Callable[[], None]) -> None:
        """Has the thread call something, as no other thread may use the connection."""
        connection = self._connection
        if connection is not None:
            # A connection that ends meanwhile refuses it, and what is not acknowledged is delivered again.
            with contextlib.suppress(Exception):
                connection.add_callback_threadsafe(call)

    def _run(self) -> None:
        delay = MIN_RECONNECT_DELAY
        while not self._closing.is_set():
            started = time.monotonic()
            try:
                self._connect_and_consume()
            except Exception as error:  # noqa: BLE001
                # The library raises many kinds, bare sockets' among them; none may end the thread.
                self._report_trouble(reason_of(error, self._exchange))
            if not self._closing.is_set() or self._stopping.is_set():
                # The connection has ended, or the agent ends in order: it is not the message that is tried.
                self._attempts.withdraw()
            was_up = self._up.is_set()
            self._up.clear()
            self._connection = self._channel = None
            self._arrivals.end()
            lasted = time.monotonic() - started > MAX_RECONNECT_DELAY
            delay = MIN_RECONNECT_DELAY if lasted or was_up else min(delay * 2, MAX_RECONNECT_DELAY)
            self._closing.wait(delay)

    def _report_trouble(self, reason: str) -> None:
        if reason != self.last_error:
            LOG.warning("no reports over AMQP: %s", reason)
        self.last_error = reason

    def _connect_and_consume(self) -> None:
        pika = library()
        connection = pika.BlockingConnection(connection_parameters(self._exchange, self._access))
        try:
            channel = declare(connection, self._exchange)
            bound_content(channel)
            self._number += 1
            self._outstanding, self._without_room = {}, []
            self._held, self._held_bytes, self._tried = deque(), 0, None
            self._channel, self._connection = channel, connection
            self._proven = set()
            self._arrivals.begin(channel)
            self._careful = {
                queue: self._consume(queue, 1) for queue in (self._exchange.queue, kept_queue(self._exchange))
            }
            self.last_error = ""
            self._up.set()
            while not self._closing.is_set():
                connection.process_data_events(time_limit=self._arrivals.interval)
                self._offer_held()
                self._deliver_more()
                self._arrivals.look(held=bool(self._held or self._without_room))
            connection.process_data_events(time_limit=0)  # acknowledgements that were asked for before the end
        finally:
            if connection.is_open:
                connection.close()

    def _consume(self, queue: str, prefetch: int) -> str:
        """Begins to consume a queue; returns the tag of the consumer."""
        self._channel.basic_qos(prefetch_count=prefetch)
        return str(self._channel.basic_consume(queue, partial(self._handle_delivery, queue=queue)))

    def _deliver_more(self) -> None:
        """Lets the broker deliver more at once of the queues whose messages have not ended the agent."""
        for queue in self._proven & self._careful.keys():
            self._channel.basic_cancel(self._careful.pop(queue))
            self._consume(queue, PREFETCH)
        self._proven.clear()

    def _handle_delivery(self, _channel: Any, method: Any, properties: Any, body: bytes, *, queue: str) -> None:
        self.received += 1
        self._arrivals.receive(queue)
        self.expired += queue != self._exchange.queue
        self.redelivered += bool(method.redelivered)
        delivery = Delivery(
            method.delivery_tag,
            queue,
            routing_key(method, properties),
            body,
            redelivered=bool(method.redelivered),
            arrived=time.monotonic(),
        )
        self._outstanding[delivery.tag] = "" if delivery.redelivered else queue
        waits = bool(self._held or self._without_room)
        self._held.append(delivery)
        self._held_bytes += len(body)
        if not waits:
            self._empty_held()
        if self._held_bytes > MAX_HELD_BYTES:
            self._held_bytes -= len(self._held.pop().body)
            self._arrivals.give_back(queue)
            self._without_room.append(delivery.tag)

    def _empty_held(self) -> None:
        while self._held and self._offer(self._held[0]):
            self._held_bytes -= len(self._held.popleft().body)

    def _offer(self, delivery: Delivery) -> bool:
        """Puts a message into the inbox; returns False where it has to wait.

        One that may have ended an earlier process waits until no other message is in the agent's hands, and all others
        wait for it.
        """
        if self._tried is not None or self._closing.is_set():
            return False
        alone = delivery.queue in self._careful
        trying = alone and delivery.redelivered
        if trying:
            if len(self._outstanding) > len(self._held) + len(self._without_room):
                return False
            if self._attempts.exhausted(delivery.body):
                self._park(delivery)
                return True
            if not self._inbox.has_room():
                return False
            self._attempts.begin(delivery.body)
        topic, unattributed = self._senders.topic_of(delivery.key, delivery.body)
        message = Incoming(
            topic,
            delivery.body,
            qos=1,
            retained=False,
            message_id=delivery.tag,
            connection=self._number,
            cut_from=delivery.body.whole if isinstance(delivery.body, CutBody) else 0,
            arrived=delivery.arrived,
            source=SOURCE,
            unattributed=unattributed,
            alone=alone,
        )
        offered = self._inbox.offer(message)
        if trying and offered:
            self._tried = delivery
        elif trying:
            self._attempts.withdraw()
        return offered

    def _park(self, delivery: Delivery) -> None:
        """Has RabbitMQ move a message to the queue that nobody consumes."""
        LOG.error(
            "the agent ended %d times with a message of %d bytes in its hands, which is now in %s",
            MAX_ATTEMPTS + 1, len(delivery.body), parked_queue(self._exchange),
        )  # fmt: skip
        self._outstanding.pop(delivery.tag, None)
        self._channel.basic_reject(delivery.tag, requeue=False)
        self._attempts.finish(delivery.body)

    def _acknowledge(self, number: int, tags: list[int]) -> None:
        """Acknowledges deliveries, on the thread; all up to the last by one frame where no other is among them."""
        if number != self._number or self._channel is None:
            return
        for tag in tags:
            self._proven.add(self._outstanding.pop(tag, ""))
        last = max(tags)
        if next(iter(self._outstanding), last + 1) > last:
            self._channel.basic_ack(last, multiple=True)
        else:
            for tag in tags:
                self._channel.basic_ack(tag)
        if self._tried is not None and self._tried.tag in tags:
            self._attempts.finish(self._tried.body)
            self._tried = None
            self._offer_held()

    def _offer_held(self) -> None:
        """Offers what had to wait, once there is room; what is not held goes back to the broker."""
        if not self._inbox.has_room():
            return
        self._empty_held()
        if not self._held and self._tried is None:
            for tag in self._without_room:
                self._outstanding.pop(tag, None)
                self._channel.basic_nack(tag, requeue=True)
            self._without_room.clear()
