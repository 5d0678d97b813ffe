"""Nodes of a cluster: what each offers, how it is marked, and whether it takes replicas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rohe_iac.importing.cluster.objects import Object, at, each, labels_of, name_of
from rohe_iac.importing.cluster.quantity import offered, quantity

ZONE = "topology.kubernetes.io/zone"
"""The label with the zone of a node; an inventory has it as `zone`, which links and spread know."""

_OLD_ZONE = "failure-domain.beta.kubernetes.io/zone"

LEFT_OUT = {
    "kubernetes.io/hostname": "it is the name of the node",
    "kubernetes.io/arch": "it is the field arch",
    ZONE: "it is the label zone",
    _OLD_ZONE: "it is the label zone",
}
"""Labels that an inventory has in another form, with the form."""

_OBSOLETE = "beta.kubernetes.io/"
"""How labels begin that only repeat others."""

STATUS_TAINTS = frozenset(
    f"node.kubernetes.io/{name}" for name in ("unschedulable", "not-ready", "unreachable", "network-unavailable")
)
"""Taints that the cluster sets for what the status of a node says."""

CORES, MEMORY, DISK, PODS = "cpu", "memory", "ephemeral-storage", "pods"
"""The resources of every node, as Kubernetes names them."""


@dataclass(slots=True)
class ClusterNode:
    """What a cluster says of one node.

    Attributes:
        name: Its name in the cluster.
        arch: Its architecture, such as arm64; "" where it does not say.
        cpu, memory, disk: What pods may have of it: millicores, bytes, bytes; None where it does not say.
        others: Other amounts that pods may have, by name of resource, in whole units.
        labels, taints: Its labels and taints, as an inventory has them.
        status: running, cordoned or down.
        left_out: Labels that are not among these, with the reason.
        accelerators: Its devices, as an inventory has them.
        used: What others than the stack use of it, as an inventory has it.
        notes: What the user should know.
    """

    name: str
    arch: str
    cpu: int
    memory: int
    disk: int | None
    others: dict[str, int]
    labels: dict[str, str]
    taints: list[dict[str, str]]
    status: str
    left_out: dict[str, str] = field(default_factory=dict)
    accelerators: dict[str, dict[str, Any]] = field(default_factory=dict)
    used: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def node_of(item: Object) -> ClusterNode:
    """Returns what a Node says.

    Raises:
        ValueError: An amount is no quantity.
    """
    allocatable: Mapping[str, Any] = at(item, "status", "allocatable") or {}
    labels = labels_of(item)
    node = ClusterNode(
        name=name_of(item),
        arch=labels.get("kubernetes.io/arch") or at(item, "status", "nodeInfo", "architecture") or "",
        cpu=offered(quantity(allocatable.get(CORES, 0)), 1000),
        memory=offered(quantity(allocatable.get(MEMORY, 0))),
        disk=offered(quantity(allocatable[DISK])) if DISK in allocatable else None,
        others={
            name: offered(quantity(text))
            for name, text in sorted(allocatable.items())
            if name not in (CORES, MEMORY, DISK)
        },
        labels={},
        taints=list(_taints(item)),
        status=_status(item),
    )
    _sort_labels(node, labels)
    return node


def _sort_labels(node: ClusterNode, labels: dict[str, str]) -> None:
    """Divides labels into those of the inventory and those that it has in another form."""
    for key, value in sorted(labels.items()):
        if key.startswith(_OBSOLETE):
            node.left_out[key] = "it repeats another label"
        elif key == "kubernetes.io/os" and value == "linux":
            node.left_out[key] = "all nodes of an inventory run Linux"
        elif key in LEFT_OUT and not (key == "kubernetes.io/hostname" and value != node.name):
            node.left_out[key] = LEFT_OUT[key]
        else:
            node.labels[key] = value
    zone = labels.get(ZONE) or labels.get(_OLD_ZONE)
    if zone:
        if node.labels.get("zone", zone) != zone:
            node.notes.append(f"its label zone is taken from {ZONE}, and not '{node.labels['zone']}'")
        node.labels["zone"] = zone
    if labels.get("kubernetes.io/os", "linux") != "linux":
        node.status = "down"
        node.notes.append(f"it runs {labels['kubernetes.io/os']}, so it counts as down: replicas run on Linux")


def _taints(item: Object) -> Iterator[dict[str, str]]:
    seen = set()
    for taint in each(item, "spec", "taints"):
        key, value, effect = str(taint.get("key")), str(taint.get("value") or ""), str(taint.get("effect"))
        if key not in STATUS_TAINTS and (key, value, effect) not in seen:
            seen.add((key, value, effect))
            yield {"key": key, **({"value": value} if value else {}), "effect": effect}


def _status(item: Object) -> str:
    ready = [condition.get("status") for condition in each(item, "status", "conditions") if _is_ready(condition)]
    if ready != ["True"] or at(item, "metadata", "deletionTimestamp"):
        return "down"
    return "cordoned" if at(item, "spec", "unschedulable") else "running"


def _is_ready(condition: Mapping[str, Any]) -> bool:
    return condition.get("type") == "Ready"
