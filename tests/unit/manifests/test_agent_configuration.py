"""Claims about what agents are told of instances, shares and the judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.manifests.agent_configuration import agent_configuration, instances_of
from rohe_iac.observation.configuration import decode_configuration
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.share import Share

PlanExample = Callable[[str], tuple[Blueprint, Plan]]


def test_an_agent_knows_the_replicas_of_its_pipeline_and_no_agent_or_broker(plan_example: PlanExample) -> None:
    blueprint, plan = plan_example("digits")
    services = [placement.instance for placement in plan.placements if not placement.system]
    assert [instance.instance for instance in instances_of(blueprint, plan, "digits")] == services
    assert instances_of(blueprint, plan, "another") == []


def test_an_agent_that_is_alone_is_told_of_no_judge_and_no_shares(plan_example: PlanExample) -> None:
    blueprint, plan = plan_example("digits")
    agent = next(placement for placement in plan.placements if placement.workload == "agent/digits")
    content = agent_configuration(blueprint, plan, agent)
    assert b'"judge"' not in content
    assert b'"agent":"rohe-agent-digits-0"' in content
    assert content.count(b'"agent":') == 1


def test_agents_that_share_are_told_who_judges_and_who_hears_whom(plan_example: PlanExample) -> None:
    blueprint, plan = plan_example("digits")
    agent = next(placement for placement in plan.placements if placement.workload == "agent/digits")
    names = tuple(sorted(placement.instance for placement in plan.placements if not placement.system))
    shares = (Share("digits", "a-0", True, names[:2]), Share("digits", "a-1", False, names[2:]))
    told = decode_configuration(agent_configuration(blueprint, replace(plan, shares=shares), agent))
    assert told.judge == "a-0"
    assert tuple(item.instance for item in told.share("a-1")) == names[2:]
    assert tuple(item.instance for item in told.share("a-0")) == names[:2]


def test_agents_that_share_are_told_of_those_that_hear_nobody(plan_example: PlanExample) -> None:
    blueprint, plan = plan_example("digits")
    agent = next(placement for placement in plan.placements if placement.workload == "agent/digits")
    names = tuple(sorted(placement.instance for placement in plan.placements if not placement.system))
    shares = (Share("digits", "a-0", True, names), Share("digits", "a-1", False, ()), Share("other", "b-0", True, ()))
    told = decode_configuration(agent_configuration(blueprint, replace(plan, shares=shares), agent))
    assert told.receivers == ("a-1",)
    assert {"a-0", "a-1"} <= set(told.agents)
    assert "b-0" not in told.agents
