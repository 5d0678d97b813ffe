"""The nodes of a stack: its inventories as one, ranges as single nodes, and labels and taints of device types.

A linked Blueprint has single nodes alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rohe_iac.blueprint.language.base import EMPTY, Metadata
from rohe_iac.blueprint.language.inventory import DeviceType, Inventory, InventorySpec, Node, Taint
from rohe_iac.blueprint.language.scale.node_range import is_range, names_of, with_references


def single_nodes(spec: InventorySpec) -> Iterator[tuple[Node, int]]:
    """Yields each node of an inventory with the number of its entry; those of ranges one by one.

    An entry with the name of a node of a range is about that node alone: the fields that it sets replace those of the
    range, and its labels and taints come on top. Device types are not looked at.
    """
    if not any(is_range(node.name) for node in spec.nodes):
        yield from ((node, index) for index, node in enumerate(spec.nodes))
        return
    by_name: dict[str, int] = {}
    for index, node in enumerate(spec.nodes):
        if not is_range(node.name):
            by_name.setdefault(node.name, index)
    done = set[int]()
    for index, node in enumerate(spec.nodes):
        if not is_range(node.name):
            continue
        for single in nodes_of_range(node):
            own = by_name.get(single.name)
            if own is None:
                yield single, index
            elif own not in done:
                done.add(own)
                yield _with_own_fields(single, spec.nodes[own]), own
    for index, node in enumerate(spec.nodes):
        if not is_range(node.name) and index not in done:
            yield node, index


def nodes_of_range(node: Node) -> Iterator[Node]:
    """Yields the nodes that an entry with ranges expands to."""
    refers = any("{" in value for value in node.labels.values()) or any("{" in taint.value for taint in node.taints)
    for name, values in names_of(node.name, node.count):
        update: dict[str, object] = {"name": name, "count": None}
        if refers:
            update["labels"] = {key: with_references(value, values) for key, value in node.labels.items()}
            update["taints"] = tuple(
                taint.model_copy(update={"value": with_references(taint.value, values)}) for taint in node.taints
            )
        yield node.model_copy(update=update)


def _with_own_fields(node: Node, own: Node) -> Node:
    update = {name: getattr(own, name) for name in own.model_fields_set}
    update["labels"] = {**node.labels, **own.labels}
    update["taints"] = _joined(node.taints, own.taints)
    return node.model_copy(update=update)


def _joined(first: Sequence[Taint], second: Sequence[Taint]) -> tuple[Taint, ...]:
    """Returns both; of two with one key and effect the second."""
    taints = {(taint.key, taint.effect): taint for taint in (*first, *second)}
    return tuple(taints.values())


def with_type(node: Node, kind: DeviceType | None) -> Node:
    """Returns the node with the labels and taints of its device type; its own come on top."""
    if kind is None or not (kind.labels or kind.taints):
        return node
    update = {"labels": {**kind.labels, **node.labels}, "taints": _joined(kind.taints, node.taints)}
    return node.model_copy(update=update)


def whole_inventory(inventories: Sequence[Inventory], name: str = "") -> Inventory:
    """Returns the inventories of a stack as one, of single nodes with all their labels and taints.

    Where two have a device type of one name, both mean the same by it, which is checked before.

    Args:
        inventories: The inventories, at least one.
        name: The name of the result where there are several; "" for that of the first.
    """
    first = inventories[0]
    types = {name: kind for member in inventories for name, kind in member.spec.device_types.items()}
    short = any(is_range(node.name) for member in inventories for node in member.spec.nodes)
    labelled = any(kind.labels or kind.taints for kind in types.values())
    if len(inventories) == 1 and not short and not labelled:
        return first
    nodes = tuple(
        with_type(node, types.get(node.device_type or ""))
        for member in inventories
        for node, _ in single_nodes(member.spec)
    )
    links = tuple(link for member in inventories for link in member.spec.links)
    metadata = first.metadata
    if len(inventories) > 1:
        annotations = {key: text for member in inventories for key, text in member.metadata.annotations.items()}
        metadata = Metadata.model_construct(name=name or first.metadata.name, labels=EMPTY, annotations=annotations)
    spec = InventorySpec.model_construct(device_types=types, nodes=nodes, links=links)
    return Inventory.model_construct(metadata=metadata, spec=spec)
