"""Verdicts: too few samples are UNKNOWN, and `for` and `clear` keep a verdict from flapping."""

from __future__ import annotations

import pytest
from objective_specs import objective_spec

from rohe_iac.observation.contract import ObjectiveSpec
from rohe_iac.observation.judging.verdict import (
    JudgeState,
    Verdict,
    is_close,
    satisfies,
    update_verdict,
    window_verdict,
)
from rohe_iac.observation.measuring.measure import Measurement


@pytest.mark.parametrize(
    ("operator", "value", "kept"),
    [("<", 0.9, False), ("<=", 0.9, True), (">", 0.9, False), (">=", 0.9, True), ("==", 0.9, True), ("==", 0.8, False)],
)
def test_operators_at_the_border(operator: str, value: float, kept: bool) -> None:
    assert satisfies(objective_spec(operator=operator), value) is kept


@pytest.mark.parametrize(("value", "kept"), [(0.5, True), (1.0, True), (0.4, False), (1.1, False)])
def test_between_holds_its_borders(value: float, kept: bool) -> None:
    assert satisfies(objective_spec(operator="between", low=0.5, high=1.0), value) is kept


@pytest.mark.parametrize(
    ("missing", "verdict"), [("freeze", Verdict.UNKNOWN), ("broken", Verdict.BROKEN), ("ok", Verdict.KEPT)]
)
@pytest.mark.parametrize("measured", [Measurement(value=None, count=0), Measurement(value=1.0, count=1)])
def test_too_few_samples_are_judged_by_missing(missing: str, verdict: Verdict, measured: Measurement) -> None:
    assert window_verdict(objective_spec(missing=missing, min_samples=2), measured) is verdict


def verdicts_of(spec: ObjectiveSpec, windows: str) -> str:
    """Returns the objective's verdicts (K, B, U) for windows of these verdicts (k, b, u), one a second."""
    letters = {"k": Verdict.KEPT, "b": Verdict.BROKEN, "u": Verdict.UNKNOWN}
    state, verdicts = JudgeState(), ""
    for second, letter in enumerate(windows, 100):
        verdict = update_verdict(spec, state, letters[letter], float(second))
        if verdict is Verdict.BROKEN:
            state.open = True
        elif verdict is Verdict.KEPT:
            state.open = False
        verdicts += verdict.value[0]
    return verdicts


@pytest.mark.parametrize(
    ("changes", "windows", "verdicts"),
    [
        ({}, "kbk", "KBK"),
        ({"hold": 2.0}, "kbbbk", "KKKBK"),
        ({"hold": 2.0}, "kbkbk", "KKKKK"),
        ({"clear": 2.0}, "kbkkkk", "KBBBKK"),
        ({"clear": 2.0}, "kbkbkkk", "KBBBBBK"),
        ({"hold": 1.0, "clear": 1.0}, "bbkk", "UBBK"),
        ({"hold": 9.0}, "kuk", "KUK"),
        ({"clear": 2.0}, "bukkk", "BUBBK"),
    ],
)
def test_for_and_clear_hold_a_verdict(changes: dict[str, float], windows: str, verdicts: str) -> None:
    assert verdicts_of(objective_spec(**changes), windows) == verdicts


@pytest.mark.parametrize(
    ("operator", "value", "error", "close"),
    [("<=", 0.905, 0.01, True), ("<=", 0.92, 0.01, False), ("<=", 0.9, 0.0, False), ("between", 2.01, 0.01, True)],
)
def test_a_threshold_within_the_error_is_told(operator: str, value: float, error: float, close: bool) -> None:
    spec = objective_spec(operator=operator, low=0.9, high=2.0)
    assert is_close(spec, Measurement(value=value, count=9, error=error)) is close
    assert not is_close(spec, Measurement(value=None, count=0, error=error))
