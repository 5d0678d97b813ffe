"""Write buffer: reports between a service and its outbox; a slow disk neither blocks the service nor drops reports.

One thread writes the reports in order. The caller waits for its report up to WRITE_TIMEOUT; a report that is not on
disk by then stays in the buffer. After MAX_TIMEOUTS of these, no caller waits until the buffer is empty again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rohe_iac.reporting.refusal import Refusal

LOG = logging.getLogger("rohe.reporting")

WRITE_TIMEOUT = 0.04
"""Longest wait of a caller for the disk in seconds; with the encoding a report stays under 50 ms."""

MAX_ROUNDS = 3
"""Waits of a caller, at most, where the thread that writes gets no processor and the disk is not to blame."""

MAX_TIMEOUTS = 3
"""Callers in a row that have waited in vain for the disk; further ones do not wait, so that no service slows down."""

MAX_BATCH = 200
"""Reports of one write, at most."""

RETRY_INTERVAL = 0.5
"""Seconds between attempts to write while the disk refuses."""

WARNING_INTERVAL = 60.0
"""Seconds between warnings of a slow disk, at least."""

BUSY_INTERVAL = 0.01
"""Seconds between attempts to write while another process holds the outbox."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What came of writing a batch of reports.

    Attributes:
        written: How many reports are on disk, the first ones of the batch.
        refusal: Why the next one is not; None where all are, or where writing has to be tried again at once.
        detail: The refusal in words.
    """

    written: int
    refusal: Refusal | None = None
    detail: str = ""


Write = Callable[[Sequence[bytes]], WriteResult]
"""Writes reports in order. It may block for as long as the disk does."""


@dataclass(slots=True)
class WriteEntry:
    """One report in the buffer.

    Attributes:
        body: The report.
        on_settled: Called once the report is written or refused.
        written: Whether the report is on disk.
        refusal: Why it was refused; None where it was not.
        pending: Whether its caller has gone on before it was settled.
    """

    body: bytes
    on_settled: Callable[[], object]
    written: bool = False
    refusal: Refusal | None = None
    pending: bool = False


class WriteBuffer:
    """A bounded queue in memory with a thread that writes it; thread-safe.

    Attributes:
        accepted: How many reports are on disk.
        pending: How many reports wait for the disk although their callers have gone on.
        detail: Why the last report was refused, in words.
    """

    def __init__(
        self,
        write: Write,
        *,
        most_reports: int,
        most_bytes: int,
        on_written: Callable[[], None],
        on_stalled: Callable[[], None],
        on_refused: Callable[[Refusal, str], object],
    ) -> None:
        """Starts the thread.

        Args:
            write: Writes a batch to disk.
            most_reports: Largest number of reports in memory.
            most_bytes: Largest size of the reports in memory in bytes.
            on_written: Called after reports were written.
            on_stalled: Called, on the thread of a caller, when the first report becomes pending.
            on_refused: Called with the reason when a report is refused after its caller has gone on.
        """
        self._write, self._on_written = write, on_written
        self._on_stalled, self._on_refused = on_stalled, on_refused
        self._most_reports, self._most_bytes = most_reports, most_bytes
        self._changed = threading.Condition()
        self._entries: deque[WriteEntry] = deque()
        self._bytes = 0
        self._closing = False
        self._stalled_since, self._timeouts = 0.0, 0
        self._warned_at = self._writing_since = 0.0
        self._failing: Refusal | None = None
        self._retry_at = 0.0
        self.accepted = self.pending = 0
        self.detail = ""
        self._thread = threading.Thread(target=self._run, name="rohe-outbox", daemon=True)
        self._thread.start()

    def put(self, body: bytes) -> Refusal | bool:
        """Adds a report, and waits up to WRITE_TIMEOUT until it is on disk.

        Returns:
            True where the report is on disk, False where it waits in memory, or else why it was refused.
        """
        settled = threading.Lock()
        settled.acquire()
        entry = self.enter(body, settled.release)
        if isinstance(entry, Refusal):
            return entry
        if entry.pending:
            return False
        for _ in range(MAX_ROUNDS):
            if settled.acquire(timeout=WRITE_TIMEOUT) or self.waits_for_disk:
                break
        return self.leave(entry)

    def enter(self, body: bytes, on_settled: Callable[[], object]) -> Refusal | WriteEntry:
        """Adds a report without waiting; its caller waits as `put` does, and then calls `leave`.

        Args:
            body: The report.
            on_settled: Called on the buffer's thread once the report is written or refused; neither blocks nor raises.

        Returns:
            Why the report was refused, or its entry: pending where the disk is too slow to be waited for.
        """
        entry = WriteEntry(body, on_settled)
        with self._changed:
            refusal = self._refusal(len(body))
            if refusal is not None:
                return refusal
            self._entries.append(entry)
            self._bytes += len(body)
            self._changed.notify()
            if self._timeouts >= MAX_TIMEOUTS:
                entry.pending = True
                self.pending += 1
        return entry

    def leave(self, entry: WriteEntry) -> Refusal | bool:
        """Has the caller of an entry go on; an entry that is not settled becomes pending.

        Returns:
            As `put` does.
        """
        with self._changed:
            if entry.written or entry.refusal is not None:
                return entry.refusal or True
            entry.pending = True
            self.pending += 1
            self._timeouts += 1
            if self._stalled_since:
                return False
            self._stalled_since = time.monotonic()
        if self._warn_of_stalls():
            LOG.warning("the disk did not answer within 50 ms: reports wait in memory until it does")
        self._on_stalled()
        return False

    def flush(self, timeout: float) -> bool:
        """Waits at most `timeout` seconds until every report is on disk; returns whether it is. Takes no lock."""
        end = time.monotonic() + timeout
        while self._entries and time.monotonic() < end:
            time.sleep(0.002)
        return not self._entries

    def close(self, timeout: float) -> int:
        """Waits at most `timeout` seconds for the disk, ends the thread, and returns how many reports are lost."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)
        return len(self._entries)

    @property
    def waits_for_disk(self) -> bool:
        """Checks whether the thread has waited for the disk, and not for a processor, as long as a caller may wait."""
        since = self._writing_since
        return since > 0 and time.monotonic() - since >= WRITE_TIMEOUT / 2

    def _refusal(self, size: int) -> Refusal | None:
        if self._closing:
            return Refusal.UNOBSERVED
        if self._failing is not None and time.monotonic() < self._retry_at:
            return self._failing
        if len(self._entries) < self._most_reports and self._bytes + size <= self._most_bytes:
            return None
        if self._failing is not None:
            return self._failing
        waited = time.monotonic() - self._stalled_since if self._stalled_since else WRITE_TIMEOUT
        self.detail = f"the disk has not answered for {waited:.1f} s, and the buffer in memory is full"
        return Refusal.SLOW

    def _warn_of_stalls(self) -> bool:
        now = time.monotonic()
        if self._warned_at and now - self._warned_at < WARNING_INTERVAL:
            return False
        self._warned_at = now
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._entries and not self._closing:
                    self._changed.wait()
                if not self._entries:
                    return
            unwritten = self.turn()
            if unwritten is not None:
                with self._changed:
                    if self._closing and unwritten.refusal is not None:
                        return
                    self._changed.wait(BUSY_INTERVAL if unwritten.refusal is None else RETRY_INTERVAL)

    def turn(self) -> WriteResult | None:
        """Writes the first reports once; the thread of the buffer does nothing else.

        Returns:
            What came of it where reports are left that have to be tried again later; None otherwise.
        """
        with self._changed:
            batch = [self._entries[index] for index in range(min(len(self._entries), MAX_BATCH))]
        self._writing_since = time.monotonic()
        result = self._write([entry.body for entry in batch])
        if result.written == len(batch) or result.refusal is not None:
            self._writing_since = 0.0
        refused = self._settle(batch, result)
        for entry in batch:
            if entry.written or entry.refusal is not None:
                entry.on_settled()
        if result.written:
            self._on_written()
        for _ in range(refused):
            self._on_refused(result.refusal or Refusal.FAILED, result.detail)
        return result if result.written < len(batch) and result.refusal is not Refusal.FULL else None

    def _settle(self, batch: Sequence[WriteEntry], result: WriteResult) -> int:
        """Records what came of a batch, and returns how many pending reports it has refused."""
        with self._changed:
            refused_pending = 0
            for entry in batch[: result.written]:
                entry.written = True
                self._remove_first(entry)
            self.accepted += result.written
            if result.refusal is not None:
                self.detail = result.detail
                refused_pending = self._refuse(batch[result.written :], result.refusal)
            self._note(result)
            if not self._entries and self._stalled_since:
                waited = time.monotonic() - self._stalled_since
                if waited > 1.0:
                    LOG.warning("the disk answers again after %.1f s: no report waits in memory", waited)
                self._stalled_since, self._timeouts = 0.0, 0
        return refused_pending

    def _refuse(self, rest: Sequence[WriteEntry], refusal: Refusal) -> int:
        """Refuses reports whose callers wait; one that is pending is refused only where the outbox is full."""
        refused_pending = 0
        kept = []
        for entry in rest:
            if entry.pending and refusal is not Refusal.FULL:
                kept.append(entry)
                self._entries.popleft()
                self._bytes -= len(entry.body)
                continue
            refused_pending += entry.pending
            entry.refusal = refusal
            self._remove_first(entry)
        for entry in reversed(kept):
            self._entries.appendleft(entry)
            self._bytes += len(entry.body)
        return refused_pending

    def _note(self, result: WriteResult) -> None:
        if result.refusal in (Refusal.NO_ROOM, Refusal.FAILED):
            self._failing, self._retry_at = result.refusal, time.monotonic() + RETRY_INTERVAL
        elif self._failing is not None and result.written:
            LOG.warning("the outbox can be written again")
            self._failing = None

    def _remove_first(self, entry: WriteEntry) -> None:
        self._entries.popleft()
        self._bytes -= len(entry.body)
        self.pending -= entry.pending
