"""How apply and destroy look while they run, and their outcome."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rohe_iac.cli.options import Output
from rohe_iac.cli.views.running.outcome import OutcomeView, ProgressView
from rohe_iac.deployment.run.outcome import Ending, Failure, Outcome

PARTIAL = Outcome(
    Ending.PARTIAL,
    2.04,
    created=("replica/a/0",),
    failed=(Failure("create", "replica/b/0", "exited with code 1\nno module named b"),),
    skipped=("agent/a",),
    swept=("x", "y"),
)


def test_a_resource_that_failed_is_shown_with_all_that_is_known(new_screen: Any) -> None:
    screen, printed = new_screen()
    progress = ProgressView(screen, every=True)
    progress.on_begin("create", "replica/a/0")
    progress.on_end("create", "replica/a/0", 1.25)
    progress.on_failure("create", "replica/b/0", "exited with code 1\nno module named b")
    progress.on_note("waiting")
    progress.install("downloading")
    assert printed().splitlines() == [
        "  creating replica/a/0",
        "  + created replica/a/0 1.2 s",
        "  ! replica/b/0 was not created: exited with code 1",
        "      no module named b",
        "  waiting",
        "  downloading",
    ]


def test_an_outcome_counts_what_was_done_and_names_what_was_not(new_screen: Any) -> None:
    screen, printed = new_screen()
    OutcomeView(screen).show(PARTIAL, Output.human, command="rohe apply")
    assert printed().splitlines() == [
        "Not all done: 1 created, 2 leftovers removed in 2.0 s",
        "  not created: replica/b/0: exited with code 1",
        "  not tried: agent/a",
        "next: repair the cause, then `rohe apply` continues where it stopped",
    ]


def test_an_outcome_in_json_has_every_address(new_screen: Any, capsys: pytest.CaptureFixture[str]) -> None:
    OutcomeView(new_screen()[0]).show(PARTIAL, Output.json, command="rohe apply")
    value = json.loads(capsys.readouterr().out)
    assert value["ending"] == "partial"
    assert value["failed"][0]["address"] == "replica/b/0"
    assert value["swept"] == ["x", "y"]
