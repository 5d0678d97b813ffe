"""Plans that survive failures: which nodes are kept free and whose spread is relaxed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rohe_iac.planning.model.plan import Plan, Relaxed
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.plan_building import build_plan
from rohe_iac.planning.solvers.resilience.survival import surviving_plan


class GreedyReplan:
    """Plans by one greedy pass and records the conditions."""

    def __init__(self, problem: Problem, strategy: str = "best-fit") -> None:
        self.problem, self.strategy = problem, strategy
        self.asked: list[tuple[tuple[str, ...], dict[str, int]]] = []

    def __call__(self, spare: Collection[str], relaxed: Mapping[str, int], /) -> Plan:
        self.asked.append((tuple(spare), dict(relaxed)))
        indexed = IndexedProblem(self.problem, None, frozenset(spare), relaxed)
        return build_plan(Construction(indexed, self.strategy).run(service_order(indexed), {}), None)


def test_where_no_failure_has_to_be_survived_there_is_one_plan(world: Any) -> None:
    problem = world.problem([world.node("n1")], [world.demand("d", 2, cpu=500)])
    replan = GreedyReplan(problem)
    assert surviving_plan(problem, replan, NO_PLUGINS).relaxed == ()
    assert replan.asked == [((), {})]


def test_a_spread_that_leaves_replicas_out_is_relaxed_by_halves(world: Any) -> None:
    problem = world.problem([world.node("n1"), world.node("n2")], [world.demand("d", 5, cpu=500)], survive=2)
    replan = GreedyReplan(problem)
    plan = surviving_plan(problem, replan, NO_PLUGINS)
    assert (len(plan.placements), plan.relaxed) == (5, (Relaxed("service/p:d", 1),))
    assert replan.asked[:2] == [((), {}), ((), {"service/p:d": 1})]


def test_a_node_is_kept_free_where_the_plan_survives_only_so(world: Any) -> None:
    nodes = [world.node(f"n{number}", cpu=4000) for number in range(4)]
    demands = [world.demand(name, cpu=size) for name, size in {"a": 3500, "b": 3500, "d": 1000, "e": 1000}.items()]
    problem = world.problem(nodes, demands, survive=1)
    plan = surviving_plan(problem, GreedyReplan(problem, "worst-fit"), NO_PLUGINS)
    assert (plan.spare, plan.losses) == ("n0", ())
    assert "n0" not in {placement.node for placement in plan.placements}
