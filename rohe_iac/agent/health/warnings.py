"""Health warnings: what of an agent's health a person should look at, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from rohe_iac.agent.health.record import HealthRecord, HealthWarning
from rohe_iac.foundation.quantities import counted

FULL_SHARE = 0.8
"""Share of the queue from which on it counts as full."""

BUSY_CORES = 0.9
"""Cores in use from which on the one thread that does the work has no time left."""

MANY_CORES = 0.5
"""Cores in use from which on an agent that does not keep up may lack a processor, and does not wait for others."""

MAX_COMMIT_LAG = 2.0
"""Seconds that messages may take from their arrival to their commit."""

MAX_WATERMARK_LAG = 30.0
"""Seconds that windows may be behind the present, beside the lateness: missing reports are waited for 15 s."""

MAX_NAMES = 3
"""Clients that a warning names, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningLimits:
    """From when on something is worth a warning.

    Attributes:
        clock: Seconds by which the clock of a client may be off: beyond the lateness its reports miss their windows.
        watermark: Seconds that windows may be behind the present.
    """

    clock: float
    watermark: float

    @staticmethod
    def of_lateness(lateness: float) -> WarningLimits:
        """Returns the limits of an agent whose contracts wait for late reports for some seconds."""
        return WarningLimits(clock=max(1.0, lateness), watermark=lateness + MAX_WATERMARK_LAG)


def with_warnings(
    record: HealthRecord,
    limits: WarningLimits,
    clients: Mapping[str, Mapping[str, Any]],
    gaps: Mapping[str, int] | None = None,
    judge: str = "",
) -> HealthRecord:
    """Returns a record with its warnings.

    Args:
        record: The record without them.
        limits: From when on something is worth a warning.
        clients: Last state of each client by name.
        gaps: Gaps of the clients that may open no more, the most first.
        judge: Agent that judges, where this one receives reports for it.
    """
    of_clients = [*_refused(clients), *_denied(clients), *_gaps(gaps or {})]
    found = [*_clocks(record), *_pace(record, limits, judge), *_losses(record), *of_clients]
    return msgspec.structs.replace(record, warnings=found)


def _clocks(record: HealthRecord) -> Iterator[HealthWarning]:
    clocks = record.clocks
    if not clocks.wrong:
        return
    worst = clocks.worst[0]
    ways = {skew.ahead > 0 for skew in clocks.worst if abs(skew.ahead) > clocks.limit}
    spread = abs(clocks.worst[0].ahead - clocks.worst[-1].ahead)
    if clocks.wrong == clocks.measured > 2 and len(ways) == 1 and spread < clocks.limit:
        yield HealthWarning(
            kind="clock",
            text=f"the clocks of all {clocks.measured} clients are {_off(worst.ahead)} that of the agent",
            next="set the clock of the agent's machine, with NTP for instance",
        )
        return
    wrong = [skew for skew in clocks.worst if abs(skew.ahead) > clocks.limit]
    names = ", ".join(f"{skew.client} is {_off(skew.ahead)}" for skew in wrong[:MAX_NAMES])
    more = f", and {clocks.wrong - MAX_NAMES} more are wrong" if clocks.wrong > MAX_NAMES else ""
    effect = "its reports count as of their arrival" if worst.ahead > 0 else "its reports come late for their windows"
    yield HealthWarning(
        kind="clock",
        text=f"clock of {names} the agent's{more}: {effect}",
        next="set the clock of the device, with NTP for instance",
    )


def _off(ahead: float) -> str:
    seconds = abs(ahead)
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} {'ahead of' if ahead > 0 else 'behind'}"
    return f"{seconds:.1f} s {'ahead of' if ahead > 0 else 'behind'}"


