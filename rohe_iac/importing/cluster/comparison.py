"""Comparison of a written Inventory with that of its cluster: what of it is out of date.

Only what a cluster says of nodes is compared: cost, frequency, links and further labels are the user's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from rohe_iac.blueprint.language.inventory import DeviceType, Inventory, Node
from rohe_iac.blueprint.linked.capacity import Capacity, capacity_of
from rohe_iac.blueprint.linked.cluster_device import devices_of_node
from rohe_iac.foundation.quantities import exact_bytes, shown_cpu

GONE, NEW, CHANGED = "gone", "new", "changed"

WHOLE = 10_000
"""Basis points of a device."""


@dataclass(frozen=True, slots=True, order=True)
class InventoryChange:
    """One thing of a node that the Inventory has otherwise than the cluster.

    Attributes:
        node: The name of the node.
        change: GONE from the cluster, NEW in it, or CHANGED.
        field: What of the node changed, such as `cpu` or `labels.zone`; "" for a node that is gone or new.
        written: What the Inventory has; "" where it has nothing.
        found: What the cluster has; "" where it has nothing.
    """

    node: str
    change: str
    field: str = ""
    written: str = ""
    found: str = ""


def inventory_changes(written: Inventory, found: Inventory) -> tuple[InventoryChange, ...]:
    """Returns what has changed since an Inventory was written, by node and field.

    Args:
        written: The Inventory of the blueprint.
        found: The Inventory that an import of the cluster gives now.
    """
    mine = {node.name: node for node in written.spec.nodes}
    theirs = {node.name: node for node in found.spec.nodes}
    changes = [InventoryChange(name, GONE) for name in mine.keys() - theirs.keys()]
    changes += [InventoryChange(name, NEW) for name in theirs.keys() - mine.keys()]
    for name in mine.keys() & theirs.keys():
        before = dict(_facts(mine[name], written.spec.device_types))
        after = dict(_facts(theirs[name], found.spec.device_types))
        for field in before.keys() | after.keys():
            old, new = before.get(field, ""), after.get(field, "")
            if old != new and not (new == "" and _is_users(field)):
                changes.append(InventoryChange(name, CHANGED, field, old, new))
    return tuple(sorted(changes))


def _is_users(field: str) -> bool:
    """Checks whether a field that the cluster does not have may be the user's own: labels without a domain."""
    label = field.removeprefix("labels.")
    return label != field and label != "zone" and "/" not in label


def _facts(node: Node, types: Mapping[str, DeviceType]) -> Iterator[tuple[str, str]]:
    """Yields what is compared of a node: the field, and its value as text."""
    kind = types.get(node.device_type or "")
    capacity = capacity_of(node, kind)
    yield "status", node.status
    yield from _amounts(capacity)
    for key, value in node.labels.items():
        yield f"labels.{key}", value or '""'
    for taint in node.taints:
        yield f"taints.{taint.key}:{taint.effect}", taint.value or "set"
    used = node.used
    if used.cpu:
        yield "used.cpu", shown_cpu(used.cpu)
    if used.memory is not None and used.memory.rss:
        yield "used.memory", exact_bytes(used.memory.rss)
    if used.disk:
        yield "used.disk", exact_bytes(used.disk)
    resources: Counter[str] = Counter()
    for name, device in devices_of_node(node, kind).items():
        if device.known is None:
            continue
        if device.known.extended_resource is not None:
            resources[device.known.extended_resource] += 1
        else:
            address = f"{device.known.device_class} {device.known.attribute}={device.value}"
            yield f"accelerators.{address}", "there"
            share = used.accelerators[name].share if name in used.accelerators else 0
            if share:
                yield f"used.accelerators.{address}", _percent(share)
    for resource, count in resources.items():
        yield f"accelerators.{resource}", str(count)
    yield from _used_resources(node, capacity)


def _amounts(capacity: Capacity) -> Iterator[tuple[str, str]]:
    yield "cpu", shown_cpu(capacity.cpu)
    if capacity.memory is not None:
        yield "memory", exact_bytes(capacity.memory.rss)
    if capacity.disk is not None:
        yield "disk", exact_bytes(capacity.disk)
    if capacity.arch:
        yield "arch", capacity.arch


def _used_resources(node: Node, capacity: Capacity) -> Iterator[tuple[str, str]]:
    shares: Counter[str] = Counter()
    for entry, accelerator in capacity.accelerators.items():
        known = accelerator.kubernetes
        if known is not None and known.extended_resource is not None and entry in node.used.accelerators:
            shares[known.extended_resource] += node.used.accelerators[entry].share
    for resource, share in shares.items():
        yield f"used.accelerators.{resource}", f"{Fraction(share, WHOLE).limit_denominator(100)}"


def _percent(share: int) -> str:
    return f"{share / 100:g}%"


def by_node(changes: Iterable[InventoryChange]) -> dict[str, list[InventoryChange]]:
    """Returns changes by the name of the node."""
    found: dict[str, list[InventoryChange]] = {}
    for change in changes:
        found.setdefault(change.node, []).append(change)
    return found
