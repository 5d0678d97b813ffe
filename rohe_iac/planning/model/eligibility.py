"""Static eligibility: which rule excludes a node for a demand, whatever is placed there."""

from __future__ import annotations

from rohe_iac.planning.model.demand import Demand, LabelMatch
from rohe_iac.planning.model.supply import NodeTaint, Supply


def static_rule(demand: Demand, node: Supply) -> str:
    """Returns the first of status, labels, taints and architecture that excludes the node, or an empty word."""
    if node.status != "running":
        return "status"
    if missing_labels(demand, node) or unmet_matches(demand, node):
        return "labels"
    if untolerated_taints(demand, node):
        return "taints"
    if demand.arch and node.arch and node.arch not in demand.arch:
        return "architecture"
    return ""


def missing_labels(demand: Demand, node: Supply) -> list[tuple[str, str]]:
    """Returns the labels that the demand selects by and the node does not have, as (key, value)."""
    labels = dict(node.labels)
    return [(key, value) for key, value in demand.selector if labels.get(key) != value]


def unmet_matches(demand: Demand, node: Supply) -> list[LabelMatch]:
    """Returns what the demand asks of labels beyond one value each and the node does not meet."""
    return [match for match in demand.matches if not match.accepts(node.domain(match.key))]


def label_words(demand: Demand, node: Supply) -> str:
    """Returns how the labels of the node differ from what the demand asks for: `zone=a missing, rack=3 excluded`."""
    absent = [f"{key}={value}" for key, value in missing_labels(demand, node)]
    excluded = []
    for match in unmet_matches(demand, node):
        if match.operator in ("NotIn", "DoesNotExist"):
            excluded.append(f"{match.key}={node.domain(match.key)}")
        else:
            values = "|".join(match.values)
            absent.append(f"{match.key}={values}" if values else match.key)
    parts = ((absent, "missing"), (excluded, "excluded"))
    return ", ".join(f"{', '.join(named)} {word}" for named, word in parts if named)


def untolerated_taints(demand: Demand, node: Supply) -> list[NodeTaint]:
    """Returns the taints of the node that keep off a replica of the demand."""
    return [
        taint
        for taint in node.taints
        if taint.effect != "PreferNoSchedule"
        and not any(toleration.covers(taint.key, taint.value, taint.effect) for toleration in demand.tolerations)
    ]
