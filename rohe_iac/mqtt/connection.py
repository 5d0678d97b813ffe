"""Connection: one client of an MQTT broker that keeps itself connected, on one thread of its own.

Every (re)connection uses a fresh paho client, so nothing that paho queues outlives a connection: what must survive is
kept by the callers. The network loop is ours, because paho's own thread ends silently when a callback raises.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.message import Incoming, Outgoing

LOG = logging.getLogger("rohe.mqtt")

SHORTEST_WAIT = 0.1
LONGEST_WAIT = 2.0
"""Bounds of the pause between attempts to connect, in seconds; it doubles from the first to the second."""

SESSION_LIFE = 24 * 3600
"""Seconds for which an MQTT 5 broker keeps a persistent session."""


def _nothing() -> None:
    pass


class Connection:
    """Stays connected until closed. Callbacks run on its thread and must not block; what they raise is logged.

    on_up is called once subscriptions are granted. With `manual_acks` the caller acknowledges by `acknowledge`.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        client_id: str,
        *,
        subscriptions: tuple[str, ...] = (),
        will: Outgoing | None = None,
        on_message: Callable[[Incoming], None] | None = None,
        on_up: Callable[[], None] = _nothing,
        on_down: Callable[[], None] = _nothing,
        keep_session: bool = False,
        manual_acks: bool = False,
        keepalive: int = 15,
    ) -> None:
        if "." in client_id:
            raise ValueError(f"client id '{client_id}': a dot is not possible with every broker")
        self.broker, self.client_id = broker, client_id
        self._subscriptions, self._will = subscriptions, will
        self._on_message, self._on_up, self._on_down = on_message, on_up, on_down
        self._keep_session, self._manual_acks, self._keepalive = keep_session, manual_acks, keepalive
        self._client: paho.Client | None = None
        self._up = threading.Event()
        self._closing = threading.Event()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._protocol = 5
        self._answered = False
        self._number = 0
        self.trouble = "not connected yet"
        self.denied = 0
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{client_id}", daemon=True)

    def start(self) -> None:
        """Begins to connect; returns at once."""
        self._thread.start()

    @property
    def up(self) -> bool:
        """Whether connected and subscribed, with the network thread alive."""
        return self._up.is_set() and self._thread.is_alive()

    @property
    def protocol(self) -> int:
        """5 or 4 (MQTT 3.1.1), the last one tried."""
        return self._protocol

    def wait_up(self, timeout: float) -> bool:
        """Waits at most `timeout` seconds for the connection."""
        return self._up.wait(timeout)

    def publish(self, message: Outgoing) -> bool:
        """Hands a message to the connection; False where there is none. True is no promise that it arrives."""
        client = self._client
        if client is None or not self._up.is_set():
            return False
        try:
            sent = client.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)
        except (ValueError, OSError) as error:
            LOG.warning("publish on %s: %s", message.topic, error)
            return False
        return sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def acknowledge(self, messages: list[Incoming]) -> None:
        """Tells the broker that these were taken in; those of an earlier connection are left for redelivery."""
        client = self._client
        if client is None:
            return
        for message in messages:
            if message.qos and message.connection == self._number:
                client.ack(message.message_id, message.qos)

    def close(self, farewell: Outgoing | None = None, timeout: float = 2.0) -> None:
        """Publishes `farewell`, disconnects and ends the thread, within `timeout` seconds."""
        client = self._client
        if client is not None and self._up.is_set():
            if farewell is not None:
                with contextlib.suppress(ValueError, OSError):
                    sent = client.publish(farewell.topic, farewell.payload, qos=farewell.qos, retain=farewell.retain)
                    end = time.monotonic() + timeout
                    while not sent.is_published() and time.monotonic() < end and self._up.is_set():
                        time.sleep(0.005)
            client.disconnect()
        self._closing.set()
        self._wake()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout)

    def _wake(self, *_: Any) -> None:
        with contextlib.suppress(OSError):
            self._wake_in.send(b"\0")

    def _run(self) -> None:
        wait = SHORTEST_WAIT
        while not self._closing.is_set():
            self._answered = False
            started = time.monotonic()
            try:
                self._connect_and_serve()
            except OSError as error:
                self.trouble = f"{self.broker.url}: {error.strerror or error}"
            except Exception as error:
                # A foreign library's loop: whatever it raises must not end the thread.
                self.trouble = f"{self.broker.url}: {type(error).__name__}: {error}"
                LOG.exception("network loop")
            else:
                if not self._answered:
                    # Brokers without MQTT 5 refuse its CONNECT or hang up; the other version is tried next.
                    self._protocol = 4 if self._protocol == 5 else 5
            was_up = self._up.is_set()
            self._up.clear()
            self._client = None
            if was_up:
                self._call(self._on_down)
            wait = SHORTEST_WAIT if time.monotonic() - started > LONGEST_WAIT or was_up else min(wait * 2, LONGEST_WAIT)
            self._closing.wait(wait)

    def _connect_and_serve(self) -> None:
        client = self._new_client()
        self._number += 1
        properties = None
        if self._protocol == 5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_LIFE if self._keep_session else 0
        client.connect(
            self.broker.host,
            self.broker.port,
            keepalive=self._keepalive,
            clean_start=not self._keep_session if self._protocol == 5 else paho.MQTT_CLEAN_START_FIRST_ONLY,
            properties=properties,
        )
        self._client = client
        while not self._closing.is_set():
            sock = client.socket()
            if sock is None:
                return
            writers = [sock] if client.want_write() else []
            readable, writable, _ = select.select([sock, self._wake_out], writers, [], 1.0)
            if self._wake_out in readable:
                with contextlib.suppress(OSError):
                    self._wake_out.recv(4096)
            pending = getattr(sock, "pending", None)
            if (sock in readable or (pending is not None and pending())) and client.loop_read() != 0:
                return
            if (writable or client.want_write()) and client.loop_write() != 0:
                return
            if client.loop_misc() != 0:
                return
        with contextlib.suppress(OSError, ValueError):
            client.loop_write()

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            clean_session=None if self._protocol == 5 else not self._keep_session,
            protocol=paho.MQTTv5 if self._protocol == 5 else paho.MQTTv311,
            manual_ack=self._manual_acks,
        )
        client.connect_timeout = 5.0
        client.max_inflight_messages_set(1000)
        if self.broker.user:
            client.username_pw_set(self.broker.user, self.broker.password)
        if self.broker.tls:
            client.tls_set()
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, self._will.qos, self._will.retain)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._arrived
        client.on_publish = self._published
        # Writing is left to our loop, whichever thread publishes; paho would write on the publisher's thread.
        client.on_socket_register_write = self._wake
        client.on_socket_unregister_write = lambda *_: None
        return client

    def _connected(self, client: paho.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._answered = "protocol" not in str(reason).lower()
            self.trouble = f"{self.broker.url} refused '{self.client_id}': {reason}"
            LOG.log(logging.WARNING if self._answered else logging.DEBUG, "%s", self.trouble)
            return
        self._answered = True
        if self._subscriptions:
            client.subscribe([(topic, 1) for topic in self._subscriptions])
        else:
            self._ready()

    def _subscribed(self, client: paho.Client, _userdata: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        refused = [topic for topic, code in zip(self._subscriptions, reasons, strict=False) if code.is_failure]
        if refused:
            self.trouble = f"{self.broker.url} refused subscriptions of '{self.client_id}': {', '.join(refused)}"
            LOG.error("%s", self.trouble)
            # Deaf to what it must hear it would only seem to work.
            client.disconnect()
            return
        self._ready()

    def _ready(self) -> None:
        self.trouble = ""
        self._up.set()
        self._call(self._on_up)

    def _arrived(self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        if self._on_message is None:
            return
        arrived = Incoming(
            message.topic, bytes(message.payload), message.qos, bool(message.retain), message.mid, self._number
        )
        self._call(lambda: self._on_message(arrived) if self._on_message else None)

    def _published(self, _client: paho.Client, _userdata: Any, _mid: int, reason: Any, _properties: Any) -> None:
        # Only MQTT 5 tells that a publish was denied.
        if reason is not None and getattr(reason, "is_failure", False):
            self.denied += 1
            LOG.warning("a publish of '%s' was denied: %s", self.client_id, reason)

    @staticmethod
    def _call(callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:
            # A callback may be anyone's; raising through paho would end the network thread.
            LOG.exception("callback")
