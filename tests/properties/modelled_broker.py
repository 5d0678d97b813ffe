"""A broker as a model: messages move when they are told to, and get lost, repeated or out of order when told to.

It keeps of MQTT 3.1.1 what delivery depends on: sessions, packet identifiers, retained messages and last wills.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.denials import Denials
from rohe_iac.mqtt.hang_ups import HangUps
from rohe_iac.mqtt.message import Incoming, Outgoing
from rohe_iac.mqtt.receipt import Receipt
from rohe_iac.mqtt.rivalry import Rivalry

MAX_UNACKNOWLEDGED = 20
"""Messages that a session may have delivered and unacknowledged; brokers bound them too."""


@dataclass
class Session:
    """What a broker knows of a client identifier."""

    subscriptions: tuple[str, ...]
    persistent: bool
    unqueued: tuple[str, ...] = ()
    queue: deque[tuple[Outgoing, bool]] = field(default_factory=deque)
    unacknowledged: dict[int, Outgoing] = field(default_factory=dict)
    packets: int = 0

    def take_back(self) -> None:
        """Puts what was not acknowledged before everything else, to be delivered again."""
        self.queue.extendleft((message, False) for message in reversed(self.unacknowledged.values()))
        self.unacknowledged.clear()

    def copied(self) -> Session:
        """Returns the session as a broker that starts again from its disk finds it."""
        found = Session(
            self.subscriptions, self.persistent, self.unqueued, deque(self.queue), dict(self.unacknowledged)
        )
        found.take_back()
        return found


class ModelledBroker:
    """One broker.

    Attributes:
        running: Whether clients can connect.
        sessions: Sessions by client identifier.
        connections: Connected clients by identifier.
    """

    def __init__(self) -> None:
        self.running = True
        self.sessions: dict[str, Session] = {}
        self.connections: dict[str, ModelledConnection] = {}
        self._retained: dict[str, Outgoing] = {}
        self._backup: tuple[dict[str, Session], dict[str, Outgoing]] = ({}, {})

    def connect(self, connection: ModelledConnection) -> None:
        """Connects and subscribes a client, whose session is continued where it is persistent."""
        name = connection.client_id
        session = self.sessions.get(name) if connection.keep_session else None
        if session is None:
            session = self.sessions[name] = Session((), connection.keep_session, connection.unqueued)
        # A session goes on with the filters of earlier runs until they are ended by name.
        session.subscriptions = tuple({*session.subscriptions, *connection.subscriptions} - connection.ended)
        session.take_back()
        self.connections[name] = connection
        session.queue.extend(
            (message, True) for topic, message in self._retained.items() if _any_matches(session.subscriptions, topic)
        )
        connection.set_up()

    def disconnect(self, connection: ModelledConnection, *, orderly: bool = False) -> None:
        """Ends a connection: what the client has sent and the broker has not taken is lost."""
        name = connection.client_id
        if self.connections.get(name) is not connection:
            return
        del self.connections[name]
        self.sessions[name].take_back()
        if not self.sessions[name].persistent:
            del self.sessions[name]
        if not orderly and connection.will is not None:
            self.route(connection.will)
        connection.set_down()

    def take_in(self, connection: ModelledConnection, count: int) -> None:
        """Takes the next messages of a client."""
        for _ in range(min(count, len(connection.sent))):
            self.route(connection.sent.popleft())

    def route(self, message: Outgoing) -> None:
        """Puts a message into the queues of those who subscribe to it."""
        if message.retain:
            self._retained[message.topic] = message
        for name, session in self.sessions.items():
            listens = name in self.connections or (session.persistent and message.qos > 0)
            if listens and _any_matches(session.subscriptions, message.topic):
                session.queue.append((message, False))
            elif name in self.connections and _any_matches(session.unqueued, message.topic):
                session.queue.append((replace(message, qos=0), False))

    def deliver(self, connection: ModelledConnection, count: int) -> None:
        """Delivers the next messages to a client."""
        session = self.sessions[connection.client_id]
        for _ in range(count):
            full = len(session.unacknowledged) >= MAX_UNACKNOWLEDGED
            # Messages of QoS 0 are not held back.
            place = next((place for place, (waiting, _) in enumerate(session.queue) if not full or not waiting.qos), -1)
            if place < 0:
                return
            message, retained = session.queue[place]
            del session.queue[place]
            session.packets += 1
            if connection.manual_acks and message.qos:
                session.unacknowledged[session.packets] = message
            connection.receive(message, session.packets, retained=retained)
        if not session.queue:
            connection.end_drained()

    def subscribe(self, connection: ModelledConnection, subscriptions: tuple[str, ...], ended: set[str]) -> None:
        """Adds subscriptions of a connected client, and ends others."""
        session = self.sessions[connection.client_id]
        fresh = tuple(item for item in subscriptions if item not in session.subscriptions)
        session.subscriptions = tuple({*session.subscriptions, *subscriptions} - ended)
        session.queue.extend((message, True) for topic, message in self._retained.items() if _any_matches(fresh, topic))

    def acknowledge(self, connection: ModelledConnection, packet: int) -> None:
        """Forgets a message that a client has acknowledged."""
        if self.connections.get(connection.client_id) is connection:
            self.sessions[connection.client_id].unacknowledged.pop(packet, None)

    def back_up(self) -> None:
        """Makes a copy of what is on the broker's disk."""
        self._backup = self._on_disk()

    def restart(self, *, forgets: bool = False, from_backup: bool = False) -> None:
        """Ends without a word and starts again: with what was on its disk, with nothing, or with the last copy."""
        for connection in list(self.connections.values()):
            self.disconnect(connection, orderly=True)
        self.sessions, self._retained = ({}, {}) if forgets else self._on_disk()
        if from_backup:
            sessions, retained = self._backup
            self.sessions = {name: session.copied() for name, session in sessions.items()}
            self._retained = dict(retained)

    def _on_disk(self) -> tuple[dict[str, Session], dict[str, Outgoing]]:
        kept = {name: session.copied() for name, session in self.sessions.items() if session.persistent}
        return kept, dict(self._retained)


