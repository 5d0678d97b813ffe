"""The answer to `rohe why-not`."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.plans.why_not import WhyNotView, change, edits
from rohe_iac.planning.questions.why_not.why_not import Fix, WhyNot

RAISED = Fix(("node/large-1.cpu up to 4150m",), 38_000, "node/large-1.cpu=4150m")
LOWERED = Fix(("service/a.cpu down to 50m",), 500_000, "service/a.cpu=50m")
ADDED = Fix(("node/pi-1 with 1 gpu device",), 1_000_000, "node/pi-1.gpu.count=1")
BOTH = Fix((*RAISED.edits, *ADDED.edits), 1_038_000, "node/large-1.cpu=4150m,node/pi-1.gpu.count=1")


@pytest.mark.parametrize(
    ("fix", "words"),
    [
        (RAISED, "node/large-1.cpu raised to 4150m (+3.8 %)"),
        (LOWERED, "service/a.cpu lowered to 50m (-50.0 %)"),
        (ADDED, "node/pi-1 with 1 gpu device (a change of 100.0 %)"),
        (BOTH, "node/large-1.cpu raised to 4150m and node/pi-1 with 1 gpu device (changes of 103.8 % in all)"),
    ],
)
def test_a_suggestion_says_what_it_changes_and_by_how_much(fix: Fix, words: str) -> None:
    assert f"{edits(fix)} ({change(fix)})" == words


def test_a_screen_has_the_rule_the_edits_and_the_command_that_tries_them(new_screen: Any) -> None:
    screen, printed = new_screen()
    refused = WhyNot("service/a", "large-1", 0, "cpu", "cpu: needs 400m, only 250m is free", (RAISED,))
    fits = WhyNot("service/b", "large-1", 2, "", "", ())
    WhyNotView(screen).show([refused, fits], PageOutput.human)
    assert printed().splitlines() == [
        "service/a on large-1",
        "  refused by cpu: needs 400m, only 250m is free",
        "  would fit with node/large-1.cpu raised to 4150m (+3.8 %)",
        "    try: rohe plan --what-if 'node/large-1.cpu=4150m'",
        "service/b on large-1, 2 there already",
        "  one more replica fits; the plan has it elsewhere because that scored higher",
    ]
