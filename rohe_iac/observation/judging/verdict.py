"""Verdicts: from measurements, window by window, to KEPT, BROKEN or UNKNOWN, with hysteresis."""

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
    """What is remembered of one objective's verdicts; times are ends of windows, seconds since the epoch, 0 for none.

    Attributes:
        verdict: Present verdict of the objective.
        since: When the verdict became what it is.
        open: Whether a violation is open.
        broken_since: First of the windows that have been BROKEN without interruption.
        kept_since: First of the windows that have been KEPT without interruption.
    """

    verdict: Verdict = Verdict.UNKNOWN
    since: float = 0.0
    open: bool = False
    broken_since: float = 0.0
    kept_since: float = 0.0


def satisfies(objective: ObjectiveSpec, value: float) -> bool:
    """Checks whether the value satisfies the objective."""
    if objective.operator == "between":
        return objective.low <= value <= objective.high
    return COMPARISONS[objective.operator](value, objective.low)


def is_close(objective: ObjectiveSpec, measurement: Measurement) -> bool:
    """Checks whether a threshold is within the error of a value, so that the exact value may be beyond it."""
    if measurement.value is None or not measurement.error:
        return False
    if not measurement.value:
        return True
    # The error is relative to the exact value, which may be larger.
    margin = abs(measurement.value) * measurement.error / max(0.5, 1 - measurement.error)
    bounds = (objective.low, objective.high) if objective.operator == "between" else (objective.low,)
    return any(abs(measurement.value - bound) <= margin for bound in bounds)


def window_verdict(objective: ObjectiveSpec, measurement: Measurement) -> Verdict:
    """Returns the verdict of one window alone; `missing` of the objective decides where there are too few samples."""
    if measurement.value is None or measurement.count < objective.min_samples:
        return {"broken": Verdict.BROKEN, "ok": Verdict.KEPT}.get(objective.missing, Verdict.UNKNOWN)
    return Verdict.KEPT if satisfies(objective, measurement.value) else Verdict.BROKEN


def update_verdict(objective: ObjectiveSpec, state: JudgeState, window: Verdict, end: float) -> Verdict:
    """Updates the objective's verdict by that of the next window, and returns it.

    The objective becomes BROKEN once windows have been BROKEN for `hold` seconds, and KEPT again once they have been
    KEPT for `clear` seconds. A window that is UNKNOWN makes the objective UNKNOWN at once and restarts both; an open
    violation stays open.

    Args:
        objective: Objective that is judged.
        state: State of the objective, updated in place.
        window: Verdict of the window alone.
        end: End of the window (seconds since the epoch).
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
