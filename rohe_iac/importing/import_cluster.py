"""Makes an Inventory of what was read of a running cluster, with a report of what became of it."""

from __future__ import annotations

from typing import Any

from rohe_iac.foundation.diagnostics import Place
from rohe_iac.foundation.errors import UsageError
from rohe_iac.importing.cluster.inventory import cluster_inventory
from rohe_iac.importing.cluster.objects import ClusterObjects, labels_of
from rohe_iac.importing.cluster.selector import parse_selector
from rohe_iac.importing.cluster.usage import other_stacks
from rohe_iac.importing.foreign.journal import Mapped, Unmapped
from rohe_iac.importing.foreign.reading import ImportFault
from rohe_iac.importing.import_texts import ImportedDocument, ImportResult, InvalidImport

SELECTOR = "rohe.dev/selector"
"""The annotation with the selector of the nodes that an inventory was made of."""

FORMAT = "Kubernetes cluster"


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
        inventory = cluster_inventory(items, objects, stack)
    except ValueError as error:
        raise InvalidImport([ImportFault(Place(objects.origin), str(error), "")]) from error
    metadata: dict[str, Any] = {"name": name}
    if selector:
        metadata["annotations"] = {SELECTOR: selector}
    spec = {"deviceTypes": inventory.device_types, "nodes": inventory.nodes}
    document = {"apiVersion": "rohe.dev/v1", "kind": "Inventory", "metadata": metadata, "spec": spec}
    nodes = inventory.cluster_nodes
    mapped = tuple(Mapped(node.name, Place(objects.origin), f"Inventory/{name}: nodes[{node.name}]") for node in nodes)
    notes = [f"{node.name}: {note}" for node in nodes for note in node.notes]
    notes += [f"pods of the stack {other} count as used by others" for other in other_stacks(objects, stack)]
    if objects.slices is None:
        notes.append("the cluster has no resource.k8s.io/v1 (Kubernetes 1.34), so no devices of ResourceSlices")
    imported = ImportedDocument(
        objects.origin,
        FORMAT,
        mapped,
        tuple(Unmapped(field, Place(objects.origin), reason) for field, reason in inventory.left_out),
        tuple((Place(objects.origin), note) for note in notes),
        is_text=False,
    )
    return ImportResult((document,), ((f"The nodes of a Kubernetes cluster ({objects.origin}).",),), (imported,))
