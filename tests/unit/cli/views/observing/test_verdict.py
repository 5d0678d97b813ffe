"""Verdicts and results of windows on a screen."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from rohe_iac.cli.options import Output
from rohe_iac.cli.views.observing.result import ResultView
from rohe_iac.cli.views.observing.verdict import VerdictView, shown_time, shown_verdict

OBJECTIVE = {
    "contract": "sla", "objective": "fast", "promise": "p99 <= 1s", "unit": "s", "scope": "pipeline", "window": "10 s",
    "value": 0.5, "count": 20, "verdict": "KEPT", "since": 0.0, "violation": "",
}  # fmt: skip
ORDER = {
    "action": "degrade", "service": "classify", "members": ["svm"], "reason": "v-1",
    "answers": {"a": {"accepted": True}, "b": {"accepted": False, "why": "busy"}}, "unanswered": ["c"],
}  # fmt: skip
AGENT = {
    "agent": "agent-0", "objectives": [OBJECTIVE], "orders": [ORDER, {"action": "restore"}],
    "counts": {"reports": 20, "duplicates": 1, "late": 1, "unjoined": 1, "watermark": 0.0},
    "connection": {"up": False, "trouble": "refused"},
}  # fmt: skip
RESULT = {
    "start": 0.0, "end": 0.0, "contract": "sla", "objective": "fast", "value": 0.5, "count": 20, "window": "KEPT",
    "verdict": "KEPT", "unit": "s",
}  # fmt: skip


def test_an_agent_has_its_objectives_orders_counts_and_connection(new_screen: Any) -> None:
    screen, printed = new_screen()
    VerdictView(screen).show([AGENT])
    lines = [" ".join(line.split()) for line in printed().splitlines()]
    assert lines[:2] == ["Contract sla", "OBJECTIVE PROMISE WINDOW VALUE OF VERDICT SINCE"]
    assert lines[3] == ("in force: degrade classify: svm go on (v-1); 1 accepted, refused by b: busy, no answer from c")
    assert lines[4] == ("agent-0: 20 reports, 1 duplicate, 1 late, 0 undecodable; 1 incomplete request; judged up to -")
    assert lines[5] == "agent-0: refused"


def test_why_an_objective_is_unknown_follows_the_table(new_screen: Any) -> None:
    unknown = {"why": "few", "text": "3 of 20 samples needed", "since": 0.0, "overdue": False}
    screen, printed = new_screen()
    counts = {**AGENT["counts"], "misattributed": 2, "missing": 4}
    VerdictView(screen).show(
        [{**AGENT, "counts": counts, "objectives": [{**OBJECTIVE, "verdict": "UNKNOWN", "unknown": unknown}]}]
    )
    assert "fast UNKNOWN: 3 of 20 samples needed" in printed().splitlines()
    assert "0 undecodable, 2 misattributed, 4 missing" in printed()


def test_results_are_rows_or_lines(new_screen: Any, capsys: pytest.CaptureFixture[str]) -> None:
    screen, printed = new_screen()
    view = ResultView(screen)
    view.table([RESULT])
    view.lines([RESULT], Output.human)
    assert "sla/fast" in printed().splitlines()[1]
    assert printed().splitlines()[2] == "-  sla/fast  500 ms of 20  KEPT  objective KEPT"
    view.lines([RESULT], Output.json)
    assert json.loads(capsys.readouterr().out) == {"schema": "rohe.dev/result/v1", **RESULT}


def test_verdicts_and_times_in_words() -> None:
    assert shown_verdict("BROKEN") == "[bold red]BROKEN[/]"
    assert shown_time(0.0) == "-"


@pytest.mark.parametrize(
    ("zone", "shown"), [("UTC", "08:33:20 UTC"), ("CET-1", "09:33:20 CET"), ("<+0530>-5:30", "14:03:20 +0530")]
)
def test_clock_times_have_their_date_and_zone(zone: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert shown_time(1_000_024_400.0) == f"2001-09-09 {shown}"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "500 ms"),
        ({"error": 0.01}, "500 ms ± 1 %"),
        ({"error": 0.01, "close": True}, "500 ms ± 1 % (the threshold is within the error)"),
    ],
)
def test_a_value_with_an_error_says_so(new_screen: Any, changes: dict[str, Any], shown: str) -> None:
    screen, printed = new_screen(200)
    ResultView(screen).lines([{**RESULT, **changes}], Output.human)
    assert f" {shown} of 20 " in printed()
