"""Sender: carries what waits in the outbox to the broker, and empties it by what an agent acknowledges."""

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
from rohe_iac.reporting.settings import Settings

LOG = logging.getLogger("rohe.reporting")

IN_FLIGHT = 512
"""Reports sent and not yet acknowledged, at most."""

FIRST_RESEND = 3.0
LAST_RESEND = 30.0
"""Seconds without an acknowledgement of the oldest report after which it is sent again; doubles from first to last."""

HOLES_AGAIN = 0.5
"""Seconds between two sendings of what an agent says it is missing."""

STATE_EVERY = 10.0
CHECKPOINT_EVERY = 2.0


class Sender:
    """One connection and one thread. `counts` tells what the state message says besides online."""

    def __init__(self, settings: Settings, outbox: Outbox, boot: str, counts: Callable[[], dict[str, int]]) -> None:
        self._settings, self._outbox, self._boot, self._counts = settings, outbox, boot, counts
        self._wake = threading.Condition()
        self._news = False
        self._again = False
        self._again_at = 0.0
        self._closing = False
        self._agent_boot = ""
        self.resent = 0
        self._ack = ack_topic(settings.stack, settings.instance)
        self._command = command_topic(settings.stack, settings.instance)
        self._state = state_topic(settings.stack, settings.instance)
        self._report = report_topic(settings.stack, settings.topic or settings.service, settings.instance)
        self.desk = CommandDesk(settings.instance, self._answer)
        self.connection = Connection(
            settings.broker,
            settings.instance,
            subscriptions=(self._ack, self._command),
            will=Outgoing(self._state, self._state_payload("lost"), retain=True),
            on_message=self._arrived,
            on_up=self._up,
        )
        self._thread = threading.Thread(target=self._run, name="rohe-sender", daemon=True)

    def start(self) -> None:
        """Begins to connect and to send."""
        self.connection.start()
        self._thread.start()

    def wake(self) -> None:
        """A report was accepted."""
        if not self._news:
            with self._wake:
                self._news = True
                self._wake.notify()

    def flush(self, timeout: float) -> bool:
        """Waits at most `timeout` seconds until nothing waits; returns whether that came."""
        end = time.monotonic() + timeout
        while self._outbox.waiting and time.monotonic() < end:
            time.sleep(0.01)
        return not self._outbox.waiting

    def close(self) -> None:
        """Says `stopped`, disconnects and ends the threads."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(2.0)
        self.desk.close()
        self.connection.close(Outgoing(self._state, self._state_payload("stopped"), retain=True))

    def _state_payload(self, state: str) -> bytes:
        counts = {} if state == "lost" else self._counts()
        content = {"state": state, "client": self._settings.instance, "boot": self._boot, "at": time.time(), **counts}
        return json.dumps(content).encode()

    def _answer(self, client: str, payload: bytes) -> None:
        self.connection.publish(Outgoing(reply_topic(self._settings.stack, client), payload))

    def _up(self) -> None:
        self.connection.publish(Outgoing(self._state, self._state_payload("online"), retain=True))
        with self._wake:
            self._again = True
            self._wake.notify()

    def _arrived(self, message: Incoming) -> None:
        if message.topic == self._command:
            self.desk.receive(message.payload)
        elif message.topic == self._ack:
            self._acknowledged(json.loads(message.payload))

    def _acknowledged(self, ack: dict[str, Any]) -> None:
        holes = [(int(first), int(last)) for first, last in ack.get("holes") or ()]
        boot, up_to = str(ack["boot"]), int(ack["up_to_seq"])
        self._outbox.acknowledge(boot, up_to, holes)
        agent_boot = str(ack.get("agent_boot", ""))
        with self._wake:
            if agent_boot != self._agent_boot:
                # What was sent before this agent listened may be lost; so may what only the broker held for it.
                self._again = True
                self._agent_boot = agent_boot
            elif holes and time.monotonic() - self._again_at > HOLES_AGAIN and self._outbox.has_upto(boot, up_to):
                self._again = True
            self._wake.notify()

    def _run(self) -> None:
        sent_row, oldest, oldest_since, pause = 0, 0, time.monotonic(), FIRST_RESEND
        told = checkpointed = time.monotonic()
        while not self._closing:
            with self._wake:
                if not (self._news or self._again):
                    self._wake.wait(0.25)
                self._news, again, self._again = False, self._again, False
            now = time.monotonic()
            if now - checkpointed > CHECKPOINT_EVERY:
                self._outbox.checkpoint()
                checkpointed = now
            if not self.connection.up:
                continue
            if now - told > STATE_EVERY:
                self.connection.publish(Outgoing(self._state, self._state_payload("online"), retain=True))
                told = now
            first = self._outbox.after(0, 1)
            if not first or first[0].row != oldest:
                oldest, oldest_since, pause = first[0].row if first else 0, now, FIRST_RESEND
            elif oldest <= sent_row and now - oldest_since > pause:
                again, oldest_since, pause = True, now, min(pause * 2, LAST_RESEND)
            if again and sent_row:
                self.resent += self._outbox.count_upto(sent_row)
                sent_row, oldest_since, self._again_at = 0, now, now
            sent_row = self._send_after(sent_row)

    def _send_after(self, row: int) -> int:
        room = IN_FLIGHT - self._outbox.count_upto(row)
        while room > 0 and not self._closing:
            entries = self._outbox.after(row, min(room, 100))
            for entry in entries:
                if not self.connection.publish(Outgoing(self._report, entry.payload)):
                    return row
                row = entry.row
            room -= len(entries)
            if len(entries) < 100:
                break
        return row
