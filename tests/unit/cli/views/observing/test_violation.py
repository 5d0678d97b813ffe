"""Violations on a screen, and the explanation of one."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.cli.options import Output
from rohe_iac.cli.views.observing.violation import ViolationView

MEMBER = {"kind": "member", "name": "classify/bayes", "count": 9, "own": 0.7, "without": 0.97, "kept": True, "was": 0.9}
INSTANCE = {"kind": "instance", "name": "camera-0", "count": 9, "own": 0.8, "without": None, "kept": None, "was": None}
VIOLATION: dict[str, Any] = {
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


def explained(new_screen: Any, evidence: dict[str, Any]) -> list[str]:
    """Returns the lines of the explanation of the violation with this evidence."""
    screen, printed = new_screen()
    ViolationView(screen).explain({**VIOLATION, "evidence": {**VIOLATION["evidence"], **evidence}}, Output.human)
    lines: list[str] = printed().splitlines()
    return lines


def test_an_explanation_has_the_parts_in_every_sample_and_ends_with_the_blame(new_screen: Any) -> None:
    lines = explained(new_screen, {"unit": "%"})
    assert any(line.strip().startswith("PART") for line in lines)
    assert "  took part in every sample: camera-0" in lines
    assert lines[-1] == "Blame: member classify/bayes; without it: 97 %, KEPT."


STILL = {**MEMBER, "without": 0.85, "kept": False}


@pytest.mark.parametrize(
    ("evidence", "blame"),
    [
        (
            {
                "contributions": [STILL],
                "together": {"kind": "member", "names": ["classify/a", "classify/b"], "without": 0.93},
            },
            "no one part alone; together member classify/a and member classify/b (without: 0.93)",
        ),
        ({"contributions": [STILL]}, "no one part alone, and no two or three together; most without member classify/"),
        ({"contributions": [INSTANCE]}, "no one part alone; every part took part in every sample"),
        ({"contributions": [], "value": None}, "no part; the window has no samples"),
    ],
)
def test_an_explanation_ends_with_the_blame_where_no_single_part_is_the_cause(
    new_screen: Any, evidence: dict[str, Any], blame: str
) -> None:
    assert explained(new_screen, evidence)[-1].startswith(f"Blame: {blame}")
