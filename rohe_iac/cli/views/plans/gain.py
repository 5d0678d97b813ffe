"""What replicas that could stay on their nodes move for, in words."""

from __future__ import annotations

from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.model.plan import Gain

MILLION = 1_000_000

LEAST_SLACK = -1_000_000
"""Basis points: a slack below it is not given as a figure."""

VERBS = {
    "placed": "make",
    "nodes": "free",
    "slack": "raise",
    "cost": "lower",
    "interference": "lower",
    "balance": "spread",
    "wishes": "meet",
}
"""What moves do for each term of the objective."""


def shown_gain(gain: Gain) -> str:
    """Returns how many replicas move that could stay, and what that gains: `3 moves free 2 nodes`."""
    moves = f"{counted(gain.moves, 'move')} {_verb(gain)}"
    if gain.term == "placed":
        return f"{moves} room for {counted(gain.after - gain.before, 'more replica')}"
    if gain.term == "nodes":
        return f"{moves} {counted(gain.before - gain.after, 'node')}"
    if gain.term == "slack":
        return f"{moves} the least slack from {_share(gain.before)} to {_share(gain.after)} of the limit"
    if gain.term == "cost":
        return f"{moves} the cost of the nodes from {gain.before / MILLION:g} to {gain.after / MILLION:g} an hour"
    if gain.term == "interference":
        lost = f"from {gain.before} % to {gain.after} % of one replica's time"
        return f"{moves} what neighbours cost sensitive services {lost}"
    if gain.term == "balance":
        return f"{moves} the load more evenly over the nodes"
    if gain.term == "wishes":
        return f"{moves} more preferences of services and nodes"
    return f"{moves} the objective's term `{gain.term}`"


def _share(basis_points: int) -> str:
    """Returns a slack as a part of the limit; overloaded services have no time, and a slack below every other."""
    return f"{basis_points / 100:g} %" if basis_points > LEAST_SLACK else f"less than {LEAST_SLACK / 100:g} %"


def _verb(gain: Gain) -> str:
    """Returns what the moves do, in the number of the moves."""
    verb = VERBS.get(gain.term, "improve")
    return f"{verb}s" if gain.moves == 1 else verb


def unchanged_nodes(applied: bool) -> str:
    """Returns why `--defragment` moves nothing.

    Args:
        applied: whether the stack is applied.
    """
    if not applied:
        return "no replica is applied yet, so there is nothing to defragment"
    return "no moves were found that free a node"
