"""Replicas that could stay move only for a gain that is worth it, and the plan says which."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.planning.model.plan import Gain
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.move_gain import is_worth_moving, move_gain
from rohe_iac.planning.solvers.planner import plan


@pytest.mark.parametrize(
    ("gain", "worth"),
    [
        (Gain(1, "slack", 500, 600), True),
        (Gain(1, "slack", 500, 599), False),
        (Gain(9, "cost", 100, 98), True),
        (Gain(9, "cost", 1000, 981), False),
        (Gain(9, "balance", 1000, 981), False),
        (Gain(9, "nodes", 100, 99), True),
        (Gain(9, "wishes", 0, 1), True),
    ],
)
def test_little_slack_cost_or_balance_is_not_worth_a_move(gain: Gain, worth: bool) -> None:
    assert is_worth_moving(gain) == worth


def test_the_first_term_that_differs_is_what_moves_gain(world: Any) -> None:
    indexed = IndexedProblem(
        world.problem([world.node("n0"), world.node("n1")], [world.demand("a", 2, 1000)], objective=("placed", "nodes"))
    )
    queue = service_order(indexed)
    apart = Construction(indexed, "worst-fit").run(queue, {})
    together = Construction(indexed, "best-fit").run(queue, {})
    objective = LexicographicObjective(indexed, {replica: grant.node for replica, grant in apart.grants().items()})
    assert move_gain(objective, apart, together) == Gain(1, "nodes", 2, 1)
    assert move_gain(objective, apart, apart) is None
    assert move_gain(objective, together, apart) is None


def test_a_plan_says_for_what_replicas_move_that_could_stay(world: Any) -> None:
    nodes = [world.node("n0", cpu=3000), world.node("n1", cpu=1000)]
    small = world.demand("small", cpu=1000)
    for strategy in ("best-fit", "portfolio"):
        first = plan(world.problem([nodes[0]], [small], strategy=strategy))
        after = plan(world.problem(nodes, [small, world.demand("big", cpu=3000)], strategy=strategy), first)
        assert after.gain == Gain(1, "placed", 1, 2)
        assert plan(world.problem(nodes, [small], strategy=strategy), first).gain is None