class ModelledConnection:
    """What `rohe_iac.mqtt.connection.Connection` is to its callers, over a modelled broker."""

    def __init__(
        self,
        network: Network,
        broker: BrokerAddress,
        client_id: str,
        *,
        subscriptions: tuple[str, ...] = (),
        unqueued: tuple[str, ...] = (),
        will: Outgoing | None = None,
        on_message: Callable[[Incoming], None],
        on_up: Callable[[], None] = lambda: None,
        on_down: Callable[[], None] = lambda: None,
        keep_session: bool = False,
        manual_acks: bool = False,
    ) -> None:
        self._network = network
        self.broker, self.client_id, self.subscriptions, self.will = broker, client_id, subscriptions, will
        self._on_message, self._on_up, self._on_down = on_message, on_up, on_down
        self.keep_session, self.manual_acks = keep_session, manual_acks
        self.unqueued, self.ended, self._draining = unqueued, set[str](), set[str]()
        self.sent: deque[Outgoing] = deque()
        self.up, self.started = False, False
        self.last_error, self.protocol, self.denials = "", 4, Denials("model")
        self.hang_ups, self.rivalry = HangUps("model"), Rivalry("model")
        self._number = 0

    def start(self) -> None:
        self.started = True

    def set_up(self) -> None:
        self.sent.clear()
        self._number += 1
        self.up = True
        self._on_up()

    def set_down(self) -> None:
        self.up = False
        self._on_down()

    def receive(self, message: Outgoing, packet: int, *, retained: bool) -> None:
        self._on_message(Incoming(message.topic, message.payload, message.qos, retained, packet, self._number))

    def publish(self, message: Outgoing) -> bool:
        if not self.up:
            return False
        self._network.watch_publish(message)
        self.sent.append(copy(message))
        return True

    def send(self, message: Outgoing) -> Receipt | None:
        """Publishes; outcomes are not what is modelled, so that they count as answered at once."""
        sent = SimpleNamespace(mid=0, is_published=lambda: True)
        return Receipt(sent, {}, lambda: True) if self.publish(message) else None

    def replace_subscriptions(self, subscriptions: tuple[str, ...]) -> None:
        self._draining = (self._draining | set(self.subscriptions)) - set(subscriptions)
        self.ended -= set(subscriptions)
        self.subscriptions = subscriptions
        if self.up:
            self._network.broker.subscribe(self, subscriptions, self.ended)

    def end_subscriptions(self, subscriptions: Iterable[str]) -> None:
        self._draining |= set(subscriptions) - set(self.subscriptions)

    def end_drained(self) -> None:
        """Ends the filters that are not wanted any more, once what waited for them was delivered."""
        if self._draining:
            self.ended, self._draining = self.ended | self._draining, set()
            self._network.broker.subscribe(self, (), self.ended)

    def acknowledge(self, messages: list[Incoming]) -> None:
        for message in messages:
            self._network.watch_acknowledge(message)
            if message.qos and message.connection == self._number:
                self._network.broker.acknowledge(self, message.message_id)

    def close(self, farewell: Outgoing | None = None) -> None:
        if self.up:
            if farewell is not None:
                self.sent.append(farewell)
            self._network.broker.take_in(self, len(self.sent))
            self._network.broker.disconnect(self, orderly=True)
        self.started = False


class Network:
    """What connections need: the broker, and somebody who watches what is published and acknowledged."""

    def __init__(self, watch_publish: Callable[[Outgoing], Any], watch_acknowledge: Callable[[Incoming], Any]) -> None:
        self.broker = ModelledBroker()
        self.watch_publish, self.watch_acknowledge = watch_publish, watch_acknowledge


def _any_matches(filters: tuple[str, ...], topic: str) -> bool:
    levels = topic.split("/")
    return any(
        len(levels) == len(wanted := item.split("/"))
        and all(one in ("+", other) for one, other in zip(wanted, levels, strict=True))
        for item in filters
    )
