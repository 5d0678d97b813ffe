"""The Inventory of a cluster: its nodes, those of equal shape with one device type."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from rohe_iac.foundation.diagnostics import Place
from rohe_iac.foundation.errors import UsageError
from rohe_iac.importing.cluster.devices import add_devices
from rohe_iac.importing.cluster.extended_resources import extended_resources
from rohe_iac.importing.cluster.nodes import ClusterNode, node_of
from rohe_iac.importing.cluster.objects import ClusterObjects, Object, labels_of, name_of
from rohe_iac.importing.cluster.selector import parse_selector
from rohe_iac.importing.cluster.usage import add_usage, other_stacks, requested
from rohe_iac.importing.foreign.drafts import Document
from rohe_iac.importing.foreign.journal import Mapped, Unmapped
from rohe_iac.importing.foreign.naming import UniqueNames, dns_name
from rohe_iac.importing.foreign.reading import ImportFault
from rohe_iac.importing.foreign.units import cpu_quantity, memory_quantity
from rohe_iac.importing.import_texts import ImportedDocument, ImportResult, InvalidImport

SELECTOR = "rohe.dev/selector"
"""The annotation with the selector of the nodes that an inventory was made of."""

FORMAT = "Kubernetes cluster"

USED_FIELDS = ("cpu", "memory", "disk", "accelerators")
"""The fields of what is used of a node, in their order."""

_INSTANCE_TYPES = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")
"""Labels with the name that a provider gives machines of one shape."""


def import_cluster(objects: ClusterObjects, *, name: str, stack: str = "", selector: str = "") -> ImportResult:
    """Makes the Inventory of a cluster.

    Args:
        objects: What was read of the cluster.
        name: The name of the Inventory.
        stack: The stack whose own pods and claims do not count as used; "" for none.
        selector: The label selector that nodes have to meet; "" for all nodes.

    Raises:
        UsageError: The selector cannot be read, or the cluster has no such node.
        InvalidImport: An amount is no quantity.
    """
    terms = parse_selector(selector)
    items = [item for item in objects.nodes if all(term.holds(labels_of(item)) for term in terms)]
    if not items:
        which = f"no node that '{selector}' selects" if selector else "no node"
        message = f"the cluster of the {objects.origin} has {which}"
        raise UsageError(message, hint="`kubectl get nodes --show-labels` lists its nodes")
    try:
        nodes, unmapped = _nodes(items, objects, stack)
    except ValueError as error:
        raise InvalidImport([ImportFault(Place(objects.origin), str(error), "")]) from error
    document = _document(name, selector, nodes, {name_of(item): item for item in items})
    mapped = tuple(Mapped(node.name, Place(objects.origin), f"Inventory/{name}: nodes[{node.name}]") for node in nodes)
    notes = [f"{node.name}: {note}" for node in nodes for note in node.notes]
    notes += [f"pods of the stack {other} count as used by others" for other in other_stacks(objects, stack)]
    if objects.slices is None:
        notes.append("the cluster has no resource.k8s.io/v1 (Kubernetes 1.34), so no devices of ResourceSlices")
    imported = ImportedDocument(
        objects.origin,
        FORMAT,
        mapped,
        tuple(Unmapped(field, Place(objects.origin), reason) for field, reason in unmapped),
        tuple((Place(objects.origin), note) for note in notes),
        is_text=False,
    )
    return ImportResult((document,), ((f"The nodes of a Kubernetes cluster ({objects.origin}).",),), (imported,))


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


def _document(name: str, selector: str, nodes: list[ClusterNode], items: Mapping[str, Object]) -> Document:
    metadata: dict[str, Any] = {"name": name}
    if selector:
        metadata["annotations"] = {SELECTOR: selector}
    types, of_node = _device_types(nodes, items)
    spec = {"deviceTypes": types, "nodes": [_node(node, of_node[node.name], types) for node in nodes]}
    return {"apiVersion": "rohe.dev/v1", "kind": "Inventory", "metadata": metadata, "spec": spec}


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
