"""Usage: what pods of others than one stack request of each node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from rohe_iac.importing.cluster.nodes import CORES, DISK, MEMORY, ClusterNode
from rohe_iac.importing.cluster.objects import STACK as STACK_LABEL
from rohe_iac.importing.cluster.objects import ClusterObjects, at, is_of_stack, labels_of
from rohe_iac.importing.cluster.pod_requests import ENDED, requests_of
from rohe_iac.importing.cluster.quantity import taken
from rohe_iac.importing.foreign.units import cpu_quantity, memory_quantity


def requested(objects: ClusterObjects, stack: str) -> dict[str, dict[str, Fraction]]:
    """Returns what pods of others than a stack request, by node and resource; pods that have ended hold nothing.

    Raises:
        ValueError: An amount is no quantity.
    """
    found: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for pod in objects.pods:
        node = at(pod, "spec", "nodeName")
        if not node or at(pod, "status", "phase") in ENDED or is_of_stack(pod, stack):
            continue
        for resource, amount in requests_of(pod).items():
            found[node][resource] += amount
    return found


def other_stacks(objects: ClusterObjects, stack: str) -> list[str]:
    """Returns the stacks of rohe, other than one, that have pods; sorted."""
    names = {labels_of(pod).get(STACK_LABEL, "") for pod in objects.pods}
    return sorted(name for name in names - {"", stack} if any(is_of_stack(pod, name) for pod in objects.pods))


def add_usage(node: ClusterNode, amounts: Mapping[str, Fraction]) -> None:
    """Adds what others request to what is used of a node, at most what the node has."""
    for resource, field, capacity, quantity_of in (
        (CORES, "cpu", node.cpu, cpu_quantity),
        (MEMORY, "memory", node.memory, memory_quantity),
        (DISK, "disk", node.disk or 0, memory_quantity),
    ):
        amount = taken(amounts.get(resource, Fraction(0)), 1000 if resource == CORES else 1)
        if amount > capacity:
            node.notes.append(f"more {field} is requested of it than it has; all of it counts as used")
            amount = capacity
        if amount:
            node.used[field] = {"rss": quantity_of(amount)} if resource == MEMORY else quantity_of(amount)
    for entry, accelerator in node.accelerators.items():
        resource = accelerator["kubernetes"].get("extendedResource", "")
        count = min(taken(amounts.get(resource, Fraction(0))), accelerator.get("count", 1)) if resource else 0
        if count:
            shares: dict[str, Any] = node.used.setdefault("accelerators", {})
            shares[entry] = f"{100 * count}%"
