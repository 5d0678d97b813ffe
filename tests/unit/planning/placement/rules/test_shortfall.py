"""Shortfalls: rules are summed up, the first one names the refusal, and the words name all of them."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import SpreadRule
from rohe_iac.planning.placement.rules.filters import refusal, refusal_to_stay
from rohe_iac.planning.placement.rules.shortfall import shortage, shortfall
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def test_all_that_is_missing_is_named_and_summed_up_and_the_first_rule_refuses(world: Any) -> None:
    node = world.node("n1", cpu=1000, rss=2**30, status="cordoned")
    demand = world.demand("d", 2, cpu=4000, rss=2**31, spread=(SpreadRule("zone", 1),))
    indexed = IndexedProblem(world.problem([node], [demand]))
    ledger = Ledger(indexed)
    rule, words, total = shortage(indexed, ledger, 0, 0)
    assert rule == refusal(indexed, ledger, 0, 0) == "status"
    assert words == (
        "status: the node is cordoned; cpu: needs 4000m, only 1000m is free; memory.rss: needs 2Gi, only 1Gi is free; "
        "spread: the node has no label zone"
    )
    assert total == shortfall(indexed, ledger, 0, 0) == 1_000_000 + 750_000 + 500_000 + 1_000_000
    assert refusal_to_stay(indexed, ledger, 0, 0) == "cpu"


def test_a_node_that_lacks_a_little_is_closer_than_one_that_a_rule_without_amount_refuses(world: Any) -> None:
    nodes = [world.node("n1", cpu=900), world.node("n2", status="down")]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("d", cpu=1000)]))
    ledger = Ledger(indexed)
    assert [shortfall(indexed, ledger, 0, node) for node in (0, 1)] == [100_000, 1_000_000]


def test_a_replica_that_fits_lacks_nothing(world: Any) -> None:
    indexed = IndexedProblem(world.problem([world.node("n1")], [world.demand("d", cpu=4000)]))
    assert shortage(indexed, Ledger(indexed), 0, 0) == ("", "d fits", 0)
