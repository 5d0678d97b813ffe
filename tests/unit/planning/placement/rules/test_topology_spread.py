"""The rule about spread: full domains, nodes without the label, and the same as masks."""

from __future__ import annotations

from typing import Any

from drawing import generator

from rohe_iac.planning.model.demand import SpreadRule
from rohe_iac.planning.placement.rules.topology_spread import SPREAD, domain_full
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def test_a_domain_takes_as_many_replicas_as_its_limit_and_a_node_without_the_label_none(world: Any) -> None:
    nodes = [world.node(f"n{i}", labels=(("zone", "a"),)) for i in range(2)] + [world.node("n2")]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("d", 3, spread=(SpreadRule("zone", 2),))]))
    ledger = Ledger(indexed)
    ledger.take(0, 0)
    assert [domain_full(indexed, ledger, 0, node) for node in range(3)] == [False, False, True]
    assert SPREAD.words(indexed, ledger, 0, 2) == "spread: the node has no label zone"
    ledger.take(0, 1)
    assert [domain_full(indexed, ledger, 0, node) for node in range(3)] == [True, True, True]
    assert SPREAD.words(indexed, ledger, 0, 0) == "spread: 2 in this zone already"


def test_masks_refuse_the_same_nodes(world: Any, coupling_agreement: Any) -> None:
    found = set()
    for seed in range(8):
        drawn = generator(seed)
        nodes = [world.node(f"n{i}", labels=drawn.choice([(), (("zone", "a"),), (("zone", "b"),)])) for i in range(4)]
        demands = [world.demand(name, 3, spread=tuple(
            SpreadRule(key, drawn.randint(1, 2)) for key in drawn.sample(["node", "zone"], drawn.randint(0, 2))
        )) for name in "ab"]  # fmt: skip
        found |= set(coupling_agreement(world.problem(nodes, demands), seed))
    assert {"", "spread"} == found
