"""Why other nodes were not used: the same for a new plan and for the plan of what is applied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.planning.model.plan import Refusals
from rohe_iac.planning.questions.analysis import other_nodes as module
from rohe_iac.planning.questions.analysis.other_nodes import other_nodes
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.usecases.plans.plan import decide

EXAMPLES = Path(__file__).parents[5] / "examples"


@pytest.mark.parametrize("example", ["digits", "cctvs", "kpi"])
def test_no_node_that_runs_the_workload_is_listed_and_applying_changes_nothing(example: str) -> None:
    decision = decide(EXAMPLES / example)
    problem, new = decision.problem, decision.plan
    applied = plan(problem, new)
    nodes = {item.replica: item.node for item in new.placements}
    assert {item.replica: item.node for item in applied.placements} == nodes
    found = other_nodes(problem, new)
    assert any(refusals.by_rule for refusals in found)
    assert other_nodes(problem, applied) == found
    for refusals in found:
        running = {item.node for item in new.placements if item.workload == refusals.workload}
        assert not running & {near.node for near in refusals.closest}
        assert sum(count for _, count in refusals.by_rule) <= len(problem.nodes) - len(running)


def test_all_nodes_refuse_a_replica_without_a_node() -> None:
    decision = decide(EXAMPLES / "digits")
    problem = decision.problem
    demands = tuple(
        replace(demand, replicas=9) if demand.workload.endswith("svm") else demand for demand in problem.demands
    )
    crowded = replace(problem, demands=demands)
    found = plan(crowded)
    assert found.unplaced
    refusals = next(item for item in other_nodes(crowded, found) if item.workload == found.unplaced[0].workload)
    assert sum(count for _, count in refusals.by_rule) == len(problem.nodes)


def test_where_there_are_too_many_pairs_the_plan_itself_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    decision = decide(EXAMPLES / "digits")
    applied = plan(decision.problem, decision.plan)
    monkeypatch.setattr(module, "MAX_PAIRS", 0)
    for refusals in other_nodes(decision.problem, applied):
        assert isinstance(refusals, Refusals)
        running = {item.node for item in applied.placements if item.workload == refusals.workload}
        assert not running & {near.node for near in refusals.closest}
