"""What replicas ask for and which taints keep them off, read from the problem with code of verification's own."""

from __future__ import annotations

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.supply import NodeTaint


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
