"""Sender: publishes the reports of the outbox, and deletes them as an agent acknowledges them."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

from rohe_iac.foundation.topics import ack_topic, command_topic, reply_topic, report_topic, state_topic
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing
from rohe_iac.reporting.acknowledgement import Acknowledgement, decode_acknowledgement
from rohe_iac.reporting.command import CommandDesk
from rohe_iac.reporting.delivery_watch import DeliveryWatch
from rohe_iac.reporting.outbox import Outbox
from rohe_iac.reporting.settings import ReporterSettings

LOG = logging.getLogger("rohe.reporting")

MAX_IN_FLIGHT = 512
"""Reports sent and not yet acknowledged, at most."""

MAX_BOOTS_AHEAD = 200
"""Boots after that of the oldest report that waits, of which reports are sent. An agent remembers the numbers of 1,000
boots of a client; so it never forgets one of which the client may send a report again, whatever is lost."""

MAX_PENDING_ACKS = 500
"""Boots whose acknowledgements wait for the sender's thread, at most; those that arrived first are dropped, and their
reports are sent again. Agents acknowledge 200 boots on a new connection and the 201 boots under way, so that only
acknowledgements of boots that the client never had are more."""

MIN_RESEND_DELAY = 3.0
"""Seconds without an acknowledgement of the oldest report after which reports are sent again for the first time."""

MAX_RESEND_DELAY = 30.0
"""Longest such delay in seconds; the delay doubles with each attempt."""

HOLE_RESEND_INTERVAL = 0.5
"""Seconds, at least, between two attempts to send the reports that an agent misses."""

ROUND_INTERVAL = 0.005
"""Seconds, at least, from one round of sending to the next: reports that come close together are sent together. At
5,000 reports a second this thread then takes 32 us of the processor a report, not 53 us."""

STATE_INTERVAL = 5.0
"""Seconds between retained state messages. States promise that the next one comes within this time; the others, which
come more often, see to it on a machine that is short of time."""

PROMISE_INTERVAL = 1.0
"""Seconds between two messages by which an instance with an empty outbox says that nothing of it is under way."""

BUSY_INTERVAL = 2.0
"""Seconds between two state messages, at most, while reports are under way."""

PROMISE_MARGIN = 1.0
"""Seconds by which such a message stays behind the present, for reports that are just being made."""

CHECKPOINT_INTERVAL = 2.0
"""Seconds between checkpoints of the outbox."""

SILENCE = 4.0
"""Seconds without an acknowledgement after which the end of a service waits no longer; a resend comes within them."""

ABSENCE = 1.0
"""Seconds without a connection to the broker after which the end of a service waits no longer."""

FAILURE_PAUSE = 1.0
"""Seconds between attempts at an outbox that can be neither read nor emptied."""


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
        self._sent_row = self._oldest_row = 0
        self._oldest_since = self._state_sent_at = self._checkpointed_at = time.monotonic()
        self._promised_at = self._spoke_at = self._oldest_since
        self._resend_delay = MIN_RESEND_DELAY
        self._watch = DeliveryWatch()
        self._agent_boot = ""
        self._acks: dict[str, Acknowledgement] = {}
        self._ack_topic = ack_topic(settings.stack, settings.instance)
        self._command_topic = command_topic(settings.stack, settings.instance)
        self._state_topic = state_topic(settings.stack, settings.instance)
        self._report_topic = report_topic(settings.stack, settings.topic or settings.service, settings.instance)
        self.desk = CommandDesk(settings.instance, self._send_answer)
        self.connection = Connection(
            settings.broker,
            settings.broker.client_id(settings.instance),
            subscriptions=(self._ack_topic, self._command_topic),
            will=Outgoing(self._state_topic, self._encode_state("lost"), retain=True),
            on_message=self._handle_message,
            on_up=self._handle_up,
            on_down=self._handle_down,
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

    def drain(self, limit: float) -> None:
        """Waits until the outbox is empty, at most `limit` seconds, and only while an agent acknowledges reports.

        Reports that stay are on disk: without a broker or an agent, waiting would only delay the end of the service.
        """
        end = time.monotonic() + limit
        fewest, since = self._outbox.waiting, time.monotonic()
        while (waiting := self._outbox.waiting) and (now := time.monotonic()) < end:
            if waiting < fewest:
                fewest, since = waiting, now
            if now - since > (SILENCE if self.connection.up else ABSENCE):
                return
            time.sleep(0.01)

    def close(self) -> None:
        """Publishes the state `stopped`, disconnects and ends the threads."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(2.0)
        self.desk.close()
        self.connection.close(Outgoing(self._state_topic, self._encode_state("stopped"), retain=True))

    def _encode_state(self, state: str) -> bytes:
        content: dict[str, Any] = {"state": state, "client": self._settings.instance, "boot": self._boot}
        content |= {"pipeline": self._settings.pipeline, "service": self._settings.service, **self._settings.plan}
        content["interval"], content["at"] = STATE_INTERVAL, time.time()
        if state != "lost":
            # The time is taken first, so that whatever is accepted after the counts is of a later time; and what was
            # in memory at the first count may have gone to disk before the second.
            in_memory = self._counts()["pending"]
            content |= self._counts()
            under_way = in_memory or content["pending"] or content["waiting"]
            content["denied"] = dict(self.connection.denials.topics)
            content["unacknowledged"] = round(self._watch.silence(time.monotonic()), 1)
            content["complete_up_to"] = 0.0 if under_way else content["at"] - PROMISE_MARGIN
        return json.dumps(content).encode()

    def _send_answer(self, client: str, payload: bytes) -> None:
        self.connection.publish(Outgoing(reply_topic(self._settings.stack, client), payload))

    def _handle_up(self) -> None:
        self.connection.publish(Outgoing(self._state_topic, self._encode_state("online"), retain=True))
        with self._changed:
            self._changed.notify()

    def _handle_down(self) -> None:
        # Not when the next connection is up, because by then the thread may have sent by it already.
        with self._changed:
            self._resend = True

    def _handle_message(self, message: Incoming) -> None:
        if message.topic == self._command_topic:
            self.desk.receive(message.payload)
        elif message.topic == self._ack_topic:
            try:
                ack = decode_acknowledgement(message.payload)
            except ValueError as error:
                LOG.warning("a message that is no acknowledgement was dropped: %s", error)
                return
            with self._changed:
                # Deletions wait for the disk, and the connection's thread must not. A later one contains the earlier.
                self._acks.pop(ack.boot, None)
                self._acks[ack.boot] = ack
                if len(self._acks) > MAX_PENDING_ACKS:
                    del self._acks[next(iter(self._acks))]
                self._changed.notify()

    def announce(self) -> None:
        """Publishes the state with the present counts; blocks for neither disk nor network."""
        self.connection.publish(Outgoing(self._state_topic, self._encode_state("online"), retain=True))

    def _take_acks(self) -> list[Acknowledgement]:
        with self._changed:
            acks, self._acks = list(self._acks.values()), {}
        return acks

    def _handle_acknowledgement(self, ack: Acknowledgement) -> None:
        self._outbox.acknowledge(ack.boot, ack.up_to_seq, ack.holes)
        with self._changed:
            if ack.agent_boot != self._agent_boot:
                # Reports sent before this agent subscribed may be lost, and so may those that the broker kept for it.
                self._resend = True
                self._agent_boot = ack.agent_boot
            elif (
                ack.holes
                and time.monotonic() - self._resent_at > HOLE_RESEND_INTERVAL
                and self._outbox.has_up_to(ack.boot, ack.up_to_seq)
            ):
                self._resend = True

    def _run(self) -> None:
        failing, began = False, 0.0
        while not self._closing:
            with self._changed:
                if not (self._has_new_reports or self._resend or self._acks):
                    self._changed.wait(0.25)
            pause = began + ROUND_INTERVAL - time.monotonic()
            if pause > 0 and not self._closing:
                time.sleep(pause)
            began = time.monotonic()
            error = self.turn(began)
            if error is not None:
                if not failing:
                    LOG.warning("the outbox cannot be read or emptied now, which is tried again: %s", error)
                with self._changed:
                    if not self._closing:
                        self._changed.wait(FAILURE_PAUSE)
            failing = error is not None

    def turn(self, now: float) -> sqlite3.Error | None:
        """Does one round of work at a time of the monotonic clock; the thread of the sender does nothing else.

        Returns:
            Why the outbox can be neither read nor emptied; None where it can.
        """
        with self._changed:
            self._has_new_reports, resend, self._resend = False, self._resend, False
        try:
            self._work(resend, now)
        except sqlite3.Error as error:
            # A full or failing disk must not end the thread: what could not be read or deleted is sent again.
            with self._changed:
                self._resend = self._resend or resend
            if self.connection.up:
                self._speak(now, idle=False)  # the service is there, whatever its disk does
            return error
        return None

    def _work(self, resend: bool, now: float) -> None:
        """Deletes acknowledged reports, and sends waiting ones: the new ones, or with `resend` all of them."""
        for ack in self._take_acks():
            self._handle_acknowledgement(ack)
        if now - self._checkpointed_at > CHECKPOINT_INTERVAL or self._outbox.has_long_log:
            self._outbox.checkpoint()
            self._checkpointed_at = now
        if not self.connection.up:
            with self._changed:
                self._resend = self._resend or resend
            return
        oldest = self._outbox.entries_after(0, 1)
        self._speak(now, idle=not oldest)
        if not oldest or oldest[0].row != self._oldest_row:
            self._oldest_row = oldest[0].row if oldest else 0
            self._oldest_since, self._resend_delay = now, MIN_RESEND_DELAY
        elif self._oldest_row <= self._sent_row and now - self._oldest_since > self._resend_delay:
            resend, self._oldest_since = True, now
            self._resend_delay = min(self._resend_delay * 2, MAX_RESEND_DELAY)
        if resend and self._sent_row:
            self._sent_row, self._oldest_since, self._resent_at = 0, now, now
        before = self._sent_row
        if oldest:
            self._sent_row = self._send_after(self._sent_row, oldest[0].boot_number + MAX_BOOTS_AHEAD)
        self._watch.note(self._oldest_row, before, self._sent_row, now)
        self._warn(now)

    def _warn(self, now: float) -> None:
        """Logs once that reports do not arrive, where the broker has not said why already."""
        said = self._watch.to_say(now)
        if said is None or self._report_topic in self.connection.denials.topics:
            return
        silent = ", which MQTT 3.1.1 does not tell" if self.connection.protocol == 4 else ""
        LOG.warning(
            "reports on %s were sent %d times in %.0f s and no agent has acknowledged them: "
            "no agent listens, or the broker does not let '%s' publish there%s",
            self._report_topic, said[0], said[1], self._settings.broker.user or self._settings.instance, silent,
        )  # fmt: skip

    def _speak(self, now: float, *, idle: bool) -> None:
        """Publishes the state where it is time to: retained, or only to say that the instance is there."""
        if now - self._state_sent_at > STATE_INTERVAL - 1.0:
            self.announce()
            self._state_sent_at = self._spoke_at = now
        if (idle and now - self._promised_at >= PROMISE_INTERVAL) or now - self._spoke_at >= BUSY_INTERVAL:
            self.connection.publish(Outgoing(self._state_topic, self._encode_state("online"), qos=0))
            self._spoke_at = now
            self._promised_at = now if idle else self._promised_at

    def _send_after(self, row: int, last_boot: int) -> int:
        """Publishes reports after `row` while there is room in flight; returns the row of the last one published.

        Args:
            row: Row of the last report that was published.
            last_boot: Number of the last boot whose reports are published.
        """
        room = MAX_IN_FLIGHT - self._outbox.count_up_to(row)
        while room > 0 and not self._closing:
            entries = self._outbox.entries_after(row, min(room, 100))
            for entry in entries:
                if entry.boot_number > last_boot:
                    return row
                if not self.connection.publish(Outgoing(self._report_topic, entry.payload)):
                    return row
                row = entry.row
            room -= len(entries)
            if len(entries) < 100:
                break
        return row
