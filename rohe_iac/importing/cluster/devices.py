"""Devices of ResourceSlices as accelerators of the nodes that have them, and which of them others have claimed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rohe_iac.foundation.quantities import exact_bytes
from rohe_iac.importing.cluster.device_classes import class_of
from rohe_iac.importing.cluster.nodes import ClusterNode
from rohe_iac.importing.cluster.objects import ClusterObjects, Object, at, each, is_of_stack, name_of
from rohe_iac.importing.cluster.quantity import offered, quantity
from rohe_iac.importing.cluster.quantity import taken as amounts_taken

PREFERRED = ("index", "minor", "name", "id", "uuid", "pciBusID")
"""Attributes to tell devices apart by, the best first: those of which equal machines have equal values."""

_MODEL = ("productName", "model", "product")
_WHOLE = "100%"


@dataclass(frozen=True, slots=True)
class SliceDevice:
    """A device of a ResourceSlice.

    Attributes:
        driver, pool, name: By which the cluster knows it.
        attributes: Its attributes by name: text, whole numbers and booleans.
        capacities: Its capacities by name, in whole units.
        shared: Whether several claims may take parts of it.
        partition: Whether it shares counters with other devices, so that not all of them can be claimed at once.
    """

    driver: str
    pool: str
    name: str
    attributes: Mapping[str, Any]
    capacities: Mapping[str, int]
    shared: bool
    partition: bool

    def attribute(self, names: Iterable[str]) -> Any:
        """Returns the first of some attributes that it has, by their names without domains; None for none."""
        found = {key.rpartition("/")[2]: value for key, value in self.attributes.items()}
        return next((found[name] for name in names if name in found), None)


def add_devices(nodes: Mapping[str, ClusterNode], objects: ClusterObjects, stack: str) -> Iterator[tuple[str, str]]:
    """Adds the devices of ResourceSlices to the accelerators of their nodes, and those in use to what is used.

    Yields:
        What is left out, with the reason.
    """
    taken = _claimed(objects.claims or (), stack)
    by_node: dict[str, list[SliceDevice]] = defaultdict(list)
    newest = _newest(objects.slices or ())
    for item in objects.slices or ():
        spec = item.get("spec") or {}
        place = (str(spec.get("driver")), str(at(spec, "pool", "name")))
        if (at(spec, "pool", "generation") or 0) < newest[place]:
            continue
        if not spec.get("nodeName"):
            yield f"ResourceSlice {name_of(item)}", "its devices are of no single node"
        elif spec["nodeName"] in nodes:
            by_node[spec["nodeName"]] += [_device(*place, device) for device in each(spec, "devices")]
    for node, devices in sorted(by_node.items()):
        yield from _add(nodes[node], sorted(devices, key=_order), objects, taken)


def _add(
    node: ClusterNode,
    devices: list[SliceDevice],
    objects: ClusterObjects,
    taken: Mapping[tuple[str, str, str], Mapping[str, int]],
) -> Iterator[tuple[str, str]]:
    by_class: dict[str, list[SliceDevice]] = defaultdict(list)
    for device in devices:
        if device.partition:
            yield _named(node, device), "it shares counters with other devices, so that not all can be claimed"
            continue
        by_class[class_of(device.driver, device.attributes, objects.classes or ())].append(device)
    for device_class, alike in by_class.items():
        attribute = _distinguishing(alike)
        for device in alike:
            if not device_class or attribute is None:
                reason = "no attribute distinguishes it" if device_class else "no DeviceClass is known to select it"
                yield _named(node, device), reason
                continue
            entry = device.name if device.name not in node.accelerators else f"{device.driver}-{device.name}"
            node.accelerators[entry] = _accelerator(entry, device, device_class, attribute)
            consumed = taken.get((device.driver, device.pool, device.name))
            if consumed is not None:
                node.used.setdefault("accelerators", {})[entry] = _used(node.accelerators[entry], consumed)


def _accelerator(entry: str, device: SliceDevice, device_class: str, attribute: str) -> dict[str, Any]:
    kind = device.attribute(["type"])
    accelerator: dict[str, Any] = {"type": kind if isinstance(kind, str) else device_class.partition(".")[0]}
    model = device.attribute(_MODEL)
    if isinstance(model, str) and model:
        accelerator["model"] = model
    memory = next((name for name in device.capacities if name.rpartition("/")[2] == "memory"), "")
    if memory and device.capacities[memory]:
        accelerator["memory"] = exact_bytes(device.capacities[memory])
    value = device.attributes[attribute]
    known: dict[str, Any] = {"deviceClass": device_class, "attribute": attribute}
    if value != entry:
        known["values"] = [value]
    cores = next((name for name in device.capacities if name.rpartition("/")[2] == "cores"), "")
    parts = {"memory": memory} if memory else {}
    parts |= {"share": cores} if cores and device.capacities[cores] == 100 else {}
    if device.shared and parts:
        known["capacity"] = parts
    else:
        accelerator["mode"] = "exclusive"
    return {**accelerator, "kubernetes": known}


def _distinguishing(devices: list[SliceDevice]) -> str | None:
    """Returns the attribute that all devices have, each with another value; the best there is."""
    names = set.intersection(*({*device.attributes} for device in devices))
    different = [name for name in names if len({_typed(device.attributes[name]) for device in devices}) == len(devices)]

    def rank(name: str) -> tuple[int, str]:
        plain = name.rpartition("/")[2]
        return (PREFERRED.index(plain) if plain in PREFERRED else len(PREFERRED), name)

    return min(different, key=rank, default=None)


def _typed(value: Any) -> tuple[str, Any]:
    return type(value).__name__, value


def _used(accelerator: Mapping[str, Any], consumed: Mapping[str, int]) -> Any:
    """Returns what claims use of a device as an inventory has it: parts of what it is shared by, or all of it."""
    parts = accelerator["kubernetes"].get("capacity")
    if not parts or not consumed:
        return _WHOLE
    share = min(consumed.get(parts.get("share", ""), 0), 100)
    memory = consumed.get(parts.get("memory", ""), 0)
    return {**({"share": f"{share}%"} if share else {}), **({"memory": exact_bytes(memory)} if memory else {})}


def _claimed(claims: Iterable[Object], stack: str) -> dict[tuple[str, str, str], Counter[str]]:
    """Returns the devices that claims of others than the stack have, with what they consume of each capacity.

    A device that a claim has whole consumes nothing.
    """
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for claim in claims:
        if is_of_stack(claim, stack):
            continue
        for result in each(claim, "status", "allocation", "devices", "results"):
            if result.get("adminAccess"):
                continue  # an administrator's claim takes nothing away from others
            place = (str(result.get("driver")), str(result.get("pool")), str(result.get("device")))
            consumed = found.setdefault(place, Counter())
            for name, amount in (result.get("consumedCapacity") or {}).items():
                consumed[name] += amounts_taken(quantity(amount))
    return found


def _newest(slices: Iterable[Object]) -> dict[tuple[str, str], int]:
    """Returns the newest generation of each pool; slices of older ones are leftovers."""
    found: dict[tuple[str, str], int] = {}
    for item in slices:
        place = (str(at(item, "spec", "driver")), str(at(item, "spec", "pool", "name")))
        found[place] = max(found.get(place, 0), at(item, "spec", "pool", "generation") or 0)
    return found


def _device(driver: str, pool: str, item: Mapping[str, Any]) -> SliceDevice:
    attributes = {}
    for name, value in (item.get("attributes") or {}).items():
        found = [value[kind] for kind in ("string", "int", "bool") if value.get(kind) is not None]
        if found:
            attributes[name] = found[0]
    capacities = {
        name: offered(quantity(value.get("value", 0))) for name, value in (item.get("capacity") or {}).items()
    }
    shared, partition = bool(item.get("allowMultipleAllocations")), bool(item.get("consumesCounters"))
    return SliceDevice(driver, pool, str(item.get("name")), attributes, capacities, shared, partition)


def _named(node: ClusterNode, device: SliceDevice) -> str:
    return f"{node.name}: device {device.name} of {device.driver}"


def _order(device: SliceDevice) -> tuple[Any, ...]:
    """Orders devices by driver and name, numbers in names by value."""
    parts = re.split(r"(\d+)", device.name)
    return device.driver, [(part.isdecimal(), int(part) if part.isdecimal() else part) for part in parts]
