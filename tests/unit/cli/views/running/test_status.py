"""The state of a stack on a screen."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.cli.options import Output
from rohe_iac.cli.views.running.status import StatusView
from rohe_iac.usecases.running.status import AgentStatus, PartStatus, StackStatus

OBJECTIVES = [{"contract": "sla", "verdict": "KEPT"}, {"contract": "sla", "verdict": "BROKEN"}]
ANSWER = {"at": 0.0, "counts": {"reports": 1}, "objectives": OBJECTIVES}
RUNNING = PartStatus("replica/a/0", "a-0", "pi-1", "running", "4711", ("http://x",), 2, time.time() - 7500)
MISSING = PartStatus("replica/b/0", "b-0", "pi-1", "missing", "", (), 0, 0.0)
STATUS = StackStatus(
    "project",
    "digits",
    3,
    True,
    "",
    (RUNNING, MISSING),
    (AgentStatus("agent-0", ANSWER), AgentStatus("agent-1", silence="it is missing")),
)


def test_each_part_is_a_row_with_its_age_and_each_agent_a_line(new_screen: Any) -> None:
    screen, printed = new_screen()
    StatusView(screen).show(STATUS, Output.human)
    lines = [" ".join(line.split()) for line in printed().splitlines()]
    assert lines[0] == "Stack digits, record 3"
    assert "a/0 pi-1 running 4711 2 2h http://x" in lines
    assert "b/0 pi-1 missing 0" in lines
    assert any(line.startswith("agent-0: heartbeat") and line.endswith("1 report") for line in lines)
    assert "agent-1 does not answer: it is missing" in lines
    assert lines[-1] == "contract sla: BROKEN"


def test_a_stack_that_is_not_applied_names_the_command(new_screen: Any) -> None:
    screen, printed = new_screen()
    StatusView(screen).show(StackStatus("project", "digits", 0, False, "", ()), Output.human)
    assert printed() == "Stack digits is not applied: run `rohe apply digits`.\n"


def test_the_names_in_json_are_those_of_every_release(new_screen: Any, capsys: pytest.CaptureFixture[str]) -> None:
    StatusView(new_screen()[0]).show(STATUS, Output.json)
    value = json.loads(capsys.readouterr().out)
    assert value["well"] is False
    assert value["contracts"] == [{"contract": "sla", "verdict": "BROKEN"}]
    assert value["agents"][0] == {"agent": "agent-0", "silence": "", "said": ANSWER}
    assert value["parts"][0]["pid"] == 4711
    assert value["parts"][1]["pid"] is None


def test_why_an_objective_is_unknown_is_said_and_whether_that_is_a_fault(
    new_screen: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = {
        "why": "waiting",
        "text": "waiting for report 3 of raw-0, missing for 6 s",
        "since": 1.0,
        "overdue": False,
    }

    def status(overdue: bool) -> StackStatus:
        objective = {
            "contract": "sla", "objective": "fast", "verdict": "UNKNOWN", "unknown": {**unknown, "overdue": overdue}
        }  # fmt: skip
        agent = AgentStatus("agent-0", {**ANSWER, "objectives": [objective]})
        return StackStatus("project", "digits", 3, True, "", (RUNNING,), (agent,))

    assert (status(overdue=False).well, status(overdue=True).well) == (True, False)
    screen, printed = new_screen()
    StatusView(screen).show(status(overdue=False), Output.human)
    assert printed().splitlines()[-2:] == ["contract sla: UNKNOWN", f"  fast UNKNOWN: {unknown['text']}"]
    StatusView(screen).show(status(overdue=True), Output.json)
    [value] = json.loads(capsys.readouterr().out)["unknown"]
    assert value == {"contract": "sla", "objective": "fast", **unknown, "overdue": True}


@pytest.mark.parametrize(
    ("days", "said"), [(364.5, "expires in 364 days, on "), (1.5, "expires in 1 day, on "), (-3.0, "expired on ")]
)
def test_the_days_of_a_certificate_are_said(
    new_screen: Any, capsys: pytest.CaptureFixture[str], days: float, said: str
) -> None:
    expires = time.time() + days * 86400
    status = replace(STATUS, parts=(MISSING, replace(RUNNING, certificate_expires=expires)))
    screen, printed = new_screen()
    StatusView(screen).show(status, Output.human)
    assert f"a/0: its certificate {said}" in printed()
    StatusView(screen).show(status, Output.json)
    parts = {part["instance"]: part for part in json.loads(capsys.readouterr().out)["parts"]}
    assert parts["a-0"]["certificate"] == {"expires": expires, "daysLeft": math.floor(days - 0.01)}
    assert parts["b-0"]["certificate"] is None
