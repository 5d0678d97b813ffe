"""The answer to `rohe why-not`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.plans.why_not import WhyNotView, change, edits
from rohe_iac.planning.questions.why_not.why_not import Fix, WhyNot

RAISED = Fix(("node/large-1.cpu up to 4150m",), 38_000, "node/large-1.cpu=4150m", smallest=True)
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
    screen, printed = new_screen(160)
    fixes = (RAISED, LOWERED, replace(LOWERED, drastic=True))
    refused = WhyNot("service/a", "large-1", 0, "cpu", "cpu: needs 400m, only 250m is free", fixes)
    fits = WhyNot("service/b", "large-1", 2, "", "", (), elsewhere="replica/b/0 is on pi-1: the only suitable node")
    full = WhyNot("service/c", "large-1", 2, "", "", ())
    without = WhyNot("service/d", "large-1", 0, "latency", "latency: no link", (), "no link connects the two")
    WhyNotView(screen).show([refused, fits, full, without], PageOutput.human)
    assert printed().splitlines() == [
        "service/a on large-1",
        "  refused by cpu: needs 400m, only 250m is free",
        "  would fit with node/large-1.cpu raised to 4150m (+3.8 %, the smallest that works)",
        "    try: rohe plan --what-if 'node/large-1.cpu=4150m'",
        "  would fit with service/a.cpu lowered to 50m (-50.0 %; a smaller edit may work too)",
        "    try: rohe plan --what-if 'service/a.cpu=50m'",
        "  would fit only by leaving less than a tenth: service/a.cpu lowered to 50m"
        " (-50.0 %; a smaller edit may work too)",
        "    try: rohe plan --what-if 'service/a.cpu=50m'",
        "service/b on large-1, 2 there already",
        "  one more replica fits; replica/b/0 is on pi-1: the only suitable node",
        "service/c on large-1, 2 there already",
        "  one more replica fits; all replicas of the service are there already",
        "service/d on large-1",
        "  refused by latency: no link",
        "  no edit of one or two fields makes it fit: no link connects the two",
    ]


def test_a_page_says_the_same(new_screen: Any, capsys: pytest.CaptureFixture[str]) -> None:
    screen, _ = new_screen(160)
    drastic = WhyNot("service/a", "n", 0, "cpu", "cpu: needs 2, none is free", (replace(LOWERED, drastic=True),))
    without = WhyNot("service/d", "n", 0, "latency", "latency: no link", (), "no link connects the two")
    WhyNotView(screen).show([drastic, without], PageOutput.markdown)
    page = capsys.readouterr().out
    assert "Refused by cpu: needs 2, none is free." in page
    assert "| would fit with, leaving less than a tenth |" in page
    assert "No edit of one or two fields makes it fit: no link connects the two." in page
