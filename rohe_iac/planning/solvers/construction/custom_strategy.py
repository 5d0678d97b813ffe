"""Choosing: the next node as a strategy that was plugged in picks it, in place of the one of most points."""

from __future__ import annotations

from heapq import heapify

from rohe_iac.planning.model.plugins.calling import ask_strategy
from rohe_iac.planning.placement.evaluation.evaluator import Evaluation
from rohe_iac.planning.placement.evaluation.node_keys import NodeKeys
from rohe_iac.planning.placement.state.candidate import candidate_on
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def choose(indexed: IndexedProblem, ledger: Ledger, demand: int, evaluation: Evaluation) -> tuple[int, int | None]:
    """Takes the entry of the picked node out of the view's heap; says it, and that of the pick among the others.

    The heap holds every node that passes, at least one; entries of nodes that were closed since go out as well.
    """
    keys = NodeKeys(len(indexed.nodes))
    open_ones = [key for key in evaluation.heap if evaluation.passes[keys.node_of(key)]]
    rated = sorted((node, score) for score, node in map(keys.decode, open_ones))
    node, score = rated.pop(plugin_choice(indexed, ledger, demand, rated))
    top, following = keys.encode(score, node), None
    if rated:
        node, score = rated[plugin_choice(indexed, ledger, demand, rated)]
        following = keys.encode(score, node)
    evaluation.heap[:] = [key for key in open_ones if key != top]
    heapify(evaluation.heap)
    return top, following


def plugin_choice(indexed: IndexedProblem, ledger: Ledger, demand: int, rated: list[tuple[int, int]]) -> int:
    """The position in `rated` (node and points, by node) of the node that the plugged strategy picks."""
    strategy = indexed.plugins.strategy
    if strategy is None:
        raise ValueError("no strategy is plugged in")
    return ask_strategy(strategy, [candidate_on(indexed, ledger, demand, node, points) for node, points in rated])
