"""The vectorized evaluator finds what the scalar one finds, however the ledger moves on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drawing import generator

from rohe_iac.planning.placement.evaluation.evaluator import Evaluation
from rohe_iac.planning.placement.evaluation.vectorized import evaluator as vectorized
from rohe_iac.planning.placement.evaluation.vectorized.arrays import Numbers
from rohe_iac.planning.placement.evaluation.vectorized.evaluation import NOT_BY_NODE, VectorizedEvaluation
from rohe_iac.planning.placement.evaluation.vectorized.node_states import NodeStates
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger

STRATEGIES = ("best-fit", "worst-fit", "first-fit", "dot-product", "fragmentation")


def whole_heap(evaluation: Evaluation) -> list[int]:
    """Returns the keys of all nodes that pass, brought piece by piece."""
    keys = sorted(evaluation.heap)
    while not evaluation.whole:
        keys += evaluation.more()
    return keys


@pytest.mark.parametrize("few", [0, 24])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_both_evaluators_give_the_same_nodes_scores_and_refusals(
    filled: Any, both_evaluators: Any, monkeypatch: Any, strategy: str, few: int
) -> None:
    monkeypatch.setattr(vectorized, "FEW", few)
    for seed in range(8):
        indexed, ledger = filled(seed, coupled=seed % 2 == 1)
        scalar, arrays = both_evaluators(indexed, ledger, strategy)
        drawn = generator(seed)
        for _ in range(8):
            demand = drawn.randrange(len(indexed.demands))
            expected = scalar.evaluate(demand, 1, explain=True)
            found = arrays.evaluate(demand, 1, explain=True)
            assert found.fits == expected.fits
            assert whole_heap(found) == sorted(expected.heap)
            pairs = [(score, node) for score, nodes, _ in expected.best_first() for node in nodes]
            if not indexed.preference_total[demand]:
                # States alone say nothing of preferences.
                best = arrays.feasible(demand, explain=False)
                assert [(score, node) for score, nodes, _ in best.best_first() for node in nodes] == pairs
            for evaluator, evaluation in ((scalar, expected), (arrays, arrays.evaluate(demand, 1, explain=True))):
                evaluator.record_refusals(evaluation)
            assert arrays.collected_refusals() == scalar.collected_refusals()
            if expected.fits:
                node = pairs[0][1]
                ledger.take(demand, node)
                arrays.invalidate(node)


def test_nodes_of_one_state_come_together_and_are_moved_together(world: Any, both_evaluators: Any) -> None:
    nodes = [world.node(f"n{i}", cpu=2000) for i in range(4)] + [world.node("n4", cpu=4000)]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("d", 9, cpu=1000)]))
    ledger = Ledger(indexed)
    _, arrays = both_evaluators(indexed, ledger)
    ranked = list(arrays.feasible(0, explain=False).best_first())
    assert [nodes for _, nodes, _ in ranked] == [[0, 1, 2, 3], [4]]
    for node in (0, 1):
        ledger.take(0, node)
    arrays.invalidate_alike([0, 1], ranked[0][2], 1)
    assert [nodes for _, nodes, _ in arrays.feasible(0, explain=False).best_first()] == [[0, 1], [2, 3], [4]]


def test_a_closed_domain_refuses_its_nodes_once(filled: Any, both_evaluators: Any) -> None:
    indexed, ledger = filled(1)
    evaluation = both_evaluators(indexed, ledger)[1].evaluate(0, 3, explain=False)
    passing = np.flatnonzero(evaluation.passes).tolist()
    assert evaluation.close_domain(range(len(indexed.nodes))) == len(passing)
    assert evaluation.close_domain(passing) == 0


def test_an_evaluation_by_state_alone_names_no_nodes(filled: Any, both_evaluators: Any) -> None:
    indexed, ledger = filled(0)
    evaluation = both_evaluators(indexed, ledger)[1].feasible(0, explain=False)
    assert isinstance(evaluation, VectorizedEvaluation)
    assert evaluation.passes is NOT_BY_NODE


def test_every_node_is_in_the_state_that_the_ledger_has_it_in(filled: Any) -> None:
    indexed, ledger = filled(3)
    states = NodeStates(indexed, ledger, Scoring(indexed, ledger, "best-fit"))
    for demand, node in ((0, 1), (1, 2), (0, 1)):
        fits = not refusal(indexed, ledger, demand, node) and (node != 1 or ledger.replicas_on[1] == 0)
        grant = ledger.take(demand, node) if fits else None
        states.move([node])
        by_node: Numbers = states.state_by_node
        for position in range(len(indexed.nodes)):
            description = states.descriptions[states.state(position)]
            assert by_node[position] == states.state(position)
            assert description[0] == indexed.node_classes.class_of[position]
            assert description[1:3] == (ledger.replicas_on[position] > 0, ledger.crowd[position])
            assert description[3:] == ledger.free(position)
        sizes = states.sizes[: states.used]
        assert sizes.tolist() == [len(nodes) for nodes in states.nodes]
        assert int(sizes.sum()) == len(indexed.nodes)
        if grant is not None and node == 2:
            ledger.release(grant)
            states.move([node])
