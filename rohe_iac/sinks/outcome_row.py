"""Outcome row: how the store keeps one outcome, under its identity, so that the same one is kept once."""

from __future__ import annotations

import msgspec

from rohe_iac.observation.judging.outcome import CorrectiveAction, Outcome, Result, Violation


def outcome_key(outcome: Outcome) -> str:
    """Returns the identity of an outcome: equal for the same outcome computed again, different for any other."""
    if isinstance(outcome, Result):
        return f"result/{outcome.key}"
    return f"{_kind_of(outcome)}/{outcome.id}" + ("/ended" if outcome.ended else "")


def outcome_row(outcome: Outcome) -> tuple[str, str, str, str, float, bytes]:
    """Returns the values of an outcome in the store: key, kind, contract, objective, time and content."""
    return (
        outcome_key(outcome),
        _kind_of(outcome),
        outcome.contract,
        outcome.objective,
        _time_of(outcome),
        msgspec.json.encode(outcome),
    )


def _kind_of(outcome: Outcome) -> str:
    if isinstance(outcome, Result):
        return "result"
    return "violation" if isinstance(outcome, Violation) else "action"


def _time_of(outcome: Outcome) -> float:
    """Returns when the outcome became so: the end of a window, or when a violation or action began or ended."""
    if isinstance(outcome, Result):
        return outcome.end
    return outcome.ended or (outcome.begun if isinstance(outcome, CorrectiveAction) else outcome.opened)
