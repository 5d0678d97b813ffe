"""Unknown: why an objective has no verdict, and whether it has had none for too long."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from rohe_iac.foundation.quantities import counted
from rohe_iac.observation.judging.objective_evaluator import ObjectiveEvaluator
from rohe_iac.observation.judging.quiet import MIN_RECENT
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.reports.sequence_set import shown_numbers
from rohe_iac.observation.reports.wait import Wait, WaitReason

MAX_WINDOWS = 3
"""Windows of an objective for which it may be UNKNOWN before that is a fault."""

MAX_NAMES = 5
"""Clients that are named, at most."""


class Why(StrEnum):
    """Why an objective is UNKNOWN."""

    IDLE = "idle"
    """There is nothing to judge: those who would report say that they are well, or the contract is not in effect."""
    SILENT = "silent"
    """Nothing is heard of those who would report."""
    WAITING = "waiting"
    """Reports of one client are waited for, or those of several have not been stored yet."""
    FEW = "few"
    """There are too few samples."""
    FAULT = "fault"
    """The last window could not be judged."""
    DISCONNECTED = "disconnected"
    """The agent has no connection to a broker, or has not taken in yet what waited there meanwhile."""


class HeardClient(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a client that an objective hears; times are seconds since the epoch.

    Attributes:
        client: Name of the client.
        reported: When it last reported; 0 for never.
        spoke: When it last said anything, if only that it has nothing to report; 0 for never.
        interval: Seconds within which it speaks, as it promises; 0 where it promises nothing.
        silent: Whether it has not spoken for longer than that; or was never heard, and could have been.
        state: Its last state message: online, stopped or lost; "" without one.
        waiting: Reports that it keeps because no agent has acknowledged them, as it said last.
    """

    client: str
    reported: float = 0.0
    spoke: float = 0.0
    interval: float = 0.0
    silent: bool = False
    state: str = ""
    waiting: int = 0

    @property
    def is_gone(self) -> bool:
        """Returns whether the client is known not to be there."""
        return self.silent or self.state in ("lost", "stopped")

    @property
    def is_well(self) -> bool:
        """Returns whether the client is known to be there: it has promised to speak, and does."""
        return not self.is_gone and self.interval > 0 and self.spoke > 0

    def is_unstored(self, now: float) -> bool:
        """Returns whether reports of the client are known to exist, and have not come."""
        # What a client says right after a report has come was said before the acknowledgement could reach it.
        newer = self.spoke - self.reported > MIN_RECENT or now - self.spoke > self.interval
        return self.waiting > 0 and newer


class UnknownReason(msgspec.Struct, frozen=True, kw_only=True):
    """Why an objective is UNKNOWN.

    Attributes:
        why: Kind of the reason.
        text: The reason as people read it.
        since: Since when the objective is UNKNOWN (seconds since the epoch).
        overdue: Whether that is longer than MAX_WINDOWS of its windows, and not because there is nothing to judge.
    """

    why: Why
    text: str
    since: float
    overdue: bool


def unknown_reason(
    evaluator: ObjectiveEvaluator,
    wait: Wait | None,
    heard: Sequence[Sequence[HeardClient]],
    now: float,
    *,
    started: float,
    trouble: str = "",
) -> UnknownReason:
    """Returns why an objective is UNKNOWN.

    Args:
        evaluator: Evaluator of the objective.
        wait: Whom the objective waits for.
        heard: Clients that the objective hears, in the order in which a request passes them: one client at least of
            each group has to report.
        now: Present time (seconds since the epoch).
        started: When the agent started (seconds since the epoch).
        trouble: Why nothing is judged, because the agent is not connected or is behind; "" where neither holds.
    """
    since = evaluator.state.judge.since or evaluator.state.begun or started
    seconds = evaluator.window_seconds(now - since)
    why, text = _reason(evaluator, wait, heard, now, seconds, trouble)
    overdue = why is not Why.IDLE and now - since > MAX_WINDOWS * seconds
    return UnknownReason(why=why, text=text, since=since, overdue=overdue)


