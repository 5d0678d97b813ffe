"""Violations on a screen, and the explanation of one."""

from __future__ import annotations

from typing import Any

from rohe_iac.cli.options import Output
from rohe_iac.cli.views.observing.violation import ViolationView

MEMBER = {"kind": "member", "name": "classify/bayes", "count": 9, "own": 0.7, "without": 0.97, "kept": True, "was": 0.9}
INSTANCE = {"kind": "instance", "name": "camera-0", "count": 9, "own": 0.8, "without": None, "kept": None, "was": None}
VIOLATION = {
    "id": "v-1", "contract": "quality", "objective": "right", "opened": 110.0, "ended": 0.0,
    "evidence": {
        "start": 100.0, "end": 110.0, "value": 0.805, "count": 9, "promise": "accuracy >= 0.9", "window": "9 reports",
        "contributions": [MEMBER, INSTANCE], "baseline": None,
    },
    "actions": [
        {"kind": "degrade", "service": "classify", "dropped": "bayes", "dry": True, "ended": 0.0, "begun": 110.0}
    ],
}  # fmt: skip


def test_without_violations_it_says_so(new_screen: Any) -> None:
    screen, printed = new_screen()
    ViolationView(screen).table([], Output.human)
    assert printed() == "No contract has been broken so far.\n"


def test_a_violation_has_its_cause_and_its_actions(new_screen: Any) -> None:
    screen, printed = new_screen(200)
    ViolationView(screen).table([VIOLATION], Output.human)
    head, row = printed().splitlines()
    assert head.split() == ["VIOLATION", "OBJECTIVE", "OPENED", "ENDED", "VALUE", "PROMISE", "CAUSE", "ACTIONS"]
    assert "classify/bayes (without: 0.97)" in row
    assert "degrade: classify goes on without bayes, not carried out (dry run)" in row


def test_an_explanation_has_the_value_without_the_cause_and_the_parts_in_every_sample(new_screen: Any) -> None:
    screen, printed = new_screen()
    ViolationView(screen).explain(VIOLATION, Output.human)
    text = printed()
    assert "without member classify/bayes: 0.97, KEPT" in text
    assert "PART" in text
    assert "took part in every sample: camera-0" in text
