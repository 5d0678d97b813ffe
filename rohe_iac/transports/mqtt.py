"""The agent's side of MQTT: a persistent session, a bounded queue to one worker, and acknowledgements in its hands."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Callable, Iterable
from typing import Any

from rohe_iac.foundation.topics import (
    ack_topic,
    command_topic,
    reply_topic,
    report_topic,
    state_topic,
)
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing

WAITING = 50_000
"""Messages between the network and the worker; a broker stops long before, at what it lets go unacknowledged."""


class AgentTransport:
    """Connected as the agent. Messages wait in `take`; questions go to their own callback, on the network's thread."""

    def __init__(
        self,
        broker: BrokerAddress,
        stack: str,
        agent: str,
        topics: Iterable[str],
        boot: str,
        on_question: Callable[[bytes], None],
    ) -> None:
        self._stack, self._agent, self._boot = stack, agent, boot
        self._questions = command_topic(stack, agent)
        self._on_question = on_question
        self._queue: queue.Queue[Incoming | str] = queue.Queue(maxsize=WAITING)
        self.dropped = 0
        self.connection = Connection(
            broker,
            agent,
            subscriptions=(
                *(report_topic(stack, topic, "+") for topic in sorted(set(topics))),
                state_topic(stack, "+"),
                self._questions,
                reply_topic(stack, agent),
            ),
            will=Outgoing(state_topic(stack, agent), self._state({"state": "lost"}), retain=True),
            on_message=self._arrived,
            on_up=lambda: self._note("up"),
            on_down=lambda: self._note("down"),
            keep_session=True,
            manual_acks=True,
        )

    def start(self) -> None:
        """Begins to connect."""
        self.connection.start()

    def take(self, most: int, timeout: float) -> tuple[list[Incoming], list[str]]:
        """Messages that arrived, at most `most`, and changes of the connection (`up`, `down`); waits for the first."""
        messages: list[Incoming] = []
        notes: list[str] = []
        end = time.monotonic() + timeout
        try:
            while len(messages) < most:
                left = end - time.monotonic()
                waiting = not messages and not notes and left > 0
                item = self._queue.get(timeout=left) if waiting else self._queue.get_nowait()
                if isinstance(item, str):
                    notes.append(item)
                else:
                    messages.append(item)
        except queue.Empty:
            pass
        return messages, notes

    def acknowledge(self, messages: list[Incoming]) -> None:
        """Tells the broker that these are committed."""
        self.connection.acknowledge(messages)

    def acknowledge_to(self, client: str, boot: str, up_to_seq: int, holes: list[list[int]]) -> None:
        """Tells a reporter what is committed of one of its boots; a lost telling is told again when it sends again."""
        content = {"boot": boot, "up_to_seq": up_to_seq, "holes": holes, "agent_boot": self._boot}
        self.connection.publish(Outgoing(ack_topic(self._stack, client), json.dumps(content).encode(), qos=0))

    def command(self, client: str, content: dict[str, Any]) -> bool:
        """Tells a client what to do; it answers to us."""
        payload = json.dumps({**content, "reply": self._agent}).encode()
        return self.connection.publish(Outgoing(command_topic(self._stack, client), payload))

    def answer(self, client: str, payload: bytes) -> bool:
        """One page of an answer to who asked."""
        return self.connection.publish(Outgoing(reply_topic(self._stack, client), payload))

    def heartbeat(self, content: dict[str, Any]) -> None:
        """Says that the agent lives."""
        payload = self._state({"state": "online", **content})
        self.connection.publish(Outgoing(state_topic(self._stack, self._agent), payload, qos=0, retain=True))

    def close(self) -> None:
        """Says `stopped` and disconnects."""
        self.connection.close(
            Outgoing(state_topic(self._stack, self._agent), self._state({"state": "stopped"}), retain=True)
        )

    def _state(self, content: dict[str, Any]) -> bytes:
        return json.dumps({"client": self._agent, "boot": self._boot, "at": time.time(), **content}).encode()

    def _note(self, change: str) -> None:
        self._queue.put_nowait(change)

    def _arrived(self, message: Incoming) -> None:
        if message.topic == self._questions:
            self.connection.acknowledge([message])
            self._on_question(message.payload)
            return
        try:
            self._queue.put_nowait(message)
        except queue.Full:
            # Not acknowledged, neither to the broker nor to the reporter: it will come again.
            self.dropped += 1
