"""Sender: publishes the reports of the outbox, and deletes them as an agent acknowledges them."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from rohe_iac.foundation.topics import ack_topic, command_topic, reply_topic, report_topic, state_topic
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing
from rohe_iac.reporting.command import CommandDesk
from rohe_iac.reporting.outbox import Outbox
from rohe_iac.reporting.settings import ReporterSettings

LOG = logging.getLogger("rohe.reporting")

MAX_IN_FLIGHT = 512
"""Reports sent and not yet acknowledged, at most."""

MIN_RESEND_DELAY = 3.0
"""Seconds without an acknowledgement of the oldest report after which reports are sent again for the first time."""

MAX_RESEND_DELAY = 30.0
"""Longest such delay in seconds; the delay doubles with each attempt."""

HOLE_RESEND_INTERVAL = 0.5
"""Seconds, at least, between two attempts to send the reports that an agent misses."""

STATE_INTERVAL = 10.0
"""Seconds between state messages."""

CHECKPOINT_INTERVAL = 2.0
"""Seconds between checkpoints of the outbox."""


class Sender:
    """One connection and one thread that send the reports of an outbox in order, at least once.

    Attributes:
        desk: Executes the commands that arrive.
        connection: Connection to the broker, under the instance's name.
    """

    def __init__(
        self, settings: ReporterSettings, outbox: Outbox, boot: str, counts: Callable[[], dict[str, int]]
    ) -> None:
        """Prepares the connection and the thread; `start` starts them.

        Args:
            settings: Broker, topics and names.
            outbox: Reports to send.
            boot: Boot of the reporter.
            counts: Returns the counters that state messages have.
        """
        self._settings, self._outbox, self._boot, self._counts = settings, outbox, boot, counts
        self._changed = threading.Condition()
        self._has_new_reports = False
        self._resend = False
        self._resent_at = 0.0
        self._closing = False
        self._agent_boot = ""
        self._ack_topic = ack_topic(settings.stack, settings.instance)
        self._command_topic = command_topic(settings.stack, settings.instance)
        self._state_topic = state_topic(settings.stack, settings.instance)
        self._report_topic = report_topic(settings.stack, settings.topic or settings.service, settings.instance)
        self.desk = CommandDesk(settings.instance, self._send_answer)
        self.connection = Connection(
            settings.broker,
            settings.instance,
            subscriptions=(self._ack_topic, self._command_topic),
            will=Outgoing(self._state_topic, self._encode_state("lost"), retain=True),
            on_message=self._handle_message,
            on_up=self._handle_up,
        )
        self._thread = threading.Thread(target=self._run, name="rohe-sender", daemon=True)

    def start(self) -> None:
        """Starts to connect and to send; returns at once."""
        self.connection.start()
        self._thread.start()

    def wake(self) -> None:
        """Wakes the thread, because a report was accepted."""
        if not self._has_new_reports:
            with self._changed:
                self._has_new_reports = True
                self._changed.notify()

    def flush(self, timeout: float) -> bool:
        """Waits at most `timeout` seconds until the outbox is empty; returns whether it is."""
        end = time.monotonic() + timeout
        while self._outbox.waiting and time.monotonic() < end:
            time.sleep(0.01)
        return not self._outbox.waiting

    def close(self) -> None:
        """Publishes the state `stopped`, disconnects and ends the threads."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(2.0)
        self.desk.close()
        self.connection.close(Outgoing(self._state_topic, self._encode_state("stopped"), retain=True))

    def _encode_state(self, state: str) -> bytes:
        counts = {} if state == "lost" else self._counts()
        content = {"state": state, "client": self._settings.instance, "boot": self._boot, "at": time.time(), **counts}
        return json.dumps(content).encode()

    def _send_answer(self, client: str, payload: bytes) -> None:
        self.connection.publish(Outgoing(reply_topic(self._settings.stack, client), payload))

    def _handle_up(self) -> None:
        self.connection.publish(Outgoing(self._state_topic, self._encode_state("online"), retain=True))
        with self._changed:
            self._resend = True
            self._changed.notify()

    def _handle_message(self, message: Incoming) -> None:
        if message.topic == self._command_topic:
            self.desk.receive(message.payload)
        elif message.topic == self._ack_topic:
            self._handle_acknowledgement(json.loads(message.payload))

    def _handle_acknowledgement(self, ack: dict[str, Any]) -> None:
        holes = [(int(first), int(last)) for first, last in ack.get("holes") or ()]
        boot, up_to = str(ack["boot"]), int(ack["up_to_seq"])
        self._outbox.acknowledge(boot, up_to, holes)
        agent_boot = str(ack.get("agent_boot", ""))
        with self._changed:
            if agent_boot != self._agent_boot:
                # Reports sent before this agent subscribed may be lost, and so may those that the broker kept for it.
                self._resend = True
                self._agent_boot = agent_boot
            elif (
                holes
                and time.monotonic() - self._resent_at > HOLE_RESEND_INTERVAL
                and self._outbox.has_up_to(boot, up_to)
            ):
                self._resend = True
            self._changed.notify()

    def _run(self) -> None:
        sent_row, oldest_row, oldest_since, delay = 0, 0, time.monotonic(), MIN_RESEND_DELAY
        state_sent_at = checkpointed_at = time.monotonic()
        while not self._closing:
            with self._changed:
                if not (self._has_new_reports or self._resend):
                    self._changed.wait(0.25)
                self._has_new_reports, resend, self._resend = False, self._resend, False
            now = time.monotonic()
            if now - checkpointed_at > CHECKPOINT_INTERVAL:
                self._outbox.checkpoint()
                checkpointed_at = now
            if not self.connection.up:
                continue
            if now - state_sent_at > STATE_INTERVAL:
                self.connection.publish(Outgoing(self._state_topic, self._encode_state("online"), retain=True))
                state_sent_at = now
            oldest = self._outbox.entries_after(0, 1)
            if not oldest or oldest[0].row != oldest_row:
                oldest_row, oldest_since, delay = oldest[0].row if oldest else 0, now, MIN_RESEND_DELAY
            elif oldest_row <= sent_row and now - oldest_since > delay:
                resend, oldest_since, delay = True, now, min(delay * 2, MAX_RESEND_DELAY)
            if resend and sent_row:
                sent_row, oldest_since, self._resent_at = 0, now, now
            sent_row = self._send_after(sent_row)

    def _send_after(self, row: int) -> int:
        """Publishes reports after `row` while there is room in flight; returns the row of the last one published."""
        room = MAX_IN_FLIGHT - self._outbox.count_up_to(row)
        while room > 0 and not self._closing:
            entries = self._outbox.entries_after(row, min(room, 100))
            for entry in entries:
                if not self.connection.publish(Outgoing(self._report_topic, entry.payload)):
                    return row
                row = entry.row
            room -= len(entries)
            if len(entries) < 100:
                break
        return row
