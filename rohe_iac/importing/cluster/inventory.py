"""What an Inventory has of a cluster: its nodes, those of equal shape with one device type."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rohe_iac.importing.cluster.devices import add_devices
from rohe_iac.importing.cluster.extended_resources import extended_resources
from rohe_iac.importing.cluster.nodes import ClusterNode, node_of
from rohe_iac.importing.cluster.objects import ClusterObjects, Object, labels_of, name_of
from rohe_iac.importing.cluster.usage import add_usage, requested
from rohe_iac.importing.foreign.naming import UniqueNames, dns_name
from rohe_iac.importing.foreign.units import cpu_quantity, memory_quantity

USED_FIELDS = ("cpu", "memory", "disk", "accelerators")
"""The fields of what is used of a node, in their order."""

_INSTANCE_TYPES = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
"""Labels with the name that a provider gives machines of one shape."""


@dataclass(frozen=True, slots=True)
class ClusterInventory:
    """What an inventory has of the nodes of a cluster.

    Attributes:
        device_types: The device types by name.
        nodes: The nodes, as an inventory has them, by name.
        cluster_nodes: What the cluster says of these nodes.
        left_out: What of the cluster is in neither, with the reason.
    """

    device_types: dict[str, dict[str, Any]]
    nodes: list[dict[str, Any]]
    cluster_nodes: list[ClusterNode]
    left_out: list[tuple[str, str]]


def cluster_inventory(items: list[Object], objects: ClusterObjects, stack: str = "") -> ClusterInventory:
    """Returns the device types and nodes of an inventory.

    Args:
        items: The Nodes.
        objects: What was read of the cluster.
        stack: The stack whose own pods and claims do not count as used; "" for none.

    Raises:
        ValueError: An amount is no quantity.
    """
    nodes, left_out = _nodes(items, objects, stack)
    types, of_node = _device_types(nodes, {name_of(item): item for item in items})
    return ClusterInventory(types, [_node(node, of_node[node.name], types) for node in nodes], nodes, left_out)


def _nodes(items: list[Object], objects: ClusterObjects, stack: str) -> tuple[list[ClusterNode], list[tuple[str, str]]]:
    """Returns the nodes by name, and what is left out of them with the reason."""
    nodes = {node.name: node for node in map(node_of, sorted(items, key=name_of))}
    left_out: list[tuple[str, str]] = []
    for node in nodes.values():
        left_out += [(f"{node.name}.labels.{key}", reason) for key, reason in node.left_out.items()]
        left_out += [(f"{node.name}.allocatable.{key}", reason) for key, reason in extended_resources(node)]
        if "pods" in node.others:
            left_out.append((f"{node.name}.allocatable.pods", "the number of pods is not planned"))
    left_out += add_devices(nodes, objects, stack)
    used = requested(objects, stack)
    for node in nodes.values():
        add_usage(node, used.get(node.name, {}))
    return [*nodes.values()], left_out


def _device_types(
    nodes: list[ClusterNode], items: Mapping[str, Object]
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Returns the device types by name, and the type of each node.

    Machines of one model differ by some pages of memory and blocks of disk, so these do not make another shape: the
    type has the figures that most of its nodes have.
    """
    shapes: dict[str, list[ClusterNode]] = defaultdict(list)
    for node in nodes:
        shape = [node.arch, node.cpu, node.memory >> 30, (node.disk or 0) >> 30, node.accelerators]
        shapes[json.dumps(shape, sort_keys=True)].append(node)
    names = UniqueNames()
    types: dict[str, dict[str, Any]] = {}
    of_node = {}
    for alike in shapes.values():
        first = alike[0]
        name = names.give(_type_name(first, items[first.name]), "machine")
        memory = Counter(node.memory for node in alike).most_common(1)[0][0]
        disk = Counter(node.disk for node in alike).most_common(1)[0][0]
        types[name] = {
            **({"arch": first.arch} if first.arch else {}),
            "cpu": cpu_quantity(first.cpu),
            "memory": {"rss": memory_quantity(memory)},
            **({"disk": memory_quantity(disk)} if disk else {}),
            **({"accelerators": first.accelerators} if first.accelerators else {}),
        }
        of_node.update(dict.fromkeys((node.name for node in alike), name))
    return types, of_node


def _type_name(node: ClusterNode, item: Object) -> str:
    """Returns what a shape is called: as its provider calls it, or by what it has."""
    labels = labels_of(item)
    given = next((labels[key] for key in _INSTANCE_TYPES if labels.get(key)), "")
    if given:
        return dns_name(given, "machine")
    devices = sorted({accelerator["type"] for accelerator in node.accelerators.values()})
    parts = [node.arch or "machine", f"{-(-node.cpu // 1000)}cpu", f"{max(1, round(node.memory / 2**30))}gi", *devices]
    return dns_name("-".join(parts), "machine")


def _node(node: ClusterNode, device_type: str, types: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Returns a node as an inventory has it, with what differs from its type."""
    return {"name": node.name, "deviceType": device_type, **dict(_fields(node, types[device_type]))}


def _fields(node: ClusterNode, device_type: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    memory, disk = {"rss": memory_quantity(node.memory)}, memory_quantity(node.disk or 0)
    if memory != device_type["memory"]:
        yield "memory", memory
    if node.disk and disk != device_type.get("disk"):
        yield "disk", disk
    if node.labels:
        yield "labels", node.labels
    if node.taints:
        yield "taints", node.taints
    if node.used:
        yield "used", {field: node.used[field] for field in USED_FIELDS if field in node.used}
    if node.status != "running":
        yield "status", node.status
