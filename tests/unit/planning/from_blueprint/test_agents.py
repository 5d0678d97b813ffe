"""Claims about what the problem says of agents that share the reports of a pipeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.loading import load
from rohe_iac.planning.from_blueprint.agents import with_agents
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.model.demand import AffinityRule

DIGITS = Path(__file__).parents[4] / "examples/digits"


def with_number(blueprint: Blueprint, number: int, near: str | None = None) -> Blueprint:
    """Returns the blueprint with so many agents a pipeline."""
    stack = blueprint.stack
    agents = stack.spec.agents.model_copy(update={"per_pipeline": number, "near": near})
    spec = stack.spec.model_copy(update={"agents": agents})
    return replace(blueprint, stack=stack.model_copy(update={"spec": spec}))


def test_several_agents_keep_apart_and_services_state_their_rates() -> None:
    demands = {demand.workload: demand for demand in problem_of(with_number(load(DIGITS), 3)).demands}
    agent = demands["agent/digits"]
    assert agent.replicas == 3
    assert agent.avoid == (AffinityRule(("agent/digits",), "node", required=False),)
    assert {name: demand.rate for name, demand in demands.items() if not demand.system} == dict.fromkeys(
        (name for name, demand in demands.items() if not demand.system), 40_000
    ), "40 requests a second through every service, and every member of the ensemble"


def test_with_one_agent_the_problem_is_as_it_was() -> None:
    blueprint = load(DIGITS)
    demands = problem_of(blueprint).demands
    assert not any(demand.rate or demand.avoid for demand in demands if demand.system)
    assert with_agents(demands, blueprint) is demands


def test_one_agent_can_be_near_its_services_too() -> None:
    demands = {demand.workload: demand for demand in problem_of(with_number(load(DIGITS), 1, "services")).demands}
    assert demands["agent/digits"].hears_near
    assert demands["agent/digits"].avoid == ()
    assert demands["service/digits:camera"].rate == 40_000
