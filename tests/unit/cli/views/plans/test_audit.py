"""The answer to `rohe audit`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.plans.audit import AuditView
from rohe_iac.usecases.plans.audit import PossibleLoss

HARMLESS = PossibleLoss("node/a", 2, (), ())
HARMFUL = PossibleLoss("node/b", 7, tuple(f"replica/a/{index}" for index in range(7)), ("service/a",))


@pytest.mark.parametrize(
    ("losses", "verdict"),
    [
        ([HARMLESS, HARMLESS, HARMFUL], "Of 3 possible losses (nodes, zones), 2 are harmless and 1 breaks something"),
        ([HARMLESS, HARMFUL, HARMFUL], "Of 3 possible losses (nodes, zones), 1 is harmless and 2 break something"),
        ([HARMLESS, HARMLESS], "None of 2 possible losses (nodes, zones) breaks anything"),
        ([HARMFUL], "The only possible loss, node/b, breaks something"),
        ([HARMFUL, HARMFUL], "Each of 2 possible losses (nodes, zones) breaks something"),
        ([], "No node has a replica: there is no loss to look at"),
    ],
)
def test_the_verdict_counts_harmless_and_harmful_losses(new_screen: Any, losses: Any, verdict: str) -> None:
    screen, printed = new_screen()
    AuditView(screen).show(losses, PageOutput.human)
    assert printed().splitlines()[-1] == verdict


def test_of_many_addresses_five_are_named(new_screen: Any) -> None:
    screen, printed = new_screen()
    AuditView(screen).show([HARMFUL], PageOutput.human)
    lines = printed().splitlines()
    assert lines[0] == "node/b: 7 replicas lost"
    assert "  replica/a/4 fits nowhere else" in lines
    assert "  ... and 2 more" in lines
    assert "  service/a has no replica left" in lines


def test_the_names_in_json_are_those_of_plan_files(new_screen: Any, capsys: pytest.CaptureFixture[str]) -> None:
    AuditView(new_screen()[0]).show([HARMLESS], PageOutput.json)
    loss = {"what": "node/a", "lost": 2, "homeless": [], "silent": [], "survived": True}
    assert json.loads(capsys.readouterr().out) == [{"schema": "rohe.dev/loss/v1", **loss}]


def test_a_page_lists_what_is_harmful(new_screen: Any, capsys: pytest.CaptureFixture[str]) -> None:
    AuditView(new_screen()[0]).show([HARMLESS, HARMFUL], PageOutput.markdown)
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| node/")]
    assert len(rows) == 1
    assert rows[0].startswith("| node/b | 7 |")
