"""Subscriptions: the topic filters of one client, which a broker keeps with a persistent session."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

from rohe_iac.mqtt.library import client as paho

FILTERS_OF_PACKET = 200
"""Topic filters of one SUBSCRIBE or UNSUBSCRIBE packet, at most; brokers bound the size of packets."""

DRAIN_SECONDS = 60.0
"""Seconds of one connection for which a filter that is no longer wanted goes on, before it is ended.

NATS has a queue for each filter of a client, and discards it with the filter: what waits in it is delivered first. And
where another client is to subscribe to the same topics from now on, it does so meanwhile.
"""


class Subscriptions:
    """What a client subscribes to, and which packets the broker has not answered yet; for any thread.

    A persistent session also has the filters of earlier connections and runs, and goes on to receive by them until they
    are ended by name: MQTT has no way to ask for them.
    """

    def __init__(self, filters: Iterable[str], unqueued: Iterable[str] = ()) -> None:
        """Begins with the filters of the first connection.

        Args:
            filters: Topic filters, subscribed with QoS 1.
            unqueued: Topic filters, subscribed with QoS 0, so that a session keeps none of their messages.
        """
        self._filters, self._unqueued = tuple(filters), tuple(unqueued)
        self._ended: set[str] = set()
        self._draining: dict[str, float] = {}
        self._next_end = 0.0
        self._client: paho.Client | None = None
        self._asked: dict[int, tuple[str, ...]] = {}
        self._lock = threading.Lock()

    def begin(self, client: paho.Client) -> bool:
        """Ends what is to be ended, and subscribes, on a new connection; returns whether an answer is waited for."""
        with self._lock:
            self._client = client
            self._asked.clear()
            # What waits in a session comes on this connection, all of it anew.
            self._drain(list(self._draining))
            # The broker may have an old state of the session, of before its disk was restored.
            self._unsubscribe(client, self._ended)
            self._subscribe(client, self._filters, 1)
            self._subscribe(client, self._unqueued, 0)
            return bool(self._asked)

    def answered(self, packet: int, reasons: Sequence[Any]) -> tuple[list[str], bool]:
        """Returns the filters that the broker refuses, and whether further answers are waited for."""
        with self._lock:
            filters = self._asked.pop(packet, ())
            refused = [topic for topic, code in zip(filters, reasons, strict=False) if code.is_failure]
            if refused:
                # NATS bounds the filters of a session: on the next connection those that are wanted come first.
                self._ended.update(set(self._draining).difference(self._filters, self._unqueued))
                self._draining.clear()
            return refused, bool(self._asked)

    def replace(self, filters: tuple[str, ...], client: paho.Client | None) -> None:
        """Replaces the filters of QoS 1, for this connection and every later one.

        Args:
            filters: The new filters. Those before that are not among them go on for DRAIN_SECONDS.
            client: Client of the present connection; None without one.
        """
        with self._lock:
            known, self._filters = set(self._filters), filters
            self._ended.difference_update(filters)
            for item in filters:
                self._draining.pop(item, None)
            self._drain(known.difference(filters))
            # Before `begin` nothing can be asked of a connection, and `begin` asks for all.
            if client is not None and client is self._client:
                self._subscribe(client, tuple(item for item in filters if item not in known), 1)

    def end(self, filters: Iterable[str]) -> None:
        """Has filters that an earlier run may have left in the session ended after DRAIN_SECONDS of a connection."""
        with self._lock:
            self._drain(filters)

    def end_due(self, client: paho.Client) -> None:
        """Ends the filters that have gone on for long enough, unless they are subscribed to now."""
        now = time.monotonic()
        if not self._draining or now < self._next_end:
            return
        with self._lock:
            due = [item for item, since in self._draining.items() if now - since >= DRAIN_SECONDS]
            for item in due:
                del self._draining[item]
            gone = set(due).difference(self._filters, self._unqueued)
            self._ended |= gone
            self._unsubscribe(client, gone)
            self._next_end = min(self._draining.values(), default=now) + DRAIN_SECONDS

    def _drain(self, filters: Iterable[str]) -> None:
        now = time.monotonic()
        self._draining.update(dict.fromkeys(filters, now))
        self._next_end = min(self._draining.values(), default=now) + DRAIN_SECONDS

    def _unsubscribe(self, client: paho.Client, filters: Iterable[str]) -> None:
        gone = sorted(filters)
        for first in range(0, len(gone), FILTERS_OF_PACKET):
            client.unsubscribe(gone[first : first + FILTERS_OF_PACKET])

    def _subscribe(self, client: paho.Client, filters: tuple[str, ...], qos: int) -> None:
        for first in range(0, len(filters), FILTERS_OF_PACKET):
            part = filters[first : first + FILTERS_OF_PACKET]
            _, packet = client.subscribe([(item, qos) for item in part])
            if packet is not None:
                self._asked[packet] = part
