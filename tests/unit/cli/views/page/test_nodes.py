"""Nodes as cards and groups of a page."""

from __future__ import annotations

import pytest

from rohe_iac.cli.views.page import nodes
from rohe_iac.cli.views.page.keys import WorkloadKeys
from rohe_iac.cli.views.page.nodes import bars_of, cards_of, groups_of, idle_of, zone_of
from rohe_iac.usecases.plans.analysis import AnalysedPlan

KEYS = WorkloadKeys(())


def test_nodes_with_replicas_come_first_and_show_each_of_them(cctvs: AnalysedPlan) -> None:
    problem, plan = cctvs.planfile.problem, cctvs.planfile.plan
    cards = cards_of(problem, plan, KEYS, fullest=None)
    assert len(cards) == 3
    assert sum(card.replicas for card in cards) == len(plan.placements)
    assert sum(len(group.replicas) for card in cards for group in card.groups) == len(plan.placements)
    first = cards[0]
    assert first.name == "jetson-nano-01"
    assert [bar.name for bar in first.bars[:2]] == ["cpu", "memory"]
    assert len(first.cores) == 4
    assert first.peaks == "3368m of 4000m at the peaks"
    opening, others = first.groups
    assert "tightest fit among 3 suitable nodes, first by name of equal scores" in opening.reason
    assert others.name == "cctvs:object-detection ×7"
    assert others.takes == "cpu 66m, memory 325.9Mi each"
    assert [replica.takes.split(", ")[1] for replica in others.replicas] == ["GPU0 6.57%"] * 7
    assert len({replica.takes for replica in others.replicas}) == 7


def test_equal_nodes_without_replicas_are_together(cctvs: AnalysedPlan) -> None:
    problem, plan = cctvs.planfile.problem, cctvs.planfile.plan
    idle = idle_of(problem, plan)
    used = {placement.node for placement in plan.placements}
    assert sorted(name for item in idle for name in item.names) == sorted({node.name for node in problem.nodes} - used)
    assert len({(item.kind, item.zone, item.cpu, item.rss) for item in idle}) == len(idle)


def test_no_core_is_shown_where_none_is_taken(digits: AnalysedPlan) -> None:
    cards = cards_of(digits.planfile.problem, digits.planfile.plan, KEYS, fullest=None)
    assert [card.cores for card in cards] == [(), (), ()]


def test_only_the_fullest_nodes_can_be_asked_for(cctvs: AnalysedPlan) -> None:
    problem, plan = cctvs.planfile.problem, cctvs.planfile.plan
    (card,) = cards_of(problem, plan, KEYS, fullest=1)
    assert card.name == "jetson-nano-01"


def test_groups_sum_up_their_nodes(cctvs: AnalysedPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, plan = cctvs.planfile.problem, cctvs.planfile.plan
    groups = groups_of(problem, plan)
    assert sum(group.nodes for group in groups) == len(problem.nodes)
    assert sum(group.replicas for group in groups) == len(plan.placements)
    assert {group.zone for group in groups} == {zone_of(node) for node in problem.nodes}
    monkeypatch.setattr(nodes, "MAX_GROUPS", 2)
    assert all(nodes.ALL in (group.kind, group.zone) for group in groups_of(problem, plan))


def test_bars_are_those_of_the_named_nodes(digits: AnalysedPlan) -> None:
    found = bars_of(digits.planfile.problem, digits.planfile.plan, KEYS, ["pi-1", "gone"])
    assert {name: [bar.name for bar in bars] for name, bars in found.items()} == {"pi-1": ["cpu", "memory"]}
