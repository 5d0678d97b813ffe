"""The scalar evaluator: what it finds is what the rules and scores say node by node."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.placement.evaluation.node_keys import NodeKeys
from rohe_iac.planning.placement.evaluation.scalar import ScalarEvaluator
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.scoring.scores import Scoring


def test_the_heap_has_every_node_that_no_rule_refuses_with_its_score(filled: Any) -> None:
    for seed in range(4):
        indexed, ledger = filled(seed, coupled=True)
        scoring = Scoring(indexed, ledger, "best-fit")
        keys = NodeKeys(len(indexed.nodes))
        for demand in range(len(indexed.demands)):
            evaluation = ScalarEvaluator(indexed, ledger, scoring).evaluate(demand, 1, explain=True)
            refused = [refusal(indexed, ledger, demand, node) for node in range(len(indexed.nodes))]
            fitting = {(scoring.total(demand, node), node) for node, rule in enumerate(refused) if not rule}
            assert {keys.decode(key) for key in evaluation.heap} == fitting
            assert evaluation.passes == [not rule for rule in refused]
            assert (evaluation.fits, sum(evaluation.refused.values())) == (len(fitting), len(refused) - len(fitting))
            assert evaluation.closest == sorted(evaluation.closest)
            assert [nodes for _, nodes, _ in evaluation.best_first()] == [
                [node] for _, node in sorted(fitting, key=lambda pair: (-pair[0], pair[1]))
            ]


def test_a_closed_domain_refuses_its_nodes_once(filled: Any) -> None:
    indexed, ledger = filled(1)
    evaluation = ScalarEvaluator(indexed, ledger, Scoring(indexed, ledger, "best-fit")).feasible(0, explain=False)
    passing = [node for node, passes in enumerate(evaluation.passes) if passes]
    assert evaluation.close_domain(range(len(indexed.nodes))) == len(passing)
    assert evaluation.close_domain(passing) == 0
    assert evaluation.more() == []