def _reason(
    evaluator: ObjectiveEvaluator,
    wait: Wait | None,
    heard: Sequence[Sequence[HeardClient]],
    now: float,
    seconds: float,
    trouble: str,
) -> tuple[Why, str]:
    if not evaluator.in_effect(now):
        return Why.IDLE, "the contract is not in effect at this time"
    if trouble:
        return Why.DISCONNECTED, trouble
    for clients in heard:
        if clients and all(client.is_gone for client in clients):
            return Why.SILENT, _silence_text(clients, now)
    if wait is not None:
        return Why.WAITING, _wait_text(wait, now)
    if evaluator.state.fault:
        return Why.FAULT, f"the last window could not be judged: {evaluator.state.fault}"
    recent = max(MIN_RECENT, seconds)
    for place, clients in enumerate(heard):
        if not clients or any(now - client.reported <= recent for client in clients):
            continue
        unstored = [client for client in clients if client.is_unstored(now)]
        if unstored:
            return Why.WAITING, _unstored_text(unstored)
        silent = [client for client in clients if not client.is_well]
        if len(silent) == len(clients):
            return Why.SILENT, _silence_text(silent, now)
        if place == 0:
            return Why.IDLE, f"nothing to report at {_names([client.client for client in clients])}"
        return Why.FEW, f"no request is answered: no report from {_names([client.client for client in clients])}"
    return Why.FEW, _few_text(evaluator)


def _wait_text(wait: Wait, now: float) -> str:
    age = max(0.0, now - wait.since)
    if wait.reason is WaitReason.GAP:
        numbers = shown_numbers(wait.first, wait.last)
        return f"waiting for {numbers} of {wait.client}, missing for {age:.0f} s"
    if wait.reason is WaitReason.UNHEARD:
        return f"waiting for {wait.client}, not heard since the agent connected {age:.0f} s ago"
    if wait.reason is WaitReason.SILENT:
        return f"waiting for {wait.client}, silent for {age:.0f} s"
    if not wait.since:
        return f"waiting for {wait.client}, which has not reported yet"
    return f"waiting for {wait.client}, whose newest report is dated {age:.0f} s ago"


def _unstored_text(unstored: Sequence[HeardClient]) -> str:
    number = sum(client.waiting for client in unstored)
    return (
        f"{counted(number, 'report')} of {_names([client.client for client in unstored])} not stored by the agent yet"
    )


def _silence_text(silent: Sequence[HeardClient], now: float) -> str:
    names = _names([client.client for client in silent])
    spoke = max((max(client.spoke, client.reported) for client in silent), default=0.0)
    states = sorted({client.state for client in silent if client.state not in ("", "online")})
    state = f" ({' and '.join(states)})" if states else ""
    heard = f"for {now - spoke:.0f} s" if spoke else "yet"
    # A client that never said that it would speak may be idle as well.
    plain = spoke and not any(client.interval or client.is_gone for client in silent)
    return f"nothing heard from {names}{state} {heard}" + (" (it sends no heartbeats)" if plain else "")


def _few_text(evaluator: ObjectiveEvaluator) -> str:
    objective, state = evaluator.objective, evaluator.state
    size = objective.window.size_count
    if state.last_result is None:
        count = state.window.count
        return f"{count} of {size} requests for the first window" if size else "the first window is not complete yet"
    last = state.last_result
    if last.count < objective.min_samples:
        return f"{last.count} of {objective.min_samples} samples needed in the last window ('{objective.metric}')"
    if last.value is None:
        return f"'{objective.metric}' has no value in the last window, of {counted(last.count, 'sample')}"
    if not evaluator.in_effect(last.end):
        return "the last window ended outside of the contract's time"
    if last.start < state.whole_from:
        return "the last window began before the first report, so that its rate says nothing"
    if last.window is Verdict.BROKEN:
        return f"the last window was broken, and windows have to be for {objective.hold:g} s"
    return "nothing new was heard at the end of the last window: the next one is waited for"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(sorted(names)[:MAX_NAMES]) + more
