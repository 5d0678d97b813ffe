"""The rules avoid and near: who is in a domain, who comes first, and the same as masks."""

from __future__ import annotations

import random
from typing import Any

from drawing import generator

from rohe_iac.planning.model.demand import AffinityRule
from rohe_iac.planning.placement.rules.affinity import AVOID, NEAR, avoided_is_there, lacks_neighbour, near_holds
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def to(name: str, key: str) -> tuple[AffinityRule, ...]:
    return (AffinityRule((f"service/p:{name}",), key),)


def test_a_service_that_others_avoid_avoids_them_as_well(world: Any) -> None:
    nodes = [world.node("n0", labels=(("zone", "a"),)), world.node("n1", labels=(("zone", "b"),)), world.node("n2")]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("a", avoid=to("b", "zone")), world.demand("b")]))
    ledger = Ledger(indexed)
    ledger.take(1, 0)
    assert [avoided_is_there(indexed, ledger, 0, node) for node in range(3)] == [True, False, True]
    assert AVOID.words(indexed, ledger, 0, 0) == "avoid: service/p:b is in this zone"
    assert AVOID.words(indexed, ledger, 0, 2) == "avoid: the node has no label zone"
    ledger = Ledger(indexed)
    ledger.take(0, 1)
    assert [avoided_is_there(indexed, ledger, 1, node) for node in range(3)] == [False, True, False]


def test_the_first_of_services_near_each_other_may_go_anywhere_and_the_next_follows(world: Any) -> None:
    nodes = [world.node("n0"), world.node("n1")]
    demands = [world.demand("a", near=to("b", "node")), world.demand("b", near=to("a", "node"))]
    indexed = IndexedProblem(world.problem(nodes, demands))
    ledger = Ledger(indexed)
    assert [lacks_neighbour(indexed, ledger, 0, node) for node in (0, 1)] == [True, True]
    ledger.pending = {1}
    assert [lacks_neighbour(indexed, ledger, 0, node) for node in (0, 1)] == [False, False]
    ledger.take(0, 1)
    assert [lacks_neighbour(indexed, ledger, 1, node) for node in (0, 1)] == [True, False]
    assert NEAR.words(indexed, ledger, 1, 0) == "near: service/p:a is not in this node"


def test_a_replica_that_is_there_is_not_near_itself(world: Any) -> None:
    indexed = IndexedProblem(world.problem([world.node("n0"), world.node("n1")],
                                           [world.demand("a", 2, near=to("a", "node"))]))  # fmt: skip
    ledger = Ledger(indexed)
    ledger.take(0, 0)
    assert near_holds(indexed, ledger, 0, (0,), "node", 0)
    assert near_holds(indexed, ledger, 0, (0,), "node", 0, stands=True)
    ledger.take(0, 1)
    assert not near_holds(indexed, ledger, 0, (0,), "node", 0, stands=True)
    ledger.take(0, 0)
    assert near_holds(indexed, ledger, 0, (0,), "node", 0, stands=True)


def test_masks_refuse_the_same_nodes(world: Any, coupling_agreement: Any) -> None:
    found = set()
    for seed in range(12):
        drawn = generator(seed)
        nodes = [world.node(f"n{i}", labels=drawn.choice([(), (("zone", "a"),), (("zone", "b"),)])) for i in range(4)]

        def rule(drawn: random.Random = drawn) -> tuple[AffinityRule, ...]:
            return to(drawn.choice("abcd"), drawn.choice(["node", "zone"])) if drawn.random() < 0.5 else ()

        demands = [world.demand(name, drawn.randint(0, 2), avoid=rule(), near=rule()) for name in "abc"]
        found |= set(coupling_agreement(world.problem(nodes, demands), seed))
    assert {"", "avoid", "near"} == found
