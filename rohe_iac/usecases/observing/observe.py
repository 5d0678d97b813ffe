"""`rohe observe`: what the agents of an applied stack measure and judge."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rohe_iac.planning.model.keys import AGENT_PREFIX
from rohe_iac.planning.model.share import receivers_of
from rohe_iac.usecases.stacks import KnownStack, OpenTarget, StackNotRunning

PATIENCE = 5.0
"""Seconds that an agent, and what lies between, has to answer."""

FOLLOW_EVERY = 1.0
"""Seconds between two questions for new results."""

FIRST_RESULTS, MAX_RESULTS = 10, 10_000
"""Results of each agent that are asked for at first, and at most in each later question."""

Units = dict[tuple[str, str], str]
"""The unit of each objective's values, by the names of contract and objective."""


@dataclass(frozen=True)
class AgentAnswer:
    """The answer of one agent: its name and the items of the answer, as JSON values."""

    agent: str
    items: list[Any]


def judges_of(stack: KnownStack) -> tuple[str, ...]:
    """Returns the agents of an applied stack that judge; none where no contract and no report asks for one.

    Where several agents observe a pipeline, one judges: it alone has results, violations and actions.

    Raises:
        StackNotRunning: nothing is applied.
    """
    if stack.record is None:
        raise StackNotRunning(f"stack '{stack.name}' is not applied", hint=f"rohe apply {stack.name}")
    plan = stack.record.planfile.plan
    receivers = receivers_of(plan.shares)
    return tuple(
        placement.instance
        for placement in plan.placements
        if placement.workload.startswith(AGENT_PREFIX) and placement.instance not in receivers
    )


def unobserved(stack: KnownStack) -> str:
    """Returns a sentence that says why an applied stack is not observed; "" where an agent observes it."""
    if stack.record is None or judges_of(stack):
        return ""
    planfile = stack.record.planfile
    if any(item.workload.startswith(AGENT_PREFIX) for item in planfile.plan.unplaced):
        return f"Stack {stack.name} is not observed: the plan has no node for its agent (rohe explain agent/NAME)."
    why = "it has no contract, and no service declares `reports`, so it has no agent."
    return f"Stack {stack.name} is not observed: {why}"


def ask_agents(
    stack: KnownStack, open_target: OpenTarget, question: str, *, only: str | None = None, **parameters: Any
) -> list[AgentAnswer]:
    """Returns the answer of every agent that judges to a question; no answer where the stack has no agent.

    Args:
        stack: the stack.
        open_target: opens the target that the stack was applied to.
        question: the name of the question.
        only: the agent that is asked; None for all.
        parameters: what the question takes.

    Raises:
        StackNotRunning: nothing is applied.
        RoheError: the broker or cluster cannot be reached, an agent does not answer, or refuses the question.
    """
    agents = [agent for agent in judges_of(stack) if only in (None, agent)]
    if not agents:
        return []
    with open_target(stack.destination).inquirer(PATIENCE) as inquirer:
        return [AgentAnswer(agent, inquirer.ask(agent, question, **parameters)) for agent in agents]


def newest_results(stack: KnownStack, open_target: OpenTarget, most: int) -> list[dict[str, Any]]:
    """Returns the newest results of all agents, each with the unit of its value.

    Args:
        stack: the stack.
        open_target: opens the target that the stack was applied to.
        most: how many results of each agent.

    Raises:
        RoheError: as `ask_agents`.
    """
    agents = judges_of(stack)
    if not agents:
        return []
    with open_target(stack.destination).inquirer(PATIENCE) as inquirer:
        return [
            {"agent": agent, **with_unit(item, units)}
            for agent in agents
            for units in (_units(inquirer.ask(agent, "status")),)
            for item in inquirer.ask(agent, "results", most=most)
        ]


def with_unit(result: dict[str, Any], units: Units) -> dict[str, Any]:
    """Returns a result with the unit of its objective; without where the objective is not judged any more."""
    unit = units.get((result["contract"], result["objective"]))
    return {**result, "unit": unit} if unit else result


def _units(answer: list[dict[str, Any]]) -> Units:
    return {
        (item["contract"], item["objective"]): item.get("unit", "")
        for status in answer
        for item in status["objectives"]
    }


def follow(stack: KnownStack, open_target: OpenTarget) -> Iterator[list[dict[str, Any]]]:
    """Yields new results of all agents every second until the caller stops, at first the newest ten of each.

    Ends at once where the stack has no agent.

    Args:
        stack: the stack.
        open_target: opens the target that the stack was applied to.

    Raises:
        RoheError: as `ask_agents`.
    """
    agents = judges_of(stack)
    if not agents:
        return
    with open_target(stack.destination).inquirer(PATIENCE) as inquirer:
        units = {agent: _units(inquirer.ask(agent, "status")) for agent in agents}
        rows = dict.fromkeys(agents, 0)
        most = FIRST_RESULTS
        while True:
            found: list[dict[str, Any]] = []
            for agent in agents:
                items = inquirer.ask(agent, "results", after=rows[agent], most=most)
                rows[agent] = max([rows[agent], *(item["row"] for item in items)])
                found += [{"agent": agent, **with_unit(item, units[agent])} for item in items]
            yield sorted(found, key=lambda item: (item["end"], item["row"]))
            most = MAX_RESULTS
            time.sleep(FOLLOW_EVERY)
