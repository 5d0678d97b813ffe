"""Connection: one client of an MQTT broker that reconnects by itself, on one thread of its own.

Every (re)connection uses a fresh paho client, so nothing that paho queues outlives a connection; callers keep whatever
must survive. The network loop is written here, because paho's own thread ends silently when a callback raises.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from rohe_iac.foundation.peers import peer_of
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.message import Incoming, Outgoing

LOG = logging.getLogger("rohe.mqtt")

MIN_RECONNECT_DELAY = 0.1
"""Seconds before the first attempt to reconnect."""

MAX_RECONNECT_DELAY = 2.0
"""Longest pause between attempts to connect, in seconds; the pause doubles from the shortest to the longest."""

SESSION_EXPIRY_INTERVAL = 24 * 3600
"""Seconds for which an MQTT 5 broker keeps a persistent session without a connection."""


def _ignore() -> None:
    pass


class Connection:
    """One client of a broker, connected from `start` to `close`.

    Callbacks run on the connection's thread and must not block; exceptions of a callback are logged.

    Attributes:
        broker: Address of the broker.
        client_id: MQTT client identifier.
        last_error: Why there is no connection; "" while there is one.
        denied_publishes: Messages that the broker refused for lack of permission (reported by MQTT 5 only).
    """

    def __init__(
        self,
        broker: BrokerAddress,
        client_id: str,
        *,
        subscriptions: tuple[str, ...] = (),
        will: Outgoing | None = None,
        on_message: Callable[[Incoming], None] | None = None,
        on_up: Callable[[], None] = _ignore,
        on_down: Callable[[], None] = _ignore,
        keep_session: bool = False,
        manual_acks: bool = False,
        keepalive: int = 15,
    ) -> None:
        """Prepares the connection; `start` opens it.

        Args:
            broker: Address of the broker.
            client_id: MQTT client identifier, without dots.
            subscriptions: Topic filters, subscribed with QoS 1.
            will: Message that the broker publishes when the connection breaks (MQTT last will).
            on_message: Called with every message that arrives.
            on_up: Called once the broker has granted the subscriptions.
            on_down: Called when an established connection ends.
            keep_session: Whether the broker queues messages while the client is away (persistent session).
            manual_acks: Whether messages are acknowledged by `acknowledge` only, not on arrival.
            keepalive: Longest silence on the wire in seconds (MQTT keep alive).

        Raises:
            ValueError: The client identifier has a dot.
        """
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
        self._protocol = 4 if broker.mqtt == "3.1.1" else 5
        self._broker_answered = False
        self._connection_number = 0
        self.last_error = "not connected yet"
        self.denied_publishes = 0
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{client_id}", daemon=True)

    def start(self) -> None:
        """Starts the thread that connects; returns at once."""
        self._thread.start()

    @property
    def up(self) -> bool:
        """Checks whether the client is connected and subscribed, and its thread is alive."""
        return self._up.is_set() and self._thread.is_alive()

    @property
    def protocol(self) -> int:
        """Returns the protocol level that was tried last: 5, or 4 for MQTT 3.1.1."""
        return self._protocol

    def wait_up(self, timeout: float) -> bool:
        """Waits at most `timeout` seconds for the connection; returns whether there is one."""
        return self._up.wait(timeout)

    def publish(self, message: Outgoing) -> bool:
        """Queues a message for sending.

        Returns:
            False where there is no connection. True does not promise that the message arrives.
        """
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
        """Acknowledges messages to the broker; messages of an earlier connection are left for redelivery."""
        client = self._client
        if client is None:
            return
        for message in messages:
            if message.qos and message.connection == self._connection_number:
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
        delay = MIN_RECONNECT_DELAY
        while not self._closing.is_set():
            self._broker_answered = False
            started = time.monotonic()
            try:
                self._connect_and_serve()
            except OSError as error:
                self.last_error = f"{self.broker.url}: {error.strerror or error}"
            except Exception as error:
                # The loop runs paho's code, and no exception of paho may end the thread.
                self.last_error = f"{self.broker.url}: {type(error).__name__}: {error}"
                LOG.exception("network loop")
            else:
                if not self._broker_answered:
                    # A broker without MQTT 5 refuses its CONNECT or hangs up; the other version is tried next.
                    self._protocol = 4 if self._protocol == 5 else 5
            was_up = self._up.is_set()
            self._up.clear()
            self._client = None
            if was_up:
                self._call(self._on_down)
            lasted = time.monotonic() - started > MAX_RECONNECT_DELAY
            delay = MIN_RECONNECT_DELAY if lasted or was_up else min(delay * 2, MAX_RECONNECT_DELAY)
            self._closing.wait(delay)

    def _connect_and_serve(self) -> None:
        # The broker ends the connections of a user whose password has changed, and the file has the new one by then.
        self.broker = self.broker.refreshed()
        client = self._new_client()
        self._connection_number += 1
        properties = None
        if self._protocol == 5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_EXPIRY_INTERVAL if self._keep_session else 0
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
            client.tls_set_context(ssl.create_default_context(cadata=self.broker.ca or None))
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, self._will.qos, self._will.retain)
        client.on_socket_open = self._check_owner
        client.on_connect = self._handle_connack
        client.on_subscribe = self._handle_suback
        client.on_message = self._handle_message
        client.on_publish = self._handle_puback
        # Only the loop above writes, whichever thread publishes; paho would write on the publisher's thread.
        client.on_socket_register_write = self._wake
        client.on_socket_unregister_write = lambda *_: None
        return client

    def _check_owner(self, _client: paho.Client, _userdata: Any, sock: Any) -> None:
        """Refuses a broker of another user before the password is sent.

        While the broker does not run, any user of this machine can listen on its port.
        """
        if self.broker.owner is None:
            return
        near, far = sock.getsockname()[:2], sock.getpeername()[:2]
        end = time.monotonic() + MAX_RECONNECT_DELAY
        # The other end has an owner as soon as its process has accepted the connection.
        while (peer := peer_of(near, far)) is None:
            if time.monotonic() > end:
                raise ConnectionRefusedError(errno.ECONNREFUSED, "nobody accepts the connection")
            time.sleep(0.002)
        if peer.uid != self.broker.owner:
            LOG.error("%s is held by %s, not by the stack's broker: no password was sent", self.broker.url, peer.user)
            raise PermissionError(errno.EPERM, f"the port is held by {peer.user}, who does not run the stack's broker")

    def _handle_connack(self, client: paho.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._broker_answered = "protocol" not in str(reason).lower()
            self.last_error = f"{self.broker.url} refused '{self.client_id}': {reason}"
            LOG.log(logging.WARNING if self._broker_answered else logging.DEBUG, "%s", self.last_error)
            return
        self._broker_answered = True
        if self._subscriptions:
            client.subscribe([(topic, 1) for topic in self._subscriptions])
        else:
            self._set_up()

    def _handle_suback(self, client: paho.Client, _userdata: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        refused = [topic for topic, code in zip(self._subscriptions, reasons, strict=False) if code.is_failure]
        if refused:
            self.last_error = f"{self.broker.url} refused subscriptions of '{self.client_id}': {', '.join(refused)}"
            LOG.error("%s", self.last_error)
            # A client that misses a subscription would seem to work and receive nothing.
            client.disconnect()
            return
        self._set_up()

    def _set_up(self) -> None:
        self.last_error = ""
        self._up.set()
        self._call(self._on_up)

    def _handle_message(self, client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        if self._on_message is None:
            return
        try:
            topic = message.topic
        except UnicodeDecodeError:
            # Nobody could answer it; without an acknowledgement it would come again for ever.
            LOG.warning("'%s' received a message on a topic that is not UTF-8, and dropped it", self.client_id)
            if self._manual_acks:
                client.ack(message.mid, message.qos)
            return
        incoming = Incoming(
            topic,
            bytes(message.payload),
            message.qos,
            bool(message.retain),
            message.mid,
            self._connection_number,
        )
        self._call(lambda: self._on_message(incoming) if self._on_message else None)

    def _handle_puback(self, _client: paho.Client, _userdata: Any, _mid: int, reason: Any, _properties: Any) -> None:
        # Only MQTT 5 reports that a publish was denied.
        if reason is not None and getattr(reason, "is_failure", False):
            self.denied_publishes += 1
            LOG.warning("a publish of '%s' was denied: %s", self.client_id, reason)

    @staticmethod
    def _call(callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:
            # A callback is foreign code; an exception through paho would end the network thread.
            LOG.exception("callback")
