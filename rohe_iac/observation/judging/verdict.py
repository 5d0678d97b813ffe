"""Judging: from measurements, window by window, to KEPT, BROKEN or UNKNOWN, with hysteresis."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from rohe_iac.observation.contract import ObjectiveSpec
from rohe_iac.observation.measuring.expression import COMPARISONS
from rohe_iac.observation.measuring.measure import Measurement


class Verdict(StrEnum):
    """Whether an objective holds."""

    KEPT = "KEPT"
    BROKEN = "BROKEN"
    UNKNOWN = "UNKNOWN"


class JudgeState(msgspec.Struct, kw_only=True):
    """What one objective's judge remembers; times are ends of windows, seconds since the epoch, 0 for none.

    open: whether a violation is open. since: when the verdict became what it is.
    """

    verdict: Verdict = Verdict.UNKNOWN
    since: float = 0.0
    open: bool = False
    broken_since: float = 0.0
    kept_since: float = 0.0


def holds(objective: ObjectiveSpec, value: float) -> bool:
    """Whether the value satisfies the objective."""
    if objective.operator == "between":
        return objective.low <= value <= objective.high
    return COMPARISONS[objective.operator](value, objective.low)


def at_once(objective: ObjectiveSpec, measurement: Measurement) -> Verdict:
    """The verdict of one window alone: too few samples are judged by `missing`."""
    if measurement.value is None or measurement.count < objective.min_samples:
        return {"broken": Verdict.BROKEN, "ok": Verdict.KEPT}.get(objective.missing, Verdict.UNKNOWN)
    return Verdict.KEPT if holds(objective, measurement.value) else Verdict.BROKEN


def judge(objective: ObjectiveSpec, state: JudgeState, window: Verdict, end: float) -> Verdict:
    """Takes the verdict of the next window in and gives the objective's.

    BROKEN once windows were BROKEN for `hold` seconds, KEPT again once they were KEPT for `clear`. UNKNOWN is told at
    once and restarts both; a violation stays open through it.
    """
    verdict = state.verdict
    if window is Verdict.UNKNOWN:
        state.broken_since = state.kept_since = 0.0
        verdict = Verdict.UNKNOWN
    elif window is Verdict.BROKEN:
        state.kept_since = 0.0
        state.broken_since = state.broken_since or end
        if state.open or end - state.broken_since >= objective.hold:
            verdict = Verdict.BROKEN
        elif verdict is Verdict.UNKNOWN:
            verdict = Verdict.UNKNOWN
    else:
        state.broken_since = 0.0
        state.kept_since = state.kept_since or end
        if not state.open or end - state.kept_since >= objective.clear:
            verdict = Verdict.KEPT
        elif verdict is Verdict.UNKNOWN:
            verdict = Verdict.BROKEN
    if verdict is not state.verdict:
        state.verdict, state.since = verdict, end
    return verdict
