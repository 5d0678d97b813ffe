"""Static eligibility: which rule excludes a node for a demand, whatever is placed there."""

from __future__ import annotations

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.supply import Supply


def static_rule(demand: Demand, node: Supply) -> str:
    """The first of the rules status, labels, taints, architecture by which the node is no place for it, or nothing."""
    if node.status != "running":
        return "status"
    labels = dict(node.labels)
    if any(labels.get(key) != value for key, value in demand.selector):
        return "labels"
    for taint in node.taints:
        if taint.effect != "PreferNoSchedule" and not any(
            toleration.covers(taint.key, taint.value, taint.effect) for toleration in demand.tolerations
        ):
            return "taints"
    if demand.arch and node.arch and node.arch not in demand.arch:
        return "architecture"
    return ""
