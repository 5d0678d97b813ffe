"""What replicas ask for and which taints keep them off, read from the problem with code of verification's own."""

from __future__ import annotations

from rohe_iac.planning.model.demand import Demand, LabelMatch, NodePreference, Resources
from rohe_iac.planning.model.supply import NodeTaint, Supply


def requested(demand: Demand, variant: str) -> Resources:
    """Returns what one replica asks for when it runs the variant; without such a variant, what the demand asks for."""
    return next((option.resources for option in demand.variants if option.name == variant), demand.resources)


def amounts_by_head(request: Resources) -> dict[str, int]:
    """Returns what a request asks for of each single amount, by how messages about it begin."""
    return {
        "cpu": request.cpu,
        "memory.rss": request.rss,
        "memory.vms": request.vms or 0,
        "disk": request.disk,
        "network": request.network,
    }


def label_faults(demand: Demand, node: Supply) -> tuple[list[str], list[str]]:
    """Returns what is absent of the labels that a demand asks for, and the labels of the node that it excludes."""
    return _label_faults(demand.selector, demand.matches, node)


def has_preferred_labels(preference: NodePreference, node: Supply) -> bool:
    """Checks whether a node has all that a preference asks of its labels."""
    return not any(_label_faults(preference.labels, preference.matches, node))


def _label_faults(
    pairs: tuple[tuple[str, str], ...], matches: tuple[LabelMatch, ...], node: Supply
) -> tuple[list[str], list[str]]:
    labels = dict(node.labels)
    absent = [f"{key}={value}" for key, value in pairs if labels.get(key) != value]
    excluded = []
    for match in matches:
        own = node.name if match.key == "node" else labels.get(match.key)
        if match.operator == "In" and own not in match.values:
            absent.append(f"{match.key}={'|'.join(match.values)}")
        elif match.operator == "Exists" and own is None:
            absent.append(match.key)
        elif own is not None and (
            match.operator == "DoesNotExist" or (match.operator == "NotIn" and own in match.values)
        ):
            excluded.append(f"{match.key}={own}")
    return absent, excluded


def repels(taint: NodeTaint, demand: Demand) -> bool:
    """Checks whether the taint keeps replicas of the demand off a node: a hard effect that no toleration covers."""
    if taint.effect == "PreferNoSchedule":
        return False
    return not any(
        toleration.effect in ("", taint.effect)
        and (toleration.key == taint.key or (toleration.operator == "Exists" and toleration.key == ""))
        and (toleration.operator == "Exists" or toleration.value == taint.value)
        for toleration in demand.tolerations
    )
