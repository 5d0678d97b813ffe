"""What replicas that could stay on their nodes move for, in words."""

from __future__ import annotations

from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.model.plan import Gain

MILLION = 1_000_000

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
        return f"{moves} the least slack from {gain.before / 100:g} % to {gain.after / 100:g} % of the limit"
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
