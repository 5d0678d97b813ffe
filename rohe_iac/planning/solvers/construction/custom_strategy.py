"""Custom strategy: the next node as a plugged-in strategy picks it, in place of the node with the best score."""

from __future__ import annotations

from heapq import heapify

from rohe_iac.planning.model.plugins.calling import ask_strategy
from rohe_iac.planning.placement.evaluation.evaluator import Evaluation
from rohe_iac.planning.placement.evaluation.node_keys import NodeKeys
from rohe_iac.planning.placement.state.candidate import candidate_on
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


def choose(
    indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, evaluation: Evaluation
) -> tuple[int, int | None]:
    """Removes the key of the node that the strategy picks from the heap of an evaluation.

    Keys of nodes that were closed since the evaluation are removed as well. The heap has to hold every node that
    passes, and at least one.

    Returns:
        The key of the picked node, and the key of the one that the strategy picks among the others; None without any.
    """
    keys = NodeKeys(len(indexed.nodes))
    open_keys = [key for key in evaluation.heap if evaluation.passes[keys.node_of(key)]]
    rated = sorted((node, score) for score, node in map(keys.decode, open_keys))
    node, score = rated.pop(pick(indexed, ledger, demand, rated))
    top, runner_up = keys.encode(score, node), None
    if rated:
        node, score = rated[pick(indexed, ledger, demand, rated)]
        runner_up = keys.encode(score, node)
    evaluation.heap[:] = [key for key in open_keys if key != top]
    heapify(evaluation.heap)
    return top, runner_up


def pick(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, rated: list[tuple[NodeIndex, int]]) -> int:
    """Returns the position of the node that the plugged-in strategy picks.

    Args:
        indexed: the problem.
        ledger: what is free.
        demand: the demand of the replica.
        rated: node and score of each candidate, by node.

    Raises:
        ValueError: no strategy is plugged in.
    """
    strategy = indexed.plugins.strategy
    if strategy is None:
        raise ValueError("no strategy is plugged in")
    return ask_strategy(strategy, [candidate_on(indexed, ledger, demand, node, score) for node, score in rated])
