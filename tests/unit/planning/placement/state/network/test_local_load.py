"""Claims about what a flow within domains puts on the links inside of them."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import Edge
from rohe_iac.planning.model.supply import Wire
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.network.local_load import LocalLoad


def _indexed(world: Any, within: str = "zone") -> IndexedProblem:
    nodes = [
        world.node(f"{zone}-{number}", labels=(("zone", zone), ("row", str(number % 2))))
        for zone in "ab"
        for number in range(3)
    ]
    demands = [world.demand("camera", 4, cpu=10), world.demand("detect", 3, cpu=10)]
    edge = Edge("service/p:camera", "service/p:detect", bandwidth=100_000, within=within)
    wires = (Wire("a", ("zone/a", "zone/a"), 0, 10**6), Wire("between", ("zone/a", "zone/b"), 0, 10**6))
    return IndexedProblem(world.problem(nodes, demands, wires=wires, edges=(edge,)))


def test_each_sender_shares_its_part_among_the_receivers_of_its_domain(world: Any) -> None:
    indexed = _indexed(world)
    ledger = Ledger(indexed)
    camera, detect = 0, 1
    for demand, node in ((camera, 0), (camera, 0), (camera, 3), (detect, 1), (detect, 4)):
        ledger.take(demand, node)
    # Two of four senders are in zone a: half of the bandwidth. Zone b has no link inside.
    assert 10**6 - ledger.free_bandwidth(0) == 50_000
    assert ledger.free_bandwidth(1) == 10**6
    # A second receiver on the same node as the senders takes half of it off the link.
    assert ledger.loads(detect, 0) == {0: -25_000}
    ledger.take(detect, 0)
    assert 10**6 - ledger.free_bandwidth(0) == 25_000
    # One more sender puts half of its part on the link, for the other half goes to its own node.
    assert ledger.loads(camera, 0) == {0: 12_500}


def test_what_is_released_loads_no_link(world: Any) -> None:
    indexed = _indexed(world)
    ledger = Ledger(indexed)
    grants = [ledger.take(demand, node) for demand, node in ((0, 0), (1, 1), (1, 2))]
    assert ledger.free_bandwidth(0) == 10**6 - 2 * 12_500
    for grant in grants:
        ledger.release(grant)
    assert ledger.free_bandwidth(0) == 10**6


def test_nodes_of_one_zone_may_be_in_several_domains_of_a_label(world: Any) -> None:
    load = LocalLoad(0, 1, 100_000, 4, "row")
    indexed = _indexed(world, "row")
    # Node a-0 and b-0 are in row 0, a-1 in row 1.
    routes, rows = indexed.routes, indexed.domains["row"]
    assert load.of_links(routes, rows, [{0: 1}, {1: 1}]) == {}
    assert load.of_links(routes, rows, [{0: 1}, {3: 1}]) == {1: 25_000}
    assert load.of_links(routes, rows, [{0: 1}, {3: 1}], (1, 2)) == {0: 12_500, 1: 12_500}