def _pace(record: HealthRecord, limits: WarningLimits, judge: str) -> Iterator[HealthWarning]:
    queue, commit = record.queue, record.lag.commit
    relief = _relief(record, judge)
    if queue.fullest >= FULL_SHARE:
        yield HealthWarning(
            kind="queue",
            text=f"its queue was {queue.fullest:.0%} full, with {counted(queue.most, 'message')}: it does not keep up",
            next=relief,
        )
    if commit.p99 > MAX_COMMIT_LAG:
        slow = record.commits.p99 > commit.p99 / 2
        yield HealthWarning(
            kind="lag",
            text=f"reports wait up to {commit.p99:.1f} s to be stored",
            next="put the store on a faster disk" if slow else relief,
        )
    if record.lag.watermark > limits.watermark:
        yield HealthWarning(
            kind="lag",
            text=f"windows are judged {record.lag.watermark:.0f} s behind the present",
            next="`rohe observe` says whom its objectives wait for",
        )
    if record.processor.cores > BUSY_CORES:
        text = f"it has the processor all the time: {record.processor.cores:.2f} cores"
        yield HealthWarning(kind="processor", text=text, next=relief)


def _relief(record: HealthRecord, judge: str) -> str:
    """Returns what helps an agent that does not keep up: more of a processor where it uses what it has."""
    if record.processor.cores >= MANY_CORES:
        return "give the agent more of a processor, or have its services report less"
    if judge:
        return (
            f"they waited for agent {judge}, which judges: nothing is to be done where that one has just started again"
        )
    return "it is not busy: it waited, for user functions or for a processor that others use; its log has more"


def _losses(record: HealthRecord) -> Iterator[HealthWarning]:
    if record.dead.rate:
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(record.dead_letters.items()))
        yield HealthWarning(
            kind="dead",
            text=f"messages arrive that cannot be used: {kinds}",
            next="the agent's log has each reason: rohe logs agent/PIPELINE",
        )
    if record.missing.rate:
        yield HealthWarning(
            kind="missing",
            text=f"{counted(record.missing.total, 'report')} never came, and windows were judged without",
            next="the agent's log names them; was the outbox of a service deleted?",
        )


def _refused(clients: Mapping[str, Mapping[str, Any]]) -> Iterator[HealthWarning]:
    refused = {name: state for name, state in clients.items() if state.get("refused")}
    if not refused:
        return
    names = sorted(refused, key=lambda name: (-refused[name]["refused"], name))
    parts = []
    for name in names[:MAX_NAMES]:
        state = refused[name]
        reasons = ", ".join(sorted(reason for reason, count in (state.get("refusals") or {}).items() if count))
        parts.append(f"{name} {int(state['refused']):,}" + (f" ({reasons})" if reasons else ""))
    more = f", and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    yield HealthWarning(
        kind="refused",
        text=f"services refused reports, which are lost: {', '.join(parts)}{more}",
        next="docs/reporting.md has each reason; a full outbox means that the agent was away or does not keep up",
    )


def _denied(clients: Mapping[str, Mapping[str, Any]]) -> Iterator[HealthWarning]:
    """Yields whose messages do not come through the broker, which MQTT 5 says and MQTT 3.1.1 does not."""
    refused = [f"{name} on {next(iter(state['denied'].items()))[0]}: {next(iter(state['denied'].values()))}"
            for name, state in sorted(clients.items()) if state.get("denied")]  # fmt: skip
    if refused:
        yield HealthWarning(
            kind="denied",
            text=f"the broker refuses what services publish: {_few(refused)}",
            next="`rohe apply` gives each client the topics of the plan again",
        )
    silent = [
        f"{name} for {state['unacknowledged']:.0f} s"
        for name, state in sorted(clients.items())
        if state.get("unacknowledged") and not state.get("denied")
    ]
    if silent:
        yield HealthWarning(
            kind="unacknowledged",
            text=f"reports are sent again and again and do not arrive: {_few(silent)}",
            next="the broker may refuse them, which MQTT 3.1.1 does not tell a client: see `rohe logs broker/broker`",
        )


def _gaps(gaps: Mapping[str, int]) -> Iterator[HealthWarning]:
    """Yields which clients leave so many numbers out that what they report is not taken."""
    if gaps:
        names = [f"{client} has {counted(number, 'gap')}" for client, number in gaps.items()]
        yield HealthWarning(
            kind="gaps",
            text="too many report numbers are missing, so that reports that leave out more are neither stored nor"
            f" acknowledged: {_few(names)}",
            next="the client has to number its reports without gaps, and to send again what is not acknowledged:"
            " docs/wire-protocol.md",
        )


def _few(items: list[str]) -> str:
    more = f", and {len(items) - MAX_NAMES} more" if len(items) > MAX_NAMES else ""
    return ", ".join(items[:MAX_NAMES]) + more
