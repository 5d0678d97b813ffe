"""The state of a stack on a screen."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.cli.options import Output
from rohe_iac.cli.views.running.status import STYLES, StatusView
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


def test_a_sink_that_fails_or_never_gets_results_is_a_line_of_its_agent(new_screen: Any) -> None:
    sinks = [
        {"name": "mqtt", "failures": 0, "why": "", "missed": 0},
        {"name": "jsonl:/a", "failures": 3, "why": "no space", "missed": 1234},
        {"name": "jsonl:/b", "failures": 0, "why": "", "missed": 1},
        {"name": "jsonl:/c", "failures": 1, "why": "no space"},
    ]
    screen, printed = new_screen(width=200)
    agents = (AgentStatus("agent-0", {**ANSWER, "sinks": sinks}),)
    StatusView(screen).show(replace(STATUS, agents=agents), Output.human)
    lines = [line.strip() for line in printed().splitlines()]
    never = "deleted before it took them (`store.maxSize`)"
    assert [line for line in lines if line.startswith("sink")] == [
        f"sink jsonl:/a fails: no space, and never gets 1,234 results, {never}",
        f"sink jsonl:/b never gets 1 result, {never}",
        "sink jsonl:/c fails: no space",
    ]


def test_a_stack_that_is_not_applied_names_the_command(new_screen: Any) -> None:
    screen, printed = new_screen()
    StatusView(screen).show(StackStatus("project", "digits", 0, False, "", ()), Output.human)
    assert printed() == "Stack digits is not applied: run `rohe apply digits`.\n"


def test_the_names_in_json_are_those_of_every_release(new_screen: Any, capsys: pytest.CaptureFixture[str]) -> None:
    StatusView(new_screen()[0]).show(STATUS, Output.json)
    value = json.loads(capsys.readouterr().out)
    assert value["well"] is False
    assert value["contracts"] == [{"contract": "sla", "verdict": "BROKEN"}]
    assert value["agents"][0] == {
        "agent": "agent-0", "silence": "", "role": "", "share": [], "trouble": "", "said": ANSWER, "health": None,
    }  # fmt: skip
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


@pytest.mark.parametrize("up", [True, False])
def test_a_stack_whose_agent_has_no_reports_over_amqp_is_not_well(up: bool) -> None:
    source = {"source": "amqp", "url": "amqp://rabbit", "up": up, "trouble": "" if up else "Connection refused"}
    agent = AgentStatus("agent-0", {**ANSWER, "objectives": [], "sources": [source]})
    assert StackStatus("project", "digits", 3, True, "", (RUNNING,), (agent,)).well is up


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


SHARING = replace(
    STATUS,
    agents=(
        AgentStatus("agent-0", ANSWER, role="judges", share=("a-0",), by_judge={"hears": 2}),
        AgentStatus(
            "agent-1",
            {"at": 0.0, "forwarded": 7, "waiting": 1, "under_way": 2},
            role="receives",
            share=("b-0", "b-1"),
            by_judge={"hears": 1, "trouble": "silent: others hear its clients"},
        ),
        AgentStatus("agent-2", silence="it is missing", role="receives", share=("c-0",)),
    ),
)


def test_agents_that_share_reports_show_their_role_their_share_and_what_the_judge_says(new_screen: Any) -> None:
    screen, printed = new_screen()
    StatusView(screen).show(SHARING, Output.human)
    text = " ".join(printed().split())
    assert "agent-0, which judges and hears 2 instances, 1 by the plan: heartbeat" in text
    assert "agent-1, which receives and hears 1 instance, 2 by the plan: heartbeat" in text
    assert "7 messages sent on, 3 waiting silent: others hear its clients" in text
    assert "agent-2, which receives and hears 1 instance does not answer: it is missing" in text


def test_a_stack_is_not_well_while_an_agent_does_not_hear_its_share() -> None:
    well = replace(STATUS, parts=(RUNNING,), agents=(AgentStatus("a", {"trouble": ""}, role="receives"),))
    assert well.well
    for agent in (
        AgentStatus("a", {"trouble": "no share is granted"}, role="receives"),
        AgentStatus("a", {}, role="receives", by_judge={"trouble": "silent"}),
    ):
        assert not replace(well, agents=(agent,)).well


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ({"up": True, "expired": 0, "trouble": ""}, "amqp://rabbit: 1 message"),
        ({"up": True, "expired": 1, "trouble": ""}, "amqp://rabbit: 1 message, 1 of them kept while it was away"),
        ({"up": True, "expired": 0, "trouble": "it does not answer"}, "nothing is judged yet: it does not answer"),
        ({"up": False, "expired": 0}, "no reports over AMQP, so nothing is judged: amqp://rabbit: Connection refused"),
    ],
)
def test_what_came_over_amqp_is_said_or_why_nothing_can(new_screen: Any, source: dict[str, Any], line: str) -> None:
    said = {"url": "amqp://rabbit", "trouble": "amqp://rabbit: Connection refused", "received": 1, **source}
    screen, printed = new_screen()
    StatusView(screen).show(replace(STATUS, agents=(AgentStatus("a", {**ANSWER, "sources": [said]}),)), Output.human)
    assert line in [" ".join(text.split()) for text in printed().splitlines()]


def test_a_part_that_does_not_speak_although_it_runs_is_told(
    new_screen: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "it was last heard 9 s ago, and promises to speak every 5 s"
    status = replace(STATUS, parts=(replace(RUNNING, silent=words),))
    screen, printed = new_screen()
    StatusView(screen).show(status, Output.human)
    assert f"a/0 is silent: {words}" in " ".join(printed().split())
    StatusView(screen).show(status, Output.json)
    assert json.loads(capsys.readouterr().out)["parts"][0]["silent"] == words


def test_what_ran_once_and_ended_well_is_shown_as_well() -> None:
    done = replace(RUNNING, state="done")
    assert (done.well, STYLES["done"]) == (True, STYLES["running"])
