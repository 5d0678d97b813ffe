"""Outcome rows: the same outcome has the same key, its end another one, and its time is when it became so."""

from __future__ import annotations

from result_samples import result

from rohe_iac.observation.judging.outcome import CorrectiveAction
from rohe_iac.sinks.outcome_row import outcome_key, outcome_row


def test_the_same_window_has_the_same_key_and_the_time_of_its_end() -> None:
    assert outcome_key(result(1)) == outcome_key(result(1)) != outcome_key(result(2))
    assert outcome_row(result(1))[1:5] == ("result", "c", "o", 2.0)


def test_the_end_of_an_action_is_an_outcome_of_its_own() -> None:
    action = CorrectiveAction(id="a", kind="degrade", violation="v", contract="c", objective="o", begun=1.0)
    ended = CorrectiveAction(id="a", kind="degrade", violation="v", contract="c", objective="o", begun=1.0, ended=2.0)
    assert (outcome_key(action), outcome_key(ended)) == ("action/a", "action/a/ended")
    assert (outcome_row(action)[4], outcome_row(ended)[4]) == (1.0, 2.0)
