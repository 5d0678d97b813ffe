"""Choosing: the next node as a strategy that was plugged in picks it, in place of the one of most points."""

from __future__ import annotations

from heapq import heapify

from rohe_iac.planning.field import View
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.ledger import Ledger
from rohe_iac.planning.outlook import own_choice


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
