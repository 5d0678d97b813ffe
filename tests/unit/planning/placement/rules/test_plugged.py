"""Plugged filters: asked of the new replica, then of those that are there with the new one counted in."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.plugins.protocols import Candidate, Origin, Plugin, Plugins
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.rules.plugged import ACCEPTED, plugin_refusal
from rohe_iac.planning.placement.rules.registry import RULE_NAMES, rules_of
from rohe_iac.planning.placement.rules.shortfall import shortage, shortfall
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def plugged(call: Any) -> Plugins:
    return Plugins((Plugin("filter", "mine", Origin("m.py:mine", "m.py:1"), call),))


def test_a_filter_is_asked_of_the_new_replica_first_and_its_words_are_kept(world: Any) -> None:
    def mine(candidate: Candidate) -> str | None:
        return "not here" if candidate.node.name == "n1" else None

    nodes = [world.node("n0"), world.node("n1")]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("a")]), plugins=plugged(mine))
    ledger = Ledger(indexed)
    assert [plugin_refusal(indexed, ledger, 0, node) for node in (0, 1)] == [ACCEPTED, ("mine", "not here")]
    assert refusal(indexed, ledger, 0, 1) == "mine"
    assert shortage(indexed, ledger, 0, 1) == ("mine", "mine: not here", 1_000_000)
    assert shortfall(indexed, ledger, 0, 1) == 1_000_000
    assert rules_of(indexed) == (*RULE_NAMES, "mine")


def test_a_filter_of_a_replica_that_is_there_refuses_a_new_one_beside_it(world: Any) -> None:
    def mine(candidate: Candidate) -> str | None:
        return "alone" if candidate.demand.service == "a" and candidate.standing else None

    demands = [world.demand("a"), world.demand("b", cpu=100)]
    indexed = IndexedProblem(world.problem([world.node("n0")], demands), plugins=plugged(mine))
    ledger = Ledger(indexed)
    ledger.take(0, 0)
    before = ledger.cpu[0]
    assert plugin_refusal(indexed, ledger, 1, 0) == ("mine", "alone (asked for service/p:a, which is there)")
    assert ledger.cpu[0] == before


def test_a_filter_is_not_asked_of_a_node_that_another_rule_refuses(world: Any) -> None:
    asked: list[str] = []
    nodes = [world.node("n0"), world.node("n1", cpu=100)]
    problem = world.problem(nodes, [world.demand("a", cpu=500)])
    indexed = IndexedProblem(problem, plugins=plugged(lambda candidate: asked.append(candidate.node.name)))
    ledger = Ledger(indexed)
    assert [refusal(indexed, ledger, 0, node) for node in (0, 1)] == ["", "cpu"]
    assert asked == ["n0"]
