"""Nodes in files, with what pods in these files use of them, as the inventory of an import."""

from __future__ import annotations

from typing import Any

from rohe_iac.foundation.names import is_name
from rohe_iac.importing.cluster.inventory import cluster_inventory
from rohe_iac.importing.cluster.objects import ClusterObjects
from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.kubernetes.objects import KubernetesObject, at, items_at, plain, text_at, texts
from rohe_iac.importing.kubernetes.reasons import ANNOTATION, CLUSTER
from rohe_iac.importing.kubernetes.scheduling import EFFECTS

CLUSTER_KINDS = ("Node", "ResourceSlice", "DeviceClass", "ResourceClaim")
"""Kinds that say what machines there are, beside pods."""

_TOTAL = "allocatable counts, which is the capacity without what the node keeps for itself"

_CAPACITY = "the node states no allocatable: its capacity counts, of which nothing is kept for the node itself"


def add_nodes(objects: list[KubernetesObject], pods: list[KubernetesObject], drafts: Drafts) -> None:
    """Adds the Nodes among objects to the inventory.

    Args:
        objects: All objects of the files.
        pods: Those pods that others made, which count as used.
        drafts: The drafts, added to.
    """
    nodes = [item for item in objects if item.kind == "Node"]
    for item in nodes:
        if not item.name or not all(map(is_name, item.name.split("."))):
            item.field.report_fault("it has no name that a node of a cluster may have")
            return
    if not nodes:
        return
    kinds = {kind: [item for item in objects if item.kind == kind] for kind in CLUSTER_KINDS}
    cluster = ClusterObjects(
        "these files",
        tuple(_node(item) for item in nodes),
        tuple(plain(item.field.node) for item in pods),
        *(tuple(plain(item.field.node) for item in kinds[kind]) or None for kind in CLUSTER_KINDS[1:]),
    )
    try:
        found = cluster_inventory([*cluster.nodes], cluster)
    except ValueError as error:
        nodes[0].field.report_fault(str(error))
        return
    except (AttributeError, KeyError, TypeError):
        # The objects beside the Nodes are taken as an API server gives them, and a file may hold anything.
        nodes[0].field.report_fault(
            "a field of another object in these files has a form that Kubernetes does not give it"
        )
        return
    draft = drafts.inventory
    renamed = {name: draft.type_names.give(name, "machine") for name in found.device_types}
    draft.device_types |= {renamed[name]: kind for name, kind in found.device_types.items()}
    draft.nodes += [{**node, "deviceType": renamed[node["deviceType"]]} for node in found.nodes]
    draft.sources += [file for item in nodes if (file := item.field.place.file) not in draft.sources]
    by_name = {node.name: node for node in found.cluster_nodes}
    left_out = dict(found.left_out)
    for item in nodes:
        _record(item, left_out, drafts.name)
        for note in by_name[item.name].notes if item.name in by_name else []:
            item.field.note(f"{item.name}: {note}")
    for item in pods:
        item.field.map_to("Inventory: what others use of the node")
    for kind in CLUSTER_KINDS[1:]:
        for item in kinds[kind]:
            item.field.map_to("Inventory: accelerators")
    others = [f"{name}: {reason}" for name, reason in found.left_out if name.partition(".")[0] not in by_name]
    for text in others:
        nodes[0].field.note(text)


def _node(item: KubernetesObject) -> dict[str, Any]:
    """Returns what a Node says of itself, as an API server gives it; parts of another form are left out."""
    field = item.field
    taints = [
        {key: text for key in ("key", "value", "effect") if (text := text_at(taint, key))}
        for taint in items_at(field, "spec", "taints")
        if text_at(taint, "effect") in EFFECTS
    ]
    conditions = [
        {key: text_at(part, key) for key in ("type", "status")} for part in items_at(field, "status", "conditions")
    ]
    return {
        "metadata": {
            "name": item.name,
            "labels": item.labels(),
            "deletionTimestamp": text_at(field, "metadata", "deletionTimestamp"),
        },
        "spec": {"taints": taints, "unschedulable": text_at(field, "spec", "unschedulable") == "true"},
        "status": {
            "allocatable": texts(_offered(field)),
            "conditions": conditions,
            "nodeInfo": {"architecture": text_at(field, "status", "nodeInfo", "architecture")},
        },
    }


def _offered(field: Field) -> Field | None:
    """Returns the amounts that pods may have of a Node: `allocatable`, and `capacity` where it states none."""
    return at(field, "status", "allocatable") or at(field, "status", "capacity")


def _record(item: KubernetesObject, left_out: dict[str, str], inventory: str) -> None:
    """Records what became of the fields of a Node."""
    target = f"Inventory/{inventory or 'imported'}: nodes.{item.name}"
    field = item.field
    for place, word in (
        (("metadata", "name"), "name"),
        (("spec", "taints"), "taints"),
        (("spec", "unschedulable"), "status"),
        (("status", "conditions"), "status"),
        (("status", "nodeInfo", "architecture"), "arch"),
    ):
        part = at(field, *place)
        if part is not None:
            part.map_to(f"{target}.{word}")
    for parent, word, named in (
        (at(field, "metadata", "labels"), "labels", "labels"),
        (_offered(field), "", "allocatable"),
    ):
        for key, part in parent.entries() if parent is not None else []:
            reason = left_out.get(f"{item.name}.{named}.{key}")
            if reason is not None:
                part.drop(reason)
            else:
                part.map_to(f"{target}.{word or _amount(key)}")
    capacity = at(field, "status", "capacity")
    if capacity is not None and at(field, "status", "allocatable") is not None:
        capacity.drop(_TOTAL)
    elif capacity is not None:
        capacity.note(_CAPACITY)
    annotations = at(field, "metadata", "annotations")
    if annotations is not None:
        annotations.drop(ANNOTATION)
    _drop_others(field)


def _drop_others(field: Field) -> None:
    for key, part in field.entries():
        if key in ("apiVersion", "kind"):
            part.map_to("the kind of the object")
        elif part.path not in field.journal.recorded:
            part.drop(CLUSTER)
        elif key in ("metadata", "spec", "status"):
            part.drop_unrecorded(CLUSTER)


def _amount(resource: str) -> str:
    return {"cpu": "cpu", "memory": "memory", "ephemeral-storage": "disk"}.get(resource, f"accelerators ({resource})")
