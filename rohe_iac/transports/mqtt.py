"""The agent's side of MQTT: a persistent session, a bounded queue to one worker, and manual acknowledgements."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import msgspec

from rohe_iac.foundation.topics import (
    MAX_REPORT_BYTES,
    ack_topic,
    command_topic,
    reply_topic,
    report_topic,
    state_topic,
)
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing
from rohe_iac.transports.messages import AcknowledgementMessage, CommandMessage

QUEUE_SIZE = 50_000
"""Messages that may wait for the worker; a broker stops long before, at its bound of unacknowledged messages."""

QUEUE_BYTES = 16 * 2**20
"""Bytes of memory that waiting messages may take, because a broker bounds their number alone."""

MESSAGE_OVERHEAD = 500
"""Bytes of memory that a waiting message takes beside its payload."""


KEPT_OF_OVERSIZED = 4096
"""Bytes that are kept of a larger message."""


class AgentTransport:
    """The connection of one agent: reports, states and replies wait for `receive`; questions go to a callback.

    Attributes:
        connection: Connection to the broker, under the agent's name.
        dropped: Messages that found the queue full; the broker delivers them again.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        stack: str,
        agent: str,
        topics: Iterable[str],
        boot: str,
        on_question: Callable[[bytes], None],
    ) -> None:
        """Prepares the connection; `start` opens it.

        Args:
            broker: Address of the broker.
            stack: Name of the stack, a level of every topic.
            agent: Name of the agent, which its client identifier begins with.
            topics: Service levels of the report topics to subscribe to.
            boot: Identifier of this run of the agent.
            on_question: Called with the payload of every question, on the network thread.
        """
        self._stack, self._agent, self._boot = stack, agent, boot
        self._question_topic = command_topic(stack, agent)
        self._on_question = on_question
        self._queue: queue.Queue[Incoming | str] = queue.Queue()
        self._counting = threading.Lock()
        self._queued_bytes = 0
        self.dropped = 0
        self.connection = Connection(
            broker,
            broker.client_id(agent),
            subscriptions=(
                *(report_topic(stack, topic, "+") for topic in sorted(set(topics))),
                state_topic(stack, "+"),
                self._question_topic,
                reply_topic(stack, agent),
            ),
            will=Outgoing(state_topic(stack, agent), self._encode_state({"state": "lost"}), retain=True),
            on_message=self._handle_message,
            on_up=lambda: self._enqueue_change("up"),
            on_down=lambda: self._enqueue_change("down"),
            keep_session=True,
            manual_acks=True,
        )

    def start(self) -> None:
        """Starts the thread that connects; returns at once."""
        self.connection.start()

    def receive(self, limit: int, timeout: float) -> tuple[list[Incoming], list[str]]:
        """Returns the messages that arrived and the changes of the connection.

        Args:
            limit: Largest number of messages to return.
            timeout: Seconds to wait for the first message or change.

        Returns:
            The messages in order of arrival, and the changes (`up` or `down`) in order.
        """
        messages: list[Incoming] = []
        changes: list[str] = []
        end = time.monotonic() + timeout
        try:
            while len(messages) < limit:
                left = end - time.monotonic()
                waiting = not messages and not changes and left > 0
                item = self._queue.get(timeout=left) if waiting else self._queue.get_nowait()
                if isinstance(item, str):
                    changes.append(item)
                else:
                    messages.append(item)
                    with self._counting:
                        self._queued_bytes -= len(item.payload) + MESSAGE_OVERHEAD
        except queue.Empty:
            pass
        return messages, changes

    def acknowledge(self, messages: list[Incoming]) -> None:
        """Acknowledges committed messages to the broker."""
        self.connection.acknowledge(messages)

    def acknowledge_reports(self, client: str, boot: str, up_to_seq: int, holes: list[list[int]]) -> None:
        """Publishes to a reporter which reports of one of its boots are committed.

        A lost acknowledgement is published again when the reporter sends its reports again.

        Args:
            client: Client identifier of the reporter.
            boot: Boot whose reports are acknowledged.
            up_to_seq: Newest sequence number that is acknowledged.
            holes: Inclusive ranges of sequence numbers below it that are missing.
        """
        ranges = [(first, last) for first, last in holes]
        message = AcknowledgementMessage(boot=boot, up_to_seq=up_to_seq, holes=ranges, agent_boot=self._boot)
        self.connection.publish(Outgoing(ack_topic(self._stack, client), msgspec.json.encode(message), qos=0))

    def command(self, client: str, content: dict[str, Any]) -> bool:
        """Publishes a command to a client, with the agent as the recipient of the answer; False without connection.

        Args:
            client: Client identifier of the receiver.
            content: Fields of a `CommandMessage` by name, without `reply`.

        Raises:
            msgspec.ValidationError: A field is missing or of the wrong type.
        """
        message = msgspec.convert({**content, "reply": self._agent}, CommandMessage)
        return self.connection.publish(Outgoing(command_topic(self._stack, client), msgspec.json.encode(message)))

    def answer(self, client: str, payload: bytes) -> bool:
        """Publishes one page of an answer to the client that asked; False without connection."""
        return self.connection.publish(Outgoing(reply_topic(self._stack, client), payload))

    def heartbeat(self, content: dict[str, Any]) -> None:
        """Publishes the state `online` with `content`."""
        payload = self._encode_state({"state": "online", **content})
        self.connection.publish(Outgoing(state_topic(self._stack, self._agent), payload, qos=0, retain=True))

    def close(self) -> None:
        """Publishes the state `stopped` and disconnects."""
        self.connection.close(
            Outgoing(state_topic(self._stack, self._agent), self._encode_state({"state": "stopped"}), retain=True)
        )

    def _encode_state(self, content: dict[str, Any]) -> bytes:
        return json.dumps({"client": self._agent, "boot": self._boot, "at": time.time(), **content}).encode()

    def _enqueue_change(self, change: str) -> None:
        self._queue.put_nowait(change)

    def _handle_message(self, message: Incoming) -> None:
        if message.topic == self._question_topic:
            self.connection.acknowledge([message])
            self._on_question(message.payload)
            return
        whole = len(message.payload)
        if whole > MAX_REPORT_BYTES:
            # The worker refuses it; what waits for that must not fill the queue.
            message = replace(message, payload=message.payload[:KEPT_OF_OVERSIZED], cut_from=whole)
        size = len(message.payload) + MESSAGE_OVERHEAD
        with self._counting:
            fits = self._queue.qsize() < QUEUE_SIZE and self._queued_bytes + size <= QUEUE_BYTES
            self._queued_bytes += size if fits else 0
        if fits:
            self._queue.put_nowait(message)
        else:
            # The message stays unacknowledged, to the broker and to the reporter: it is delivered again.
            self.dropped += 1
