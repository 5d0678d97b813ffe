"""The outcome of apply and destroy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rohe_iac.cli.options import Output
from rohe_iac.cli.views.running.outcome import OutcomeView
from rohe_iac.deployment.run.outcome import Ending, Failure, Outcome

PARTIAL = Outcome(
    Ending.PARTIAL,
    2.04,
    created=("replica/a/0",),
    failed=(Failure("create", "replica/b/0", "exited with code 1\nno module named b"),),
    skipped=("agent/a",),
    swept=("x", "y"),
)


def test_an_outcome_counts_what_was_done_and_names_what_was_not(new_screen: Any) -> None:
    screen, printed = new_screen()
    OutcomeView(screen).show(PARTIAL, Output.human, command="rohe apply", following="rohe status")
    assert printed().splitlines() == [
        "Not all done: 1 created, 2 leftovers deleted in 2.0 s",
        "  not created: replica/b/0: exited with code 1",
        "  not tried: agent/a",
        "next: repair the cause, then `rohe apply` continues where it stopped",
    ]


def test_after_what_is_done_comes_the_next_step(new_screen: Any) -> None:
    screen, printed = new_screen()
    done = Outcome(Ending.COMPLETE, 2.04, deleted=("replica/a/0",))
    OutcomeView(screen).show(done, Output.human, command="rohe apply", following="`rohe status a` shows what runs")
    assert printed().splitlines() == ["Done: 1 deleted in 2.0 s", "next: `rohe status a` shows what runs"]


def test_an_outcome_in_json_has_every_address(new_screen: Any, capsys: pytest.CaptureFixture[str]) -> None:
    OutcomeView(new_screen()[0]).show(PARTIAL, Output.json, command="rohe apply", following="rohe status")
    value = json.loads(capsys.readouterr().out)
    assert value["ending"] == "partial"
    assert value["failed"][0]["address"] == "replica/b/0"
    assert value["swept"] == ["x", "y"]
