"""`rohe observe` and `rohe violations` ask the agents of an applied stack."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.deployment.files.record import Record
from rohe_iac.deployment.ports import Destination
from rohe_iac.planning.model.share import Share
from rohe_iac.usecases.observing import observe, violations
from rohe_iac.usecases.observing.dead_letters import dead_letters
from rohe_iac.usecases.observing.observe import StackNotRunning, ask_agents, follow, judges_of
from rohe_iac.usecases.plans.plan import make_plan
from rohe_iac.usecases.stacks import KnownStack, known_stack

DIGITS = Path(__file__).parents[4] / "examples" / "digits"
VIOLATIONS = [{"id": "v-2", "opened": 5.0}, {"id": "v-1", "opened": 3.0}]


class AnsweringInquirer:
    """A connection on which every agent answers, and which keeps what it was asked."""

    def __init__(self) -> None:
        self.questions: list[tuple[str, str, dict[str, Any]]] = []

    def __enter__(self) -> AnsweringInquirer:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def open_target(self, _destination: Destination) -> Any:
        """Opens a target whose agents this asks."""
        return self

    def inquirer(self, _timeout: float) -> AnsweringInquirer:
        return self

    def ask(self, agent: str, question: str, **parameters: Any) -> list[dict[str, Any]]:
        self.questions.append((agent, question, parameters))
        if question == "results":
            return [{"row": parameters["after"] + 1, "end": 1.0, "contract": "quality", "objective": "right"}]
        if question == "dead":
            return [{"row": 2, "at": 2.0}, {"row": 1, "at": 1.0}]
        return VIOLATIONS if question == "violations" else []


@pytest.fixture
def stack() -> KnownStack:
    """The digits example as if it were applied."""
    found = known_stack(DIGITS, None)
    record = Record(1, make_plan(DIGITS).planfile, complete=True)
    return KnownStack(found.root, found.project, found.name, found.folder, record)


@pytest.fixture
def inquirer(monkeypatch: pytest.MonkeyPatch) -> AnsweringInquirer:
    """What the target of any stack asks its agents with."""
    found = AnsweringInquirer()
    monkeypatch.setattr(observe, "FOLLOW_EVERY", 0.0)
    return found


def test_a_stack_that_is_not_applied_has_no_agent_to_ask() -> None:
    with pytest.raises(StackNotRunning, match="not applied"):
        judges_of(known_stack(DIGITS, None))


def test_every_agent_is_asked(stack: KnownStack, inquirer: AnsweringInquirer) -> None:
    (answer,) = ask_agents(stack, inquirer.open_target, "status", most=3)
    assert answer.agent == judges_of(stack)[0]
    assert inquirer.questions == [(answer.agent, "status", {"most": 3})]


def test_of_several_agents_of_a_pipeline_the_one_that_judges_is_asked(
    stack: KnownStack, inquirer: AnsweringInquirer
) -> None:
    assert stack.record is not None
    planfile = stack.record.planfile
    agent = next(item for item in planfile.plan.placements if item.workload == "agent/digits")
    fields = {name: getattr(agent, name) for name in agent.__struct_fields__}
    another = type(agent)(**{**fields, "replica": "agent/digits/1", "instance": "rohe-agent-digits-1"})
    shares = (Share("digits", agent.instance, False, ()), Share("digits", another.instance, True, ()))
    plan = replace(planfile.plan, placements=(*planfile.plan.placements, another), shares=shares)
    sharing = replace(stack, record=replace(stack.record, planfile=replace(planfile, plan=plan)))
    assert judges_of(sharing) == (another.instance,)
    ask_agents(sharing, inquirer.open_target, "status")
    next(follow(sharing, inquirer.open_target))
    violations.violations(sharing, inquirer.open_target)
    assert {asked for asked, _, _ in inquirer.questions} == {another.instance}


def test_results_are_followed_from_the_last_row(stack: KnownStack, inquirer: AnsweringInquirer) -> None:
    results = follow(stack, inquirer.open_target)
    assert [next(results)[0]["row"] for _ in range(3)] == [1, 2, 3]
    assert [parameters["most"] for _, question, parameters in inquirer.questions if question == "results"] == [
        10,
        10_000,
        10_000,
    ]


def test_dead_letters_are_asked_for_without_what_they_say(stack: KnownStack, inquirer: AnsweringInquirer) -> None:
    found = dead_letters(stack, inquirer.open_target, 5, payloads=False)
    assert [(item["agent"], item["at"]) for item in found] == [(judges_of(stack)[0], at) for at in (1.0, 2.0)]
    assert inquirer.questions[-1][1:] == ("dead", {"most": 5, "payloads": False})


def test_violations_are_sorted_by_when_they_opened_and_ended_by_their_id(
    stack: KnownStack, inquirer: AnsweringInquirer
) -> None:
    assert [item["id"] for item in violations.violations(stack, inquirer.open_target)] == ["v-1", "v-2"]
    violations.restore(stack, "v-1", inquirer.open_target)
    assert inquirer.questions[-1][1:] == ("restore", {"violation": "v-1"})
    violations.restore(stack, "v-9", inquirer.open_target)
    assert inquirer.questions[-1][1:] == ("restore", {"violation": "v-9"})
