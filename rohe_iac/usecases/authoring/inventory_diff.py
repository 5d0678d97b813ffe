"""`rohe diff --inventory`: what of a stack's Inventory is out of date in its cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.blueprint.documents.given_value import NO_VALUES, GivenValue
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.loading import load
from rohe_iac.importing.cluster.comparison import InventoryChange, inventory_changes
from rohe_iac.importing.import_cluster import SELECTOR, import_cluster
from rohe_iac.usecases.authoring.import_cluster import ReadCluster


@dataclass(frozen=True, slots=True)
class InventoryDiff:
    """What an Inventory has otherwise than the cluster.

    Attributes:
        inventory: The name of the Inventory.
        stack: The stack whose own pods do not count as used.
        origin: The cluster that it was compared with.
        nodes: Number of nodes of the Inventory.
        changes: What differs, by node and field.
    """

    inventory: str
    stack: str
    origin: str
    nodes: int
    changes: tuple[InventoryChange, ...]


def diff_inventory(
    folder: Path,
    read: ReadCluster,
    *,
    stack: str | None = None,
    context: str | None = None,
    selector: str | None = None,
    values: Mapping[str, GivenValue] = NO_VALUES,
) -> InventoryDiff:
    """Compares the Inventory of a stack with its cluster.

    Args:
        folder: A folder of the blueprint.
        read: Reads a cluster.
        stack: The name of the stack; None where the blueprint has just one.
        context: The context of the cluster; None for that of the stack's target, or the current one.
        selector: The label selector of the nodes; None for that which the Inventory was made with.
        values: Values that take the place of those of the stack, by name.

    Raises:
        InvalidBlueprint: A document has an error.
        UsageError: There is no such stack, the selector cannot be read, or the cluster has no such node.
        RoheError: The cluster cannot be read.
    """
    blueprint = load(folder, stack, allow_missing_files=True, values=values)
    written, target = blueprint.inventory, blueprint.stack.spec.target.kubernetes
    name = blueprint.stack.metadata.name
    objects = read(context or (target.context if target is not None else None))
    terms = written.metadata.annotations.get(SELECTOR, "") if selector is None else selector
    imported = import_cluster(objects, name=written.metadata.name, stack=name, selector=terms)
    found = Inventory.model_validate(imported.documents[0])
    changes = inventory_changes(written, found)
    return InventoryDiff(written.metadata.name, name, objects.origin, len(written.spec.nodes), changes)
