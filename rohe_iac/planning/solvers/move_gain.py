"""Move gain: what replicas that could stay move for, and whether that is worth it."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.planning.model.plan import Gain
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.state.from_plan import nodes_of
from rohe_iac.planning.placement.state.positions import NodeIndex, ReplicaIndex
from rohe_iac.planning.solvers.construction.greedy import Construction

MIN_SLACK_GAIN = 100
"""Basis points of slack that moves have to gain: one percent of the limit."""

MIN_SHARE_GAIN = 50
"""A cost or balance has to fall by one part in so many: 2 percent."""

MIN_INTERFERENCE_GAIN = 10
"""Percent of one replica's time that moves have to gain of what sensitive replicas lose to neighbours."""

COUNTED_DOWN = frozenset(("moves", "stable", "interference", "nodes", "cost", "balance"))
"""Terms of which an objective has the negative, as less of them is better."""


def move_gain(objective: LexicographicObjective, stayed: Construction, moved: Construction) -> Gain | None:
    """Returns the first term in which the constructions differ, with both values; None where no more replicas move.

    Args:
        objective: The objective.
        stayed: Has every replica that can stay on its node.
        moved: Is worth more, by the objective.
    """
    more = moves_of(moved, objective.before) - moves_of(stayed, objective.before)
    before = objective.terms(nodes_of(stayed.grants()).items())
    after = objective.terms(nodes_of(moved.grants()).items())
    if more <= 0 or [value for _, value in after] <= [value for _, value in before]:
        return None
    term, old, new = next((name, old, new) for (name, old), (_, new) in zip(before, after, strict=True) if old != new)
    sign = -1 if term in COUNTED_DOWN else 1
    return Gain(more, term, sign * old, sign * new)


def is_worth_moving(gain: Gain) -> bool:
    """Checks whether a gain is worth moving replicas, which are stopped and started again.

    Any replica that finds a place is, a node that is left free, a preference that holds, or MIN_SLACK_GAIN,
    MIN_INTERFERENCE_GAIN and MIN_SHARE_GAIN.
    """
    if gain.term == "slack":
        return gain.after - gain.before >= MIN_SLACK_GAIN
    if gain.term == "interference":
        return gain.before - gain.after >= MIN_INTERFERENCE_GAIN
    return gain.term not in ("cost", "balance") or (gain.before - gain.after) * MIN_SHARE_GAIN >= gain.before


def moves_of(construction: Construction, before: Mapping[ReplicaIndex, NodeIndex]) -> int:
    """Returns how many replicas are not on the node that they had.

    Args:
        construction: Has the nodes that they have now.
        before: The node that each replica had, of those that had one.
    """
    return sum(before.get(replica, grant.node) != grant.node for replica, grant in construction.grants().items())
