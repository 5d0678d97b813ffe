"""Choosing: the next node as a strategy that was plugged in picks it, in place of the one of most points."""

from __future__ import annotations

from heapq import heapify

from rohe_iac.planning.model.plugins.calling import node_chosen
from rohe_iac.planning.placement.evaluation.evaluator import View
from rohe_iac.planning.placement.state.candidate import candidate_on
from rohe_iac.planning.placement.state.index import Layout
from rohe_iac.planning.placement.state.ledger import Ledger


def choose(layout: Layout, ledger: Ledger, demand: int, view: View) -> tuple[int, int | None]:
    """Takes the entry of the picked node out of the view's heap; says it, and that of the pick among the others.

    The heap holds every node that passes, at least one; entries of nodes that were closed since go out as well.
    """
    number = len(layout.nodes)
    open_ones = [key for key in view.heap if view.passes[number - 1 - (-key) % number]]
    rated = sorted((number - 1 - (-key) % number, (-key) // number) for key in open_ones)

    def entry(node: int, points: int) -> int:
        return -(points * number + number - 1 - node)

    top = entry(*rated.pop(own_choice(layout, ledger, demand, rated)))
    following = entry(*rated[own_choice(layout, ledger, demand, rated)]) if rated else None
    view.heap[:] = [key for key in open_ones if key != top]
    heapify(view.heap)
    return top, following


def own_choice(layout: Layout, ledger: Ledger, demand: int, rated: list[tuple[int, int]]) -> int:
    """The position in `rated` (node and points, by node) of the node that the plugged strategy picks."""
    strategy = layout.extensions.strategy
    if strategy is None:
        raise ValueError("no strategy is plugged in")
    return node_chosen(strategy, [candidate_on(layout, ledger, demand, node, points) for node, points in rated])
