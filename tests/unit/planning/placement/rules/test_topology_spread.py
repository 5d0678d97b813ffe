"""The rules about domains: full ones, skewed ones, nodes without the label, and the same as masks."""

from __future__ import annotations

from typing import Any

from drawing import generator

from rohe_iac.planning.model.demand import SkewRule, SpreadRule
from rohe_iac.planning.placement.rules.topology_spread import SKEW, SPREAD, domain_full, skewed
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


def test_a_domain_takes_no_more_than_the_skew_above_the_one_with_fewest(world: Any) -> None:
    nodes = [world.node(f"n{i}", labels=(("zone", zone),)) for i, zone in enumerate("abc")]
    nodes += [world.node("n3"), world.node("n4", labels=(("zone", "d"),), status="down")]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("d", 6, skews=(SkewRule("zone", 1),))]))
    ledger = Ledger(indexed)
    ledger.take(0, 0)
    # Zone d has no node that runs, and does not count; it would else always have none.
    assert [skewed(indexed, ledger, 0, node) for node in range(4)] == [True, False, False, True]
    assert SKEW.words(indexed, ledger, 0, 0) == "skew: 1 in this zone and 0 in another, one more is over maxSkew 1"
    assert SKEW.words(indexed, ledger, 0, 3) == "skew: the node has no label zone"
    ledger.take(0, 1)
    ledger.take(0, 2)
    assert not skewed(indexed, ledger, 0, 0)
    assert indexed.skews.overfull(ledger, 0) is None
    ledger.take(0, 0)
    ledger.take(0, 0)
    assert indexed.skews.overfull(ledger, 0) == ("zone", 0)


def test_masks_refuse_the_same_nodes(world: Any, coupling_agreement: Any) -> None:
    found = set()
    for seed in range(8):
        drawn = generator(seed)
        nodes = [world.node(f"n{i}", labels=drawn.choice([(), (("zone", "a"),), (("zone", "b"),)])) for i in range(4)]
        demands = [world.demand(name, 3, spread=tuple(
            SpreadRule(key, drawn.randint(1, 2)) for key in drawn.sample(["node", "zone"], drawn.randint(0, 2))
        )) for name in "ab"]  # fmt: skip
        demands.append(world.demand("c", 4, skews=(SkewRule(drawn.choice(["node", "zone"]), 1),)))
        found |= set(coupling_agreement(world.problem(nodes, demands), seed))
    assert {"", "spread", "skew"} == found
