"""Reporter: the interface by which a service reports its work to an agent."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.sqlite.folder_lock import FolderLock
from rohe_iac.reporting.command import CommandCallback
from rohe_iac.reporting.ending import CLOSING, WRITE_PATIENCE, end_in_order
from rohe_iac.reporting.refusal import Refusal
from rohe_iac.reporting.report_form import ReportForm, numbered
from rohe_iac.reporting.report_rules import InvalidReport
from rohe_iac.reporting.settings import ReporterSettings, settings_from
from rohe_iac.reporting.write_buffer import WriteBuffer, WriteResult

if TYPE_CHECKING:
    from rohe_iac.reporting.outbox import Outbox
    from rohe_iac.reporting.sender import Sender

LOG = logging.getLogger("rohe.reporting")

LOCK_INTERVAL = 0.1
"""Seconds between attempts to take the lock of an outbox that another process has."""


class Reporter:
    """Accepts reports into an outbox on disk and sends them until an agent has committed them; thread-safe.

    A report for which `report` returned True survives kill -9 of any process (with durability `full`, power loss too).
    A report that the disk does not take in time is pending: it waits in memory, and is accepted once it is on disk.
    A reporter is created after forking: one reporter a process, one process an instance. Where another process still
    has the outbox of the instance, reports are pending until that process has ended.

    Attributes:
        boot: Identifier of this reporter; sequence numbers count within it.
        refusals: How many reports were refused, by reason.
    """

    def __init__(self, settings: ReporterSettings | None) -> None:
        """Opens the outbox and starts to send; with None every report is refused, and the service runs unobserved."""
        self._settings = settings
        self.boot = f"{int(time.time() * 1000):x}-{secrets.token_hex(4)}"
        self._counting = threading.Lock()
        self.refusals: dict[Refusal, int] = {}
        self._said: set[tuple[Refusal, str]] = set()
        self._form: ReportForm | None = None
        self._outbox: Outbox | None = None
        self._sender: Sender | None = None
        self._buffer: WriteBuffer | None = None
        self._lock: FolderLock | None = None
        self._begun, self._closing = threading.Event(), threading.Event()
        self._command_callback: CommandCallback | None = None
        self._process = os.getpid()
        if settings is not None:
            self._open(settings)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Reporter:
        """Returns the reporter that ROHE_* variables describe.

        Without ROHE_REPORT_URL, or with credentials that cannot be read, the reporter warns and refuses every report.

        Args:
            environment: Environment variables; by default those of the process.
        """
        try:
            settings = settings_from(environment)
        except RoheError as error:
            LOG.error("nothing will be reported: %s %s", error.brief, error.detail)
            return cls(None)
        if settings is None:
            LOG.warning("ROHE_REPORT_URL is not set: nothing will be reported")
        return cls(settings)

    def _open(self, settings: ReporterSettings) -> None:
        try:
            self._form = ReportForm(settings, self.boot)
        except ValueError as error:
            LOG.error("nothing will be reported: no agent would take a report of this name: %s", error)
            return
        try:
            self._lock = FolderLock(settings.outbox, "outbox", LOG)
        except OSError as error:
            # A service without an outbox goes on unobserved instead of failing.
            LOG.error("nothing will be reported: the outbox in %s cannot be used: %s", settings.outbox, error)
            return
        self._buffer = WriteBuffer(
            self._write,
            most_reports=settings.buffer_reports,
            most_bytes=settings.buffer_bytes,
            on_written=self._wake,
            on_stalled=self._announce,
            on_refused=self._refuse,
        )
        end_in_order(self, settings.grace)
        if self._lock.take():
            self._begin(settings)
        else:
            LOG.warning(
                "the outbox in %s belongs to %s: reports wait in memory until that process has ended",
                settings.outbox, self._lock.holder or "another process",
            )  # fmt: skip
            threading.Thread(target=self._await_lock, args=(settings,), name="rohe-outbox-lock", daemon=True).start()

    def _await_lock(self, settings: ReporterSettings) -> None:
        lock = self._lock
        while lock is not None and not self._closing.wait(LOCK_INTERVAL):
            if lock.take():
                LOG.warning("the outbox in %s is free: reports are written and sent", settings.outbox)
                self._begin(settings)
                return

    def _begin(self, settings: ReporterSettings) -> None:
        """Opens the outbox, whose lock is held, and starts to send."""
        from rohe_iac.reporting.outbox import Outbox
        from rohe_iac.reporting.sender import Sender

        try:
            outbox = Outbox(
                settings.outbox,
                durability=settings.durability,
                most_reports=settings.most_reports,
                most_bytes=settings.most_bytes,
            )
        except RoheError as error:
            LOG.error("nothing will be reported: %s", "; ".join(filter(None, (error.brief, error.detail, error.hint))))
            self._settings = None
        else:
            self._outbox = outbox
            sender = Sender(settings, outbox, self.boot, self._counts)
            self._sender = sender
            if self._command_callback is not None:
                sender.desk.on_command(self._command_callback)
            sender.start()
        self._begun.set()

    def _wake(self) -> None:
        if self._sender is not None:
            self._sender.wake()

    def _announce(self) -> None:
        if self._sender is not None:
            self._sender.announce()

    @property
    def accepted(self) -> int:
        """Returns how many reports are, or were, in the outbox on disk."""
        return self._buffer.accepted if self._buffer is not None else 0

    @property
    def pending(self) -> int:
        """Returns how many reports wait in memory for the disk; kill -9 of the service loses them."""
        return self._buffer.pending if self._buffer is not None else 0

    @property
    def denied(self) -> dict[str, str]:
        """Returns the topics on which the broker refuses this service's messages, each with its reason (MQTT 5)."""
        return dict(self._sender.connection.denials.topics) if self._sender is not None else {}

    @property
    def refused(self) -> int:
        """Returns how many reports were refused."""
        return sum(self.refusals.values())

    def on_command(self, callback: CommandCallback) -> None:
        """Sets the function that is called with each `Command`, on a thread of its own.

        Args:
            callback: Returns whether the service accepts the command, and why.
        """
        self._command_callback = callback
        if self._sender is not None:
            self._sender.desk.on_command(callback)

    def report(
        self,
        request: str | None = None,
        start: float | None = None,
        end: float | None = None,
        metrics: Mapping[str, float] | None = None,
        fields: Mapping[str, Any] | None = None,
        *,
        at: float | None = None,
    ) -> bool:
        """Accepts one report. Never raises, and blocks the caller for less than 50 ms.

        Args:
            request: Identifier that joins the reports of one request over the pipeline.
            start: When the work began (seconds since the epoch).
            end: When the work was done (seconds since the epoch).
            metrics: Numbers by name.
            fields: JSON values by name, such as prediction, probabilities (a list), truth, or inputs (the instances
                whose answers this answer was made of).
            at: Event time (seconds since the epoch); by default `end`, or else the present.

        Returns:
            True where the report is in the outbox on disk and will reach an agent. False where it is refused, which
            `refusals` counts by reason, or where it is pending, because the disk did not answer in time: it is then
            written as soon as the disk answers, so that no report that returned False should be reported again.
        """
        body = self.encode(request, start, end, metrics, fields, at)
        return body is not None and self._buffer is not None and self.conclude(self._buffer.put(body))

    def encode(
        self,
        request: str | None,
        start: float | None,
        end: float | None,
        metrics: Mapping[str, float] | None,
        fields: Mapping[str, Any] | None,
        at: float | None,
    ) -> bytes | None:
        """Returns a report as the outbox takes it, of the arguments of `report`; None where it is refused."""
        form = self._form
        if form is None or self._settings is None or self._buffer is None or os.getpid() != self._process:
            self._refuse(Refusal.UNOBSERVED)
            return None
        try:
            return form.encode(request, start, end, metrics, fields, at)
        except InvalidReport as error:
            self._refuse(Refusal.INVALID, str(error), error.field)
            return None

    @property
    def buffer(self) -> WriteBuffer | None:
        """Returns what writes reports into the outbox; None where nothing is reported."""
        return self._buffer

    def conclude(self, outcome: Refusal | bool) -> bool:
        """Returns what `report` returns for an outcome of the buffer, and counts a refusal."""
        if isinstance(outcome, Refusal):
            return self._refuse(outcome, self._buffer.detail if self._buffer is not None else "")
        return outcome

    def _write(self, bodies: Sequence[bytes]) -> WriteResult:
        while not self._begun.wait(LOCK_INTERVAL):
            if self._closing.is_set():
                return WriteResult(0, Refusal.UNOBSERVED)
        outbox = self._outbox
        if outbox is None:
            return WriteResult(0, Refusal.UNOBSERVED)
        # The outbox assigns the sequence numbers as it writes, so that refused reports leave no gap.
        return outbox.append(self.boot, [partial(numbered, body) for body in bodies])

    def flush(self, timeout: float = 5.0) -> bool:
        """Waits at most `timeout` seconds until an agent has committed every report; returns whether it has."""
        if self._buffer is None:
            return True
        started = time.monotonic()
        written = self._buffer.flush(timeout)
        if self._sender is None:
            return written
        return self._sender.flush(max(0.0, timeout - (time.monotonic() - started))) and written

    def write(self, timeout: float) -> bool:
        """Waits at most `timeout` seconds until every accepted report is on disk; returns whether it is."""
        return self._buffer is None or self._buffer.flush(timeout)

    def close(self, timeout: float | None = None) -> None:
        """Writes pending reports, waits for acknowledgements, publishes the state `stopped` and disconnects.

        Reports that an agent has not acknowledged are sent by the next reporter with the same outbox.

        Args:
            timeout: Seconds to wait for the disk and for acknowledgements together, at most. By default those between
                SIGTERM and SIGKILL less CLOSING, but for acknowledgements no longer than they come. While reports are
                pending the disk gets WRITE_PATIENCE in any case, and no more while another process has the outbox.
        """
        if self._closing.is_set():
            return
        self._closing.set()
        grace = self._settings.grace if self._settings is not None else 0.0
        limit = max(grace - CLOSING, 0.0) if timeout is None else timeout
        end = time.monotonic() + limit
        if self._buffer is not None:
            lost = self._buffer.close(max(limit if self._begun.is_set() else 0.0, WRITE_PATIENCE))
            for _ in range(lost):
                self._refuse(Refusal.SLOW, "the disk did not answer before the reporter was closed")
        if self._sender is not None:
            self._sender.drain(end - time.monotonic())
            self._sender.close()
        if self._outbox is not None:
            self._outbox.close()
        if self._lock is not None:
            self._lock.give_back()

    def _counts(self) -> dict[str, Any]:
        waiting = self._outbox.waiting if self._outbox is not None else 0
        return {
            "accepted": self.accepted,
            "refused": self.refused,
            "waiting": waiting,
            "pending": self.pending,
            "refusals": {reason.value: count for reason, count in self.refusals.items()},
        }

    def _refuse(self, reason: Refusal, detail: str = "", field: str = "") -> bool:
        with self._counting:
            count = self.refusals[reason] = self.refusals.get(reason, 0) + 1
            first = (reason, field) not in self._said
            self._said.add((reason, field))
        if reason is not Refusal.UNOBSERVED and (first or count % 1000 == 0):
            LOG.warning("report dropped: %s (%d dropped so far because of '%s')", detail, count, reason.value)
        return False
