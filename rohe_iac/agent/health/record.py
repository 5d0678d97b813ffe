"""Health record: what an agent counts and measures of its own work; docs/schemas/wire/health.json is made of it."""

from __future__ import annotations

from typing import Literal

import msgspec


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is counted.

    Attributes:
        total: How many since this run of the agent began.
        rate: How many a second, over the last `interval` of the record.
    """

    total: int = 0
    rate: float = 0.0


class QueueHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Messages that have arrived and are not taken in yet.

    Attributes:
        messages: Messages that wait now.
        bytes: Bytes of memory that they take.
        oldest: Seconds for which the first of them has been waiting; 0 without any.
        most: Most messages that waited at once in the last interval.
        fullest: Largest share of the queue that was taken in the last interval, by messages or bytes: 0 to 1.
        dropped: Messages that found the queue full; the broker delivers them again.
    """

    messages: int = 0
    bytes: int = 0
    oldest: float = 0.0
    most: int = 0
    fullest: float = 0.0
    dropped: Flow = Flow()


class DurationSpread(msgspec.Struct, frozen=True, kw_only=True):
    """Durations of some last time, in seconds; all are 0 where there were none.

    Attributes:
        count: How many since this run of the agent began.
        p50: The median.
        p99: The 99th percentile.
        longest: The longest.
    """

    count: int = 0
    p50: float = 0.0
    p99: float = 0.0
    longest: float = 0.0


class LagHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How far the agent is behind.

    Attributes:
        commit: From the arrival of a message to its commit in the last interval, of a receiving agent to that by the
            judging agent; of the oldest message of each batch.
        watermark: Seconds from the watermark of all clients, up to which windows are complete, to the present; 0 before
            the first report.
    """

    commit: DurationSpread = DurationSpread()
    watermark: float = 0.0


class ClockSkew(msgspec.Struct, frozen=True, kw_only=True):
    """How far the clock of one client is off that of the agent.

    Attributes:
        client: Name of the client.
        ahead: Seconds by which it is ahead; below 0 where it is behind.
    """

    client: str
    ahead: float


class ClockHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The clocks of the clients, beside that of the agent. A message takes time, so that a clock looks as much behind.

    Attributes:
        measured: Clients whose clocks are known, from states or reports of the last minute.
        limit: Seconds by which a clock may be off.
        wrong: Clients whose clocks are further off.
        worst: The clocks that are furthest off, at most ten, the worst first.
    """

    measured: int = 0
    limit: float = 0.0
    wrong: int = 0
    worst: list[ClockSkew] = []


class ProcessorHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Processor time of the agent's process.

    Attributes:
        seconds: Processor time since the process began.
        cores: Cores in use over the last interval: 1 is one whole core.
        report: Seconds of processor time for each report received in the last interval; 0 where none was.
    """

    seconds: float = 0.0
    cores: float = 0.0
    report: float = 0.0


class DiskHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What the agent's process has written since it began.

    Attributes:
        written: Bytes written to disks (`write_bytes` of /proc/PID/io, proc(5)); 0 where the system does not say.
        passed_to_write: Bytes given to write calls, of sockets too (`wchar` of the same).
        payload: Bytes of the reports received.
        ratio: `written` for each byte of `payload`; 0 without reports.
        store: Bytes of the store that are in use.
    """

    written: int = 0
    passed_to_write: int = 0
    payload: int = 0
    ratio: float = 0.0
    store: int = 0


class ReporterHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What those clients that send states have said of themselves last, summed up.

    Attributes:
        online: Clients that are online.
        accepted: Reports that were accepted into outboxes, in the present runs of the clients.
        refused: Reports that were refused.
        waiting: Reports in outboxes, not acknowledged yet.
        pending: Reports in memory alone, which wait for a disk.
    """

    online: int = 0
    accepted: int = 0
    refused: int = 0
    waiting: int = 0
    pending: int = 0


class SinkHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one sink fares beside the store.

    Attributes:
        name: Its name: `mqtt`, or `jsonl:` with its folder.
        failures: Failed attempts since the last success.
        missed: Results that it never gets: the store, at its largest size, deleted them before the sink had written
            them; since the store began.
    """

    name: str
    failures: int = 0
    missed: int = 0


class FunctionHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one user function fares; counts are since the windows of its contract began.

    Attributes:
        function: `file.py:name` of the function.
        contract: Name of its contract.
        waiting: Windows that wait for it.
        skipped: Windows that it was not called for, because it does not keep up or goes on failing.
        skipped_at: When the last of them was skipped (seconds since the epoch); 0 for never.
        failed: Calls that failed.
        failures: Those since the last success.
        why: Why the last one failed; "" where none did.
        paused_until: Until when it is not called (seconds since the epoch); 0 where it is.
    """

    function: str
    contract: str
    waiting: int = 0
    skipped: int = 0
    skipped_at: float = 0.0
    failed: int = 0
    failures: int = 0
    why: str = ""
    paused_until: float = 0.0


class HealthWarning(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person should look at.

    Attributes:
        kind: What it is about.
        text: What happens, as people read it.
        next: What to do.
    """

    kind: Literal[
        "clock", "queue", "lag", "processor", "refused", "dead", "missing", "disk", "memory", "denied",
        "unacknowledged", "gaps", "function",
    ]  # fmt: skip
    text: str
    next: str


class HealthRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent counts and measures of its own work; counts are of this run, and times seconds since the epoch.

    Attributes:
        since: When this run of the agent began.
        at: When the record was made.
        interval: Seconds that rates, spreads and shares are of.
        received: Reports that arrived, with duplicates and dead letters.
        stored: Reports that were stored for the first time; the agent that judges counts those of all.
        acknowledged: Reports whose sequence numbers were stored, and acknowledged to their reporters.
        duplicates: Reports that had arrived before.
        late: Reports that came after the watermark, and are in no window.
        dead: Messages that cannot be used.
        dead_letters: Their number by kind: malformed, too-large, too-old, misattributed,
            too-many-clients, or failed.
        gaps: Reports that are missing now, and waited for.
        missing: Missing reports that were passed over.
        queue: Messages that wait to be taken in.
        lag: How far the agent is behind.
        commits: Durations of commits to the store in the last interval.
        checkpoints: Durations of checkpoints in the last 2 minutes; there is one a minute.
        clocks: Clocks of the clients.
        processor: Processor time.
        memory: Resident memory in bytes.
        disk: What was written.
        reporters: What the clients say of themselves.
        sinks: How the sinks of the agent fare; a receiving agent has none.
        functions: How user functions fare, of the agent that judges.
        warnings: What a person should look at.
    """

    since: float
    at: float
    interval: float
    received: Flow = Flow()
    stored: Flow = Flow()
    acknowledged: Flow = Flow()
    duplicates: Flow = Flow()
    late: Flow = Flow()
    dead: Flow = Flow()
    dead_letters: dict[str, int] = {}
    gaps: int = 0
    missing: Flow = Flow()
    queue: QueueHealth = QueueHealth()
    lag: LagHealth = LagHealth()
    commits: DurationSpread = DurationSpread()
    checkpoints: DurationSpread = DurationSpread()
    clocks: ClockHealth = ClockHealth()
    processor: ProcessorHealth = ProcessorHealth()
    memory: int = 0
    disk: DiskHealth = DiskHealth()
    reporters: ReporterHealth = ReporterHealth()
    sinks: list[SinkHealth] = []
    functions: list[FunctionHealth] = []
    warnings: list[HealthWarning] = []
