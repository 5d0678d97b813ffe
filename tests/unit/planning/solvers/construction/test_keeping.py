"""Replicas that can stay on their node do, with the cores that they had where these are free."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import SkewRule
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex
from rohe_iac.planning.solvers.construction.keeping import keep, keep_exactly
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.construction.settle import settle

NODE = NodeIndex(0)


def test_cores_stay_and_are_dealt_out_anew_before_a_replica_moves(world: Any) -> None:
    node = world.node("n0", cpu=2000)
    demands = [world.demand("a", 2, 400, cores=(400,)), world.demand("b", 1, 1000, cores=(1000,))]
    indexed = IndexedProblem(world.problem([node], demands))
    a, b = DemandIndex(0), DemandIndex(1)
    standing = {(a, 0): Grant(a, NODE, ((0, 400),)), (a, 1): Grant(a, NODE, ((1, 400),))}
    decisions, waiting = keep(indexed, Ledger(indexed), service_order(indexed), standing)
    assert [decision.cores for decision in decisions[a]] == [((0, 400),), ((1, 400),)]
    assert list(waiting[b]) == [0]
    # A replica that asks for a whole core of its node stays: one of the others goes to another core, none to a node.
    decisions, waiting = keep(indexed, Ledger(indexed), service_order(indexed), {**standing, (b, 0): Grant(b, NODE)})
    assert not any(waiting.values())
    assert sorted(core for decision in decisions[a] for core, _ in decision.cores) in ([0, 0], [1, 1])


def test_a_node_without_cores_keeps_no_replica_that_now_asks_for_some(world: Any) -> None:
    indexed = IndexedProblem(world.problem([world.node("n0", cores=())], [world.demand("a", 1, 400, cores=(400,))]))
    standing = {(DemandIndex(0), 0): Grant(DemandIndex(0), NODE)}
    decisions, waiting = keep(indexed, Ledger(indexed), service_order(indexed), standing)
    assert (decisions[0], list(waiting[DemandIndex(0)])) == ([], [0])


def test_a_node_without_the_label_keeps_no_replica_that_is_now_spread_evenly_over_it(world: Any) -> None:
    zone = (("zone", "a"),)
    nodes = [world.node("n0"), world.node("n1", labels=zone)]
    demand = world.demand("a", 2, 400, skews=(SkewRule("zone", 1),))
    indexed = IndexedProblem(world.problem(nodes, [demand]))
    standing = {(DemandIndex(0), index): Grant(DemandIndex(0), NodeIndex(index)) for index in (0, 1)}
    decisions, waiting = keep(indexed, Ledger(indexed), service_order(indexed), standing)
    assert ([decision.index for decision in decisions[0]], list(waiting[DemandIndex(0)])) == ([1], [0])


def test_what_stands_exactly_is_booked_as_it_is(world: Any) -> None:
    indexed = IndexedProblem(world.problem([world.node("n0")], [world.demand("a", 2, 400, cores=(400,))]))
    stood = Grant(DemandIndex(0), NODE, ((3, 400),))
    ledger = Ledger(indexed)
    decisions, waiting = keep_exactly(indexed, ledger, service_order(indexed), {(DemandIndex(0), 1): stood})
    assert [(decision.index, decision.cores) for decision in decisions[0]] == [(1, ((3, 400),))]
    assert list(waiting[DemandIndex(0)]) == [0]
    assert ledger.cores[0][3] == 600


def test_cores_that_a_search_dealt_out_anew_are_settled_to_those_before(world: Any) -> None:
    indexed = IndexedProblem(world.problem([world.node("n0")], [world.demand("a", 2, 400, cores=(400,))]))
    a = DemandIndex(0)
    found = {(a, 0): Grant(a, NODE, ((0, 400),)), (a, 1): Grant(a, NODE, ((1, 400),))}
    before = {(a, 0): Grant(a, NODE, ((3, 400),))}
    assert settle(indexed, found, before)[a, 0].cores == ((3, 400),)
    full = {(a, 0): Grant(a, NODE, ((9, 400),))}
    assert settle(indexed, found, full) == found
