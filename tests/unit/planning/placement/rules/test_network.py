"""The rules latency and bandwidth: links to placed peers, their words, and the same as masks over places."""

from __future__ import annotations

from typing import Any

from drawing import generator

from rohe_iac.planning.model.demand import Edge
from rohe_iac.planning.model.supply import Wire
from rohe_iac.planning.placement.rules.network import (
    BANDWIDTH,
    LATENCY,
    link_too_narrow,
    link_too_slow,
    network_refusal,
)
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def test_latency_and_bandwidth_say_which_link_is_too_slow_or_too_narrow(world: Any) -> None:
    nodes = [world.node(f"n{zone}", labels=(("zone", zone),)) for zone in "abc"]
    wire = Wire("backhaul", ("zone/a", "zone/b"), latency=8000, bandwidth=1000)
    demands = [world.demand("x"), world.demand("y")]

    def of(**edge: int) -> tuple[IndexedProblem, Ledger]:
        edges = [Edge("service/p:x", "service/p:y", **edge)]
        indexed = IndexedProblem(world.problem(nodes, demands, wires=[wire], edges=edges))
        ledger = Ledger(indexed)
        ledger.take(0, 0)
        return indexed, ledger

    indexed, ledger = of(latency=7000)
    assert [network_refusal(indexed, ledger, 1, node) for node in range(3)] == ["", "latency", "latency"]
    assert link_too_slow(indexed, ledger, 1, 1)
    assert LATENCY.words(indexed, ledger, 1, 1) == "latency: 1 ms over 7 ms to service/p:x on na"
    assert LATENCY.words(indexed, ledger, 1, 2) == "latency: no link to service/p:x on na"
    indexed, ledger = of(latency=8000, bandwidth=1500)
    assert [network_refusal(indexed, ledger, 1, node) for node in range(3)] == ["", "bandwidth", "latency"]
    assert link_too_narrow(indexed, ledger, 1, 1)
    assert BANDWIDTH.words(indexed, ledger, 1, 1) == "bandwidth: 500 of 1500 bit/s missing on backhaul"


def test_a_node_on_which_a_link_ends_is_a_place_of_its_own(world: Any) -> None:
    nodes = [world.node(f"n{i}", labels=(("zone", "a"),)) for i in range(3)]
    indexed = IndexedProblem(world.problem(nodes, [], wires=[Wire("w", ("node/n1", "zone/a"))]))
    assert indexed.places == [0, 1, 0]


def test_masks_refuse_the_same_nodes(world: Any, coupling_agreement: Any) -> None:
    found = set()
    for seed in range(12):
        drawn = generator(seed)
        nodes = [world.node(f"n{i}", labels=(("zone", drawn.choice("abc")),)) for i in range(5)]
        wires = [Wire("ab", ("zone/a", "zone/b"), 4000, 100), Wire("bc", ("zone/b", "zone/c"), 9000),
                 Wire("n0", ("node/n0", "zone/a"), 6000)]  # fmt: skip
        edges = [Edge("service/p:x", "service/p:y", drawn.choice([None, 5000]), drawn.choice([None, 250])),
                 Edge("service/p:y", "service/p:z", drawn.choice([None, 7000]))]  # fmt: skip
        promises = [world.promise(drawn.choice([6000, 9000]), "x", "y", "z")]
        demands = [world.demand(name, drawn.randint(0, 2)) for name in "xyz"]
        problem = world.problem(nodes, demands, wires=wires, edges=edges, promises=promises)
        found |= set(coupling_agreement(problem, seed))
    assert {"", "latency", "bandwidth", "budget"} == found
