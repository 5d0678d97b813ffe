"""Health meter: counts and measures an agent's work as it is done, and makes a record of it from time to time."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rohe_iac.agent.health.clocks import ClientClocks
from rohe_iac.agent.health.process_figures import ProcessFigures
from rohe_iac.agent.health.record import (
    DiskHealth,
    DurationSpread,
    Flow,
    HealthRecord,
    LagHealth,
    ProcessorHealth,
    QueueHealth,
    ReporterHealth,
)

INTERVAL = 10.0
"""Seconds that rates and durations of a record are of, at most; those of checkpoints apart."""

CHECKPOINT_INTERVAL = 120.0
"""Seconds that durations of checkpoints are of: there is one a minute, so that `INTERVAL` would mostly have none."""

MAX_DURATIONS = 1024
"""Durations that are kept of an interval, the newest."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages that have arrived and are not taken in yet.

    Attributes:
        messages: How many.
        bytes: Bytes of memory that they take.
        oldest: Seconds for which the first of them has been waiting; 0 without any.
        share: Share of the room for them that is taken, by messages or bytes: 0 to 1.
    """

    messages: int = 0
    bytes: int = 0
    oldest: float = 0.0
    share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class AgentReading:
    """What an agent knows of itself beside what its meter has counted, when a record is made.

    Attributes:
        now: Present time (seconds since the epoch).
        monotonic: Present time by the monotonic clock (seconds).
        process: What the system says of the process.
        waiting: Messages that wait now.
        dropped: Messages that found the queue full, since this run began.
        late: Reports that came after the watermark, since the store began.
        missing: Missing reports that were passed over, since the store began.
        gaps: Reports that are missing now.
        watermark: Watermark of all clients (seconds since the epoch); 0 before the first report.
        store: Bytes of the store that are in use.
        clients: Last state of each client by name.
    """

    now: float
    monotonic: float
    process: ProcessFigures
    waiting: Waiting = Waiting()
    dropped: int = 0
    late: int = 0
    missing: int = 0
    gaps: int = 0
    watermark: float = 0.0
    store: int = 0
    clients: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Durations:
    """Durations of some work, of which the newest are kept."""

    def __init__(self) -> None:
        self._newest: deque[tuple[float, float]] = deque(maxlen=MAX_DURATIONS)
        self._count = 0

    def add(self, seconds: float, monotonic: float) -> None:
        """Adds a duration that ended at a time of the monotonic clock (seconds)."""
        self._newest.append((monotonic, seconds))
        self._count += 1

    def spread(self, since: float) -> DurationSpread:
        """Returns how long the work has taken since a time of the monotonic clock (seconds)."""
        found = sorted(seconds for ended, seconds in self._newest if ended >= since)
        if not found:
            return DurationSpread(count=self._count)
        last = len(found) - 1
        return DurationSpread(
            count=self._count,
            p50=_rounded(found[round(0.5 * last)]),
            p99=_rounded(found[round(0.99 * last)]),
            longest=_rounded(found[-1]),
        )


@dataclass
class _Counts:
    """What is counted, at one time of the monotonic clock (seconds)."""

    at: float
    received: int = 0
    stored: int = 0
    acknowledged: int = 0
    duplicates: int = 0
    late: int = 0
    dead: int = 0
    missing: int = 0
    dropped: int = 0
    processor: float = 0.0


class HealthMeter:
    """Counts and measures the work of one run of an agent.

    Attributes:
        commits: Durations of commits.
        checkpoints: Durations of checkpoints.
        clocks: Clocks of the clients.
    """

    def __init__(self, reading: AgentReading, clock_limit: float) -> None:
        """Begins a run.

        Args:
            reading: What is known when it begins; what the store has counted before is left out of records.
            clock_limit: Seconds by which the clock of a client may be off.
        """
        self._since, self._clock_limit, self._first = reading.now, clock_limit, reading
        self._received = self._stored = self._acknowledged = self._duplicates = self._received_bytes = 0
        self._dead: dict[str, int] = {}
        self._most, self._fullest = 0, 0.0
        self._lags = Durations()
        self.commits, self.checkpoints, self.clocks = Durations(), Durations(), ClientClocks()
        self._history: deque[_Counts] = deque([self._counts(reading)])

    def count(
        self,
        *,
        received: int,
        received_bytes: int,
        stored: int,
        acknowledged: int,
        duplicates: int,
        dead: Mapping[str, int],
    ) -> None:
        """Counts the reports of a batch that is committed.

        Args:
            received: Reports that arrived.
            received_bytes: Their bytes.
            stored: Those that were stored for the first time.
            acknowledged: Those whose sequence numbers were acknowledged for the first time.
            duplicates: Those that had arrived before.
            dead: Messages that cannot be used, by kind.
        """
        self._received += received
        self._received_bytes += received_bytes
        self._stored += stored
        self._acknowledged += acknowledged
        self._duplicates += duplicates
        for kind, number in dead.items():
            self._dead[kind] = self._dead.get(kind, 0) + number

    def measure_lag(self, arrived: float, committed: float) -> None:
        """Records when the oldest message of a batch arrived, and when it was committed, by the monotonic clock."""
        self._lags.add(max(0.0, committed - arrived), committed)

    def measure_queue(self, waiting: Waiting, taken: int) -> None:
        """Records what waits after a number of messages was taken."""
        self._most = max(self._most, waiting.messages + taken)
        self._fullest = max(self._fullest, waiting.share)

    def record(self, reading: AgentReading) -> HealthRecord:
        """Returns the record of the present."""
        counts = self._counts(reading)
        history = self._history
        while len(history) > 1 and counts.at - history[1].at >= INTERVAL:
            history.popleft()
        before = history[0]
        history.append(counts)
        seconds = max(counts.at - before.at, 1e-3)

        def flow(name: str) -> Flow:
            total = int(getattr(counts, name))
            return Flow(total=total, rate=_rounded((total - getattr(before, name)) / seconds))

        spent, received = counts.processor - before.processor, counts.received - before.received
        process, waiting = reading.process, reading.waiting
        written = process.written - self._first.process.written
        most, fullest = max(self._most, waiting.messages), max(self._fullest, waiting.share)
        self._most, self._fullest = 0, 0.0
        return HealthRecord(
            since=self._since,
            at=reading.now,
            interval=_rounded(seconds),
            received=flow("received"),
            stored=flow("stored"),
            acknowledged=flow("acknowledged"),
            duplicates=flow("duplicates"),
            late=flow("late"),
            dead=flow("dead"),
            dead_letters=dict(self._dead),
            gaps=reading.gaps,
            missing=flow("missing"),
            queue=QueueHealth(
                messages=waiting.messages,
                bytes=waiting.bytes,
                oldest=_rounded(waiting.oldest),
                most=most,
                fullest=_rounded(fullest),
                dropped=flow("dropped"),
            ),
            lag=LagHealth(
                commit=self._lags.spread(before.at),
                watermark=_rounded(max(0.0, reading.now - reading.watermark)) if reading.watermark else 0.0,
            ),
            commits=self.commits.spread(before.at),
            checkpoints=self.checkpoints.spread(counts.at - CHECKPOINT_INTERVAL),
            clocks=self.clocks.measure(self._clock_limit, reading.monotonic),
            processor=ProcessorHealth(
                seconds=_rounded(process.processor),
                cores=_rounded(spent / seconds),
                report=_rounded(spent / received) if received else 0.0,
            ),
            memory=process.resident,
            disk=DiskHealth(
                written=written,
                passed_to_write=process.passed_to_write - self._first.process.passed_to_write,
                payload=self._received_bytes,
                ratio=_rounded(written / self._received_bytes) if self._received_bytes else 0.0,
                store=reading.store,
            ),
            reporters=reporter_health(list(reading.clients.values())),
        )

    def _counts(self, reading: AgentReading) -> _Counts:
        return _Counts(
            at=reading.monotonic,
            received=self._received,
            stored=self._stored,
            acknowledged=self._acknowledged,
            duplicates=self._duplicates,
            late=reading.late - self._first.late,
            dead=sum(self._dead.values()),
            missing=reading.missing - self._first.missing,
            dropped=reading.dropped,
            processor=reading.process.processor,
        )


def reporter_health(states: Sequence[Mapping[str, Any]]) -> ReporterHealth:
    """Returns the sums of what clients have said of themselves."""

    def total(name: str) -> int:
        return int(sum(state.get(name) or 0 for state in states))

    return ReporterHealth(
        online=sum(state.get("state") == "online" for state in states),
        accepted=total("accepted"),
        refused=total("refused"),
        waiting=total("waiting"),
        pending=total("pending"),
    )


def _rounded(value: float) -> float:
    """Returns a value with four significant digits, so that records are short."""
    return float(f"{value:.4g}")
