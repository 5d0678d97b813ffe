"""Repair of a pass: replicas without their required neighbour, and replicas that fit later."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import AffinityRule
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.repair import drop_unsupported, repair


def near(name: str) -> tuple[AffinityRule, ...]:
    return (AffinityRule((f"service/p:{name}",), "node"),)


def construction(world: Any, *demands: Any, cpu: int = 2000) -> Construction:
    indexed = IndexedProblem(world.problem([world.node("n", cpu=cpu)], list(demands)))
    return Construction(indexed, "best-fit").run(range(len(demands)), {})


def placed(found: Construction) -> list[int]:
    return [len(decisions) for decisions in found.decisions]


def test_replicas_are_dropped_along_a_chain_of_missing_neighbours(world: Any) -> None:
    demands = [
        world.demand("a", cpu=500, near=near("b")),
        world.demand("b", cpu=500, near=near("c")),
        world.demand("c", cpu=3000, near=near("a")),
    ]
    found = construction(world, *demands)
    assert placed(found) == [1, 1, 0]
    assert drop_unsupported(found)
    assert placed(found) == [0, 0, 0]
    assert found.ledger.cpu == [2000]
    assert not drop_unsupported(found)


def test_what_dropped_replicas_leave_is_given_to_unplaced_ones_which_are_late(world: Any) -> None:
    demands = [
        world.demand("a", cpu=1500, near=near("b")),
        world.demand("b", cpu=3000, near=near("a")),
        world.demand("c", cpu=1500),
    ]
    found = construction(world, *demands)
    assert placed(found) == [1, 0, 0]
    repair(found, range(3))
    assert placed(found) == [0, 0, 1]
    assert found.late == {(2, 0)}


def test_retried_replicas_are_taken_back_where_the_objective_is_worth_less_with_them(world: Any) -> None:
    demands = [
        world.demand("a", cpu=1500, near=near("b")),
        world.demand("b", cpu=3000, near=near("a")),
        world.demand("c", cpu=1500),
    ]
    found = construction(world, *demands)

    class FewestReplicas(LexicographicObjective):
        def worth(self, placed: Any) -> tuple[int, ...]:
            return (-len(list(placed)),)

    repair(found, range(3), FewestReplicas(found.indexed, {}))
    assert placed(found) == [0, 0, 0]
    assert (found.unplaced[2], found.late) == ([0], set())
