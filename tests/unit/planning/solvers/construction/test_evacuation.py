"""Claims about nodes that are freed with few moves."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.planning.model.demand import AffinityRule
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.construction import evacuation
from rohe_iac.planning.solvers.construction.evacuation import Evacuation


def standing(world: Any, on: dict[str, tuple[int, int]], nodes: int, **rules: Any) -> tuple[IndexedProblem, Evacuation]:
    """Returns nodes of one core with a service of one replica for each name, of these millicores on this node."""
    demands = [world.demand(name, cpu=cpu, **rules.get(name, {})) for name, (cpu, _) in on.items()]
    indexed = IndexedProblem(world.problem([world.node(f"n{number}", cpu=1000) for number in range(nodes)], demands))
    ledger = Ledger(indexed)
    places = {(indexed.index[f"service/p:{name}"], 0): node for name, (_, node) in on.items()}
    return indexed, Evacuation(indexed, {replica: ledger.take(replica[0], node) for replica, node in places.items()})


def where(indexed: IndexedProblem, found: Evacuation) -> dict[str, int]:
    return {indexed.demands[demand].service: grant.node for (demand, _), grant in found.grants.items()}


SCATTERED = {"a": (500, 0), "b": (300, 0), "c": (700, 1), "d": (200, 2), "e": (150, 2)}
"""The node of two small replicas is freed with two moves; that of `c` would need chains."""


def test_nodes_with_few_replicas_are_freed_and_no_empty_node_is_opened(world: Any) -> None:
    indexed, found = standing(world, {**SCATTERED, "f": (50, 3)}, 5)
    found.free_one_by_one(None)
    assert {"a": 0, "b": 0, "f": 0}.items() <= where(indexed, found).items()
    assert len({*where(indexed, found).values()}) == 2
    assert {*where(indexed, found).values()} < {0, 1, 2}


@pytest.mark.parametrize(("most", "used"), [(0, 3), (1, 3), (2, 2), (None, 2)])
def test_no_more_replicas_move_than_allowed(world: Any, most: int | None, used: int) -> None:
    indexed, found = standing(world, SCATTERED, 3)
    found.free_one_by_one(most)
    assert len(set(where(indexed, found).values())) == used


def test_given_nodes_are_freed_together_or_nothing_moves(world: Any) -> None:
    indexed, found = standing(world, SCATTERED, 3)
    before = where(indexed, found)
    assert not found.free({1, 2})
    assert where(indexed, found) == before
    assert found.free({2})
    assert 2 not in where(indexed, found).values()


def test_a_node_stays_in_use_whose_replica_others_are_near(world: Any) -> None:
    near = {"near": (AffinityRule(("service/p:d",), "node"),)}
    _, found = standing(world, SCATTERED, 3, e=near)
    assert not found.free({2})


def test_the_checks_of_all_nodes_together_are_bounded(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evacuation, "MAX_CHECKS", -1)
    indexed, found = standing(world, {"a": (600, 0), "b": (600, 1), "c": (300, 0), "d": (300, 1), "e": (150, 2)}, 3)
    found.free_one_by_one(None)
    assert len(set(where(indexed, found).values())) == 3
