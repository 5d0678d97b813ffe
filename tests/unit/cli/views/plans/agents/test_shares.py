"""Claims about how a plan shows which agent judges and whom each agent hears."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.plans.agents.shares import share_rows, shares_on_one_node
from rohe_iac.cli.views.plans.plan import PlanView
from rohe_iac.cli.views.plans.plan_markdown import markdown_of
from rohe_iac.planning.model.share import Share
from rohe_iac.usecases.plans.analysis import AnalysedPlan


@pytest.fixture
def shared(digits: AnalysedPlan) -> AnalysedPlan:
    """The plan of the example digits as if two agents had shared its reports."""
    plan = digits.planfile.plan
    agent = next(item for item in plan.placements if item.workload == "agent/digits")
    placements = (*plan.placements, msgspec_copy(agent, replica="agent/digits/1", instance="rohe-agent-digits-1"))
    shares = (
        Share("digits", "rohe-agent-digits-0", True, ("camera-0",), 40_000, "judges, so it hears less: all of camera"),
        Share("digits", "rohe-agent-digits-1", False, ("classify-svm-0", "classify-svm-1"), 0, "2 of 4 of classify"),
    )
    return AnalysedPlan(
        replace(digits.planfile, plan=replace(plan, placements=placements, shares=shares)), digits.before, digits.agents
    )


def msgspec_copy(item: Any, **more: Any) -> Any:
    return type(item)(**{**{name: getattr(item, name) for name in item.__struct_fields__}, **more})


def test_each_agent_has_a_row_with_role_load_and_reason(shared: AnalysedPlan) -> None:
    node = next(item.node for item in shared.planfile.plan.placements if item.workload == "agent/digits")
    assert list(share_rows(shared.planfile.plan)) == [
        ("rohe-agent-digits-0", node, "judges", "1", "40/s", "judges, so it hears less: all of camera"),
        ("rohe-agent-digits-1", node, "receives", "2", "", "2 of 4 of classify"),
    ]
    words = f"2 agents of digits are on {node}: if it fails, these 2 are gone"
    assert list(shares_on_one_node(shared.planfile.plan)) == [words]


@pytest.mark.parametrize("width", [80, 140])
def test_the_screen_and_the_page_of_a_pull_request_show_shares(
    shared: AnalysedPlan, new_screen: Any, width: int
) -> None:
    screen, printed = new_screen(width, terminal=True)
    PlanView(screen).show(shared, PageOutput.human)
    text = " ".join(printed().split())
    assert "Agents that share the reports of a pipeline" in text
    assert "rohe-agent-digits-1" in text
    assert "2 of 4 of classify" in text
    assert any("| rohe-agent-digits-1 |" in line for line in markdown_of(shared))


def test_a_plan_without_shares_says_nothing_of_them(digits: AnalysedPlan, new_screen: Any) -> None:
    screen, printed = new_screen(140, terminal=True)
    PlanView(screen).show(digits, PageOutput.human)
    assert "Agents that share" not in printed()
    assert not any("Agents that share" in line for line in markdown_of(digits))
