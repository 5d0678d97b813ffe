"""Reasons of places that a search chose: what would change if the replica were on another node."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.planning.model.demand import AffinityRule, Edge
from rohe_iac.planning.model.plan import DECIDED_BY_SEARCH
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Wire
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex
from rohe_iac.planning.solvers import relocation
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.solvers.relocation import NO_OTHER_NODE, NOT_COMPARED, Relocation
from rohe_iac.planning.verification.verify import verify

ZONE = (("zone", "a"),)


def reasons(problem: Problem, places: dict[tuple[int, int], int]) -> list[str]:
    """Returns the reason of each replica (demand, index) on the node at that position."""
    indexed = IndexedProblem(problem)
    grants = {(DemandIndex(key[0]), key[1]): Grant(DemandIndex(key[0]), NodeIndex(at)) for key, at in places.items()}
    construction = Construction(indexed, "best-fit").adopt(list(indexed.demand_indices), grants, {})
    before = construction.worth(Relocation(construction)._objective)
    found = Relocation(construction)
    texts = [found.reason(decision) for decisions in construction.decisions for decision in decisions]
    assert construction.worth(found._objective) == before
    return texts


def test_the_first_term_that_would_get_worse_is_the_reason(world: Any) -> None:
    nodes = [world.node("a", cpu=1000), world.node("b", cpu=1000, cost=500_000)]
    demands = [world.demand("d", 2, cpu=500)]
    both = {(0, 0): 0, (0, 1): 0}
    assert reasons(world.problem(nodes, demands), both) == ["here because moving it to b would need a second node"] * 2
    cost = world.problem(nodes, demands, objective=("placed", "cost"))
    words = "here because moving it to b would raise the cost of the nodes from 0 to 0.5 an hour"
    assert reasons(cost, both) == [words] * 2
    balance = world.problem(nodes, demands, objective=("placed", "balance"))
    apart = {(0, 0): 0, (0, 1): 1}
    assert reasons(balance, apart) == [
        "here because moving it to b would spread the load less evenly",
        "here because moving it to a would spread the load less evenly",
    ]
    assert (
        reasons(balance, both) == ["placed by the search; moving it alone to b would spread the load more evenly"] * 2
    )


def test_a_preference_that_would_be_lost_is_the_reason(world: Any) -> None:
    other = world.demand("e", cpu=100, near=(AffinityRule(("service/p:d",), "node", required=False),))
    problem = world.problem([world.node("a"), world.node("b")], [world.demand("d", cpu=100), other])
    lost = "here because moving it to b would meet fewer preferences of services and nodes"
    assert reasons(problem, {(0, 0): 0, (1, 0): 0}) == [lost] * 2


def test_nodes_that_are_as_good_and_nodes_that_are_full_are_said(world: Any) -> None:
    demands = [world.demand("d", 3, cpu=400), world.demand("e", cpu=1000)]
    nodes = [world.node("a", cpu=1000), world.node("b", cpu=1000), world.node("c", cpu=1000)]
    found = reasons(world.problem(nodes, demands), {(0, 0): 0, (0, 1): 0, (0, 2): 1, (1, 0): 2})
    assert found[:2] == ["one of several nodes that are as good by every term of the objective (b too)"] * 2
    assert found[2:] == [NO_OTHER_NODE] * 2


def test_a_neighbour_that_would_be_left_keeps_a_replica_where_it_is(world: Any) -> None:
    close = AffinityRule(("service/p:d",), "node")
    demands = [world.demand("d", cpu=100), world.demand("e", cpu=100, near=(close,))]
    problem = world.problem([world.node("a"), world.node("b")], demands)
    assert reasons(problem, {(0, 0): 0, (1, 0): 0}) == [NO_OTHER_NODE] * 2


def test_beyond_a_number_of_nodes_reasons_name_no_other(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relocation, "MAX_ASKED", 0)
    nodes, demands = [world.node("a"), world.node("b")], [world.demand("d", 2, cpu=100)]
    both = {(0, 0): 0, (0, 1): 0}
    shared = "on a node that others use as well, so that no further one is needed"
    assert reasons(world.problem(nodes, demands), both) == [shared] * 2
    assert reasons(world.problem(nodes, demands, objective=("placed", "balance")), both) == [NOT_COMPARED] * 2


def test_only_a_search_has_such_reasons_and_only_with_explanations(world: Any) -> None:
    nodes = [world.node("a", cpu=4000), world.node("b", cpu=3000)]
    demands = [world.demand("big", 1, cpu=3000), world.demand("small", 4, cpu=900)]
    problem = world.problem(nodes, demands, strategy="portfolio")
    explained, bare = plan(problem), plan(problem, explain=False)
    searched = [item.reason for item in explained.placements if item.decided == DECIDED_BY_SEARCH]
    assert searched
    assert not any(reason.startswith("chosen") for reason in searched)
    places = [(item.replica, item.node) for item in explained.placements]
    assert [(item.replica, item.node) for item in bare.placements] == places
    assert {item.reason for item in bare.placements} <= {"chosen by the search", "the only suitable node"}


def test_a_node_that_takes_a_replica_only_beside_later_ones_is_one_of_several(world: Any) -> None:
    nodes = [world.node("n03", 6100, cores=(), labels=(("zone", "b"),)), world.node("n04", 6100, cores=(), labels=ZONE)]
    demands = [world.demand("s05", 1, 944), world.demand("s06", 1, 2500), world.demand("s07", 2, 649)]
    demands.append(world.demand("s08", 1, 2092))
    links = {
        "wires": (Wire("w01", ("zone/a", "zone/b"), 8000, 10),),
        "edges": (Edge("service/p:s07", "service/p:s08", None, 20),),
    }
    decided = plan(problem := world.problem(nodes, demands, strategy="portfolio", **links))
    assert len(decided.placements) == 5
    assert [item.replica for item in decided.placements if "the only" in item.reason and item.runner_up] == []
    assert verify(problem, decided) == ()
