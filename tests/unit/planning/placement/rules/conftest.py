"""Fixtures that hold the forms of a rule against each other: one by one, written out in order, as arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from drawing import generator

from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.evaluation.vectorized.devices import DeviceArrays
from rohe_iac.planning.placement.evaluation.vectorized.node_states import NodeStates
from rohe_iac.planning.placement.evaluation.vectorized.placement_masks import PlacementMasks
from rohe_iac.planning.placement.evaluation.vectorized.shortfalls import Columns, RequestArrays
from rohe_iac.planning.placement.rules.filters import placement_refusal, refusal
from rohe_iac.planning.placement.rules.registry import COUPLING_RULES, RULE_NAMES
from rohe_iac.planning.placement.rules.shortfall import shortage_of_node, shortfall
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger

Agreement = Callable[[Problem, int], Counter[str]]
"""Fills nodes of a problem at random (seed); returns how often each rule was the first to refuse a node."""


@pytest.fixture
def coupling_agreement() -> Agreement:
    """Masks, rules one by one and the written-out order refuse the same nodes, however full they are."""

    def compare(problem: Problem, seed: int) -> Counter[str]:
        found: Counter[str] = Counter()
        for indexed, ledger in _filling(problem, seed):
            masks = PlacementMasks(indexed, ledger)
            for demand in range(len(indexed.demands)):
                by_mask = [""] * len(indexed.nodes)
                for rule, mask in masks.rules(demand):
                    by_mask = [name or ("" if passes else rule) for name, passes in zip(by_mask, mask, strict=True)]
                assert masks.mask(demand).tolist() == [not name for name in by_mask]
                for node, name in enumerate(by_mask):
                    assert name == placement_refusal(indexed, ledger, demand, node)
                    refused = [rule for rule in COUPLING_RULES.values() if rule.refuses(indexed, ledger, demand, node)]
                    assert name == (refused[0].name if refused else "")
                    for rule in refused:
                        assert rule.words(indexed, ledger, demand, node).startswith(f"{rule.name}: ")
                    found[name] += 1
        return found

    return compare


@pytest.fixture
def amounts_agreement() -> Agreement:
    """Arrays, words and the sum that orders refused nodes find the same missing, however full the nodes are."""

    def compare(problem: Problem, seed: int) -> Counter[str]:
        found: Counter[str] = Counter()
        for indexed, ledger in _filling(problem, seed):
            states = NodeStates(indexed, ledger, Scoring(indexed, ledger, "best-fit"))
            for demand in range(len(indexed.demands)):
                columns = Columns(states.table, states.devices, np.zeros(states.used, np.int64))
                arrays = RequestArrays(indexed, DeviceArrays(indexed), [demand]).shortfalls(columns)
                for node in range(len(indexed.nodes)):
                    state = states.state(node)
                    shortage = shortage_of_node(indexed, demand, node, ledger.free(node))
                    assert ("", *RULE_NAMES)[arrays.rules[state]] == shortage.rule
                    assert arrays.missing[state] == shortage.total == shortfall(indexed, ledger, demand, node)
                    assert shortage.rule == refusal(indexed, ledger, demand, node)
                    found[shortage.rule] += 1
        return found

    return compare


def _filling(problem: Problem, seed: int) -> list[tuple[IndexedProblem, Ledger]]:
    """Returns the problem with ledgers that hold more and more replicas, each on a node that no rule refuses."""
    drawn, steps = generator(seed), []
    indexed = IndexedProblem(problem)
    replicas = [demand for demand, wanted in enumerate(indexed.demands) for _ in range(wanted.replicas)]
    drawn.shuffle(replicas)
    for taken in range(len(replicas) + 1):
        ledger, choices = Ledger(indexed), generator(seed)
        ledger.pending = set(replicas[taken:])
        for demand in replicas[:taken]:
            nodes = [node for node in range(len(indexed.nodes)) if not refusal(indexed, ledger, demand, node)]
            if nodes:
                ledger.take(demand, choices.choice(nodes))
        steps.append((indexed, ledger))
    return steps
