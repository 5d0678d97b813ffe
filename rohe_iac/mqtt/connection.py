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
from collections.abc import Callable, Iterable
from typing import Any

from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.denials import Denials
from rohe_iac.mqtt.hang_ups import HangUps
from rohe_iac.mqtt.library import client as paho
from rohe_iac.mqtt.message import Incoming, Outgoing
from rohe_iac.mqtt.owner import check_owner
from rohe_iac.mqtt.receipt import Receipt
from rohe_iac.mqtt.rivalry import Rivalry
from rohe_iac.mqtt.subscriptions import Subscriptions
from rohe_iac.mqtt.tls import client_context, refusal_of, tls_words

LOG = logging.getLogger("rohe.mqtt")

MIN_RECONNECT_DELAY = 0.1
"""Seconds before the first attempt to reconnect."""

MAX_RECONNECT_DELAY = 2.0
"""Longest pause between attempts to connect, in seconds; the pause doubles from the shortest to the longest."""

SESSION_EXPIRY_INTERVAL = 24 * 3600
"""Seconds for which an MQTT 5 broker keeps a persistent session without a connection."""

_ENDED_BY_PEER = (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN)
"""Errors of a connection that the broker has ended."""


def _ignore() -> None:
    pass


class Connection:
    """One client of a broker, connected from `start` to `close`.

    Callbacks run on the connection's thread and must not block; exceptions of a callback are logged.

    Attributes:
        broker: Address of the broker.
        client_id: MQTT client identifier.
        last_error: Why there is no connection; "" while there is one.
        rivalry: Whether another client connects under the same identifier.
        denials: What the broker refused for lack of permission (reported by MQTT 5 only).
        hang_ups: Whether the broker ends the connection after each large message.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        client_id: str,
        *,
        subscriptions: tuple[str, ...] = (),
        unqueued: tuple[str, ...] = (),
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
            unqueued: Topic filters, subscribed with QoS 0: a session keeps none of their messages.
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
        self._subscriptions, self._will = Subscriptions(subscriptions, unqueued), will
        self._on_message, self._on_up, self._on_down = on_message, on_up, on_down
        self._keep_session, self._manual_acks, self._keepalive = keep_session, manual_acks, keepalive
        self._client: paho.Client | None = None
        self._refusals: dict[int, str] = {}
        self._up = threading.Event()
        self._closing, self._renewing = threading.Event(), threading.Event()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._protocol = 4 if broker.mqtt == "3.1.1" else 5
        self._broker_answered = False
        self._connection_number = 0
        self.last_error = "not connected yet"
        self.denials, self.hang_ups, self.rivalry = Denials(client_id), HangUps(client_id), Rivalry(client_id)
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
            False where there is no connection. True does not promise that the message arrives; see `send`.
        """
        return self.send(message) is not None

    def send(self, message: Outgoing) -> Receipt | None:
        """Queues a message for sending, and returns by what to see whether it arrived; None without connection."""
        client, refusals = self._client, self._refusals
        if client is None or not self._up.is_set():
            return None
        try:
            sent = client.publish(message.topic, message.payload, qos=message.qos, retain=message.retain)
        except (ValueError, OSError) as error:
            LOG.warning("publish on %s: %s", message.topic, error)
            return None
        if message.qos and self._protocol == 5:
            self.denials.sent(sent.mid, message.topic)
        if message.qos:
            self.hang_ups.sent(sent.mid, message.topic, len(message.payload))
        if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return None
        return Receipt(sent, refusals, lambda: self._client is client)

    def replace_subscriptions(self, subscriptions: tuple[str, ...]) -> None:
        """Replaces the topic filters of QoS 1, now and for every later connection.

        Those that are no longer among them go on for a minute, so that what waits for them is delivered.
        """
        self._subscriptions.replace(subscriptions, self._client)

    def end_subscriptions(self, subscriptions: Iterable[str]) -> None:
        """Ends topic filters that an earlier run may have left in the session, after a minute in which they go on."""
        self._subscriptions.end(subscriptions)

    def acknowledge(self, messages: list[Incoming]) -> None:
        """Acknowledges messages to the broker; messages of an earlier connection are left for redelivery."""
        client = self._client
        if client is None:
            return
        for message in messages:
            if message.qos and message.connection == self._connection_number:
                client.ack(message.message_id, message.qos)

    def renew(self) -> None:
        """Ends the connection in order and connects again, so that the broker delivers what is unacknowledged again."""
        client = self._client
        if client is not None and self._up.is_set():
            self._renewing.set()
            client.disconnect()

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
                refusal = self._refusal() if error.errno in _ENDED_BY_PEER else ""
                why = refusal or tls_words(str(error.strerror or error))
                self._fail(why, said=bool(refusal) or isinstance(error, ssl.SSLError))
            except Exception as error:
                # The loop runs paho's code, and no exception of paho may end the thread.
                self.last_error = f"{self.broker.url}: {type(error).__name__}: {error}"
                LOG.exception("network loop")
            else:
                refusal = "" if self._broker_answered else self._refusal()
                if refusal:
                    self._fail(refusal, said=True)
                elif not self._broker_answered:
                    # A broker without MQTT 5 refuses its CONNECT or hangs up; the other version is tried next.
                    self._protocol = 4 if self._protocol == 5 else 5
            was_up = self._up.is_set()
            self._up.clear()
            self._client = None
            if was_up:
                if self._renewing.is_set():
                    self.hang_ups.forget_under_way()
                else:
                    self.hang_ups.ended(self.broker.url)
                    self.rivalry.ended(time.monotonic() - started)
                self._call(self._on_down)
            lasted = time.monotonic() - started > MAX_RECONNECT_DELAY
            delay = MIN_RECONNECT_DELAY if lasted or was_up else min(delay * 2, MAX_RECONNECT_DELAY)
            self._closing.wait(delay)

    def _fail(self, why: str, *, said: bool) -> None:
        """Remembers why there is no connection, and logs it where that is `said` and was not said before."""
        error = f"{self.broker.url}: {why}"
        if said and error != self.last_error:
            LOG.warning("'%s' cannot connect: %s", self.client_id, error)
        self.last_error = error

    def _refusal(self) -> str:
        """Returns why the broker ended a TLS connection before it answered, "" where it does not say that."""
        return refusal_of(self.broker) if self.broker.tls and not self._closing.is_set() else ""

    def _connect_and_serve(self) -> None:
        # The broker ends the connections of a user whose password has changed, and the file has the new one by then.
        self.broker = self.broker.refreshed()
        self._renewing.clear()
        client = self._new_client()
        self._connection_number += 1
        self.denials.forget_under_way()
        self._refusals = {}
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
            if self._up.is_set():
                self._subscriptions.end_due(client)
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
            client.tls_set_context(client_context(self.broker))
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, self._will.qos, self._will.retain)
        client.on_socket_open = lambda _client, _data, sock: check_owner(self.broker, sock)
        client.on_connect = self._handle_connack
        client.on_subscribe = self._handle_suback
        client.on_message = self._handle_message
        client.on_publish = self._handle_puback
        client.on_disconnect = lambda _client, _data, _flags, reason, _properties: self.rivalry.ended_for(reason)
        # Only the loop above writes, whichever thread publishes; paho would write on the publisher's thread.
        client.on_socket_register_write = self._wake
        client.on_socket_unregister_write = lambda *_: None
        return client

    def _handle_connack(self, client: paho.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._broker_answered = "protocol" not in str(reason).lower()
            self.last_error = f"{self.broker.url} refused '{self.client_id}': {reason}"
            LOG.log(logging.WARNING if self._broker_answered else logging.DEBUG, "%s", self.last_error)
            return
        self._broker_answered = True
        if not self._subscriptions.begin(client):
            self._set_up()

    def _handle_suback(self, client: paho.Client, _userdata: Any, packet: int, reasons: Any, _properties: Any) -> None:
        refused, waits = self._subscriptions.answered(packet, reasons)
        if refused:
            self.last_error = f"{self.broker.url} refused subscriptions of '{self.client_id}': {', '.join(refused)}"
            LOG.error("%s", self.last_error)
            # A client that misses a subscription would seem to work and receive nothing.
            client.disconnect()
            return
        if not waits and not self._up.is_set():
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
            arrived=time.monotonic(),
        )
        self._call(lambda: self._on_message(incoming) if self._on_message else None)

    def _handle_puback(self, _client: paho.Client, _userdata: Any, mid: int, reason: Any, _properties: Any) -> None:
        self.denials.answered(mid, reason, self.broker.url)
        if reason is not None and getattr(reason, "is_failure", False):
            self._refusals[mid] = str(reason)
        elif self._refusals:
            self._refusals.pop(mid, None)  # the identifier was used again
        self.hang_ups.answered(mid)

    @staticmethod
    def _call(callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:
            # A callback is foreign code; an exception through paho would end the network thread.
            LOG.exception("callback")
