"""Checks of an inventory beyond its fields: names, device types, capacities, links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import check_reference, check_unique, guessed_name, number_in_list, warning
from rohe_iac.blueprint.hints.foreign_terms import VALUES
from rohe_iac.blueprint.language.accelerators.accelerator import Accelerator
from rohe_iac.blueprint.language.inventory import DeviceType, Inventory, InventorySpec, Node, Used
from rohe_iac.blueprint.language.pipeline import Memory
from rohe_iac.blueprint.language.scale.node_range import has_open_range, is_range, missing_reference, names_of
from rohe_iac.blueprint.linked.capacity import capacity_of
from rohe_iac.blueprint.linked.cluster_device import devices_of_entry
from rohe_iac.blueprint.linked.fleet import single_nodes, whole_inventory
from rohe_iac.blueprint.linked.machine import MEBIBYTE
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.foundation.quantities import shown_bytes, shown_cpu

MAX_GIBIBYTES = 128


MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}")


def check(document: Document, inventory: Inventory, others: Sequence[Inventory] = ()) -> Iterator[Finding]:
    """Yields every finding of one inventory.

    Args:
        document: Its document.
        inventory: The inventory.
        others: Inventories that stacks take together with it, whose device types and nodes it may name.
    """
    spec = inventory.spec
    types = {name: kind for member in (*others, inventory) for name, kind in member.spec.device_types.items()}
    if not (spec.nodes or spec.device_types or spec.links) and document.remainder is None:
        yield Finding(document, ("spec",), "R107", "field 'nodes' is missing")
    if any(is_range(node.name) or node.count is not None for node in spec.nodes):
        yield from _check_ranges(document, spec)
    else:
        yield from check_unique(document, ("spec", "nodes"), "node", [node.name for node in spec.nodes])
    for name, device in spec.device_types.items():
        yield from _check_device_type(document, ("spec", "deviceTypes", name), device)
        yield from _check_arch(document, ("spec", "deviceTypes", name, "arch"), device.arch)
    macs: dict[str, str] = {}
    for index, (node, own) in enumerate(zip(entries_of(spec), spec.nodes, strict=True)):
        found = _check_entry(document, ("spec", "nodes", index), node, types, macs)
        if node == own:
            yield from found
            continue
        # What the entry has from a range is reported at the range.
        written = {type(own).model_fields[name].alias or name for name in own.model_fields_set}
        yield from (finding for finding in found if written.intersection(finding.path[3:4]))
    yield from _check_links(document, inventory, others)


def _check_entry(
    document: Document, base: Path, node: Node, types: Mapping[str, DeviceType], macs: dict[str, str]
) -> Iterator[Finding]:
    """Yields every finding about one entry of the nodes; `macs` has the nodes before it by their addresses."""
    if node.device_type is not None and node.device_type not in types:
        path = (*base, "deviceType")
        yield from check_reference(document, path, "R207", "device type", node.device_type, types, among=_TYPES)
    elif node.device_type is None or node.used != _NOTHING_USED or node.memory is not None:
        yield from _check_capacity(document, base, node, types.get(node.device_type or ""))
    taints = [f"{taint.key}={taint.value}:{taint.effect}" for taint in node.taints]
    yield from check_unique(document, (*base, "taints"), "taint", taints, "")
    yield from _check_arch(document, (*base, "arch"), node.arch)
    yield from _check_claimed(document, (*base, "accelerators"), node.accelerators or {})
    if node.mac is not None:
        if MAC.fullmatch(node.mac) is None:
            yield Finding(
                document,
                (*base, "mac"),
                "R226",
                f"'{node.mac[:40]}' is not a MAC address",
                'for example "82:ae:30:11:38:06"',
            )
        elif macs.setdefault(node.mac.lower(), node.name) != node.name:
            message = f"node '{node.name}' has the MAC address of '{macs[node.mac.lower()]}'"
            yield warning(document, (*base, "mac"), "R226", message, "two machines never share one")


def entries_of(spec: InventorySpec) -> Sequence[Node]:
    """Returns the entries of an inventory; one about a node of a range has the fields of the range as well."""
    if not any(is_range(node.name) for node in spec.nodes):
        return spec.nodes
    entries = list(spec.nodes)
    for node, index in single_nodes(spec):
        if not is_range(entries[index].name):
            entries[index] = node
    return entries


def _check_ranges(document: Document, spec: InventorySpec) -> Iterator[Finding]:
    """Yields every finding about ranges: counts, references to ranges, addresses, and names that are there twice.

    An entry that names one node of a range is about that node, and no second one.
    """
    in_ranges: dict[str, int] = {}
    alone: dict[str, int] = {}
    for index, node in enumerate(spec.nodes):
        base: Path = ("spec", "nodes", index)
        if has_open_range(node.name) != (node.count is not None):
            if node.count is None:
                message, of = "a range without an end needs a count", ((*base, "count"),)
                yield Finding(document, (*base, "name"), "R116", message, "add count: 300", of=of)
            else:
                hint = "leave count out" if is_range(node.name) else f'write name: "{node.name[:40]}-[1:]"'
                message = "count needs an open range in the name, as in bus-[01:]"
                yield Finding(document, (*base, "count"), "R116", message, hint, on_key=True, of=((*base, "name"),))
                continue
        if is_range(node.name):
            texts: list[tuple[Path, str]] = [(("labels", key), value) for key, value in node.labels.items()]
            texts += [(("taints", number, "value"), taint.value) for number, taint in enumerate(node.taints)]
            for path, text in texts:
                missing = missing_reference(text, node.name)
                if missing:
                    hint = "{1} is the first range of the name, {2} the second"
                    message = f"{missing} is about a range that '{node.name[:63]}' does not have"
                    yield Finding(document, (*base, *path), "R116", message, hint)
            if node.mac is not None:
                message = "a range has no MAC address: two machines never share one"
                yield Finding(
                    document, (*base, "mac"), "R226", message, "write it in an entry of each node", on_key=True
                )
        seen = in_ranges if is_range(node.name) else alone
        for name, _ in names_of(node.name, node.count) if is_range(node.name) else ((node.name, ()),):
            if seen.setdefault(name, index) != index:
                number = number_in_list(document, ("spec", "nodes", seen[name]))
                message = f"node '{name}' is here twice, first as number {number} of the list"
                yield Finding(document, (*base, "name"), "R210", message, "names are unique within a list")
                break


_TYPES: tuple[Path, ...] = (("spec", "deviceTypes"),)
_NODES: tuple[Path, ...] = (("spec", "nodes"),)
"""Where an inventory has the names of its device types and nodes."""

_NOTHING_USED = Used.model_construct()


def _check_arch(document: Document, path: Path, arch: str | None) -> Iterator[Finding]:
    if arch in VALUES:
        message = f"'{arch}' is an architecture under another name than images and services have for it"
        yield warning(document, path, "R109", message, f"did you mean '{VALUES[arch]}'?")


def _check_device_type(document: Document, base: Path, device: DeviceType) -> Iterator[Finding]:
    if device.memory.rss < MEBIBYTE:
        hint = f"did you mean {_memory_meant(device.memory.rss)}?"
        yield warning(
            document, (*base, "memory", "rss"), "R113", f"a machine with {device.memory.rss} bytes of memory", hint
        )
    yield from check_virtual(document, (*base, "memory", "vms"), device.memory)
    yield from _check_claimed(document, (*base, "accelerators"), device.accelerators)
    if device.cpu == 0:
        yield warning(document, (*base, "cpu"), "R113", "a machine without cores", "write its cores, as in cpu: 4")
    if device.cpu > 2_048_000:
        message = f"a machine with {shown_cpu(device.cpu)} cores"
        yield warning(
            document, (*base, "cpu"), "R113", message, f"did you mean {device.cpu // 1000}m? (thousandths of a core)"
        )
    if device.cores is not None and sum(device.cores) > device.cpu:
        message = f"its cores hold {shown_cpu(sum(device.cores))}, more than its cpu of {shown_cpu(device.cpu)}"
        yield warning(document, (*base, "cores"), "R227", message, "cpu is the sum of the cores")


def _check_claimed(document: Document, base: Path, accelerators: Mapping[str, Accelerator]) -> Iterator[Finding]:
    """Yields a fault for each entry of which a claim could select a device of an earlier one."""
    entries: dict[tuple[object, ...], str] = {}
    for name, accelerator in accelerators.items():
        known = accelerator.kubernetes
        if known is None or known.device_class is None:
            continue
        values = [(type(device.value), device.value) for device in devices_of_entry(name, accelerator)]
        others = [entries.setdefault((known.device_class, known.attribute, *value), name) for value in values]
        other = next((entry for entry in others if entry != name), None)
        if other is not None:
            message = f"a device of '{name}' has the same {known.attribute} as one of '{other}'"
            hint = "a claim could select either: give each device a value of its own under values"
            yield Finding(document, (*base, name, "kubernetes"), "R240", message, hint)


def check_virtual(document: Document, path: Path, memory: Memory) -> Iterator[Finding]:
    """Yields a warning where virtual memory is less than resident memory."""
    if memory.vms is not None and memory.vms < memory.rss:
        message = f"virtual memory {shown_bytes(memory.vms)} is less than the resident {shown_bytes(memory.rss)}"
        yield warning(document, path, "R223", message, "vms holds rss: let it be at least that, or leave it out")


def _memory_meant(amount: int) -> str:
    """Returns what a bare number probably means: machines have some gibibytes, or hundreds of mebibytes."""
    return f"{amount}{'Gi' if amount <= MAX_GIBIBYTES else 'Mi'}"


def _check_capacity(document: Document, base: Path, node: Node, device: DeviceType | None) -> Iterator[Finding]:
    cpu = node.cpu if node.cpu is not None else device.cpu if device is not None else None
    memory = node.memory or (device.memory if device is not None else None)
    if cpu is None or memory is None:
        absent = " and ".join(word for word, value in (("cpu", cpu), ("memory", memory)) if value is None)
        message = f"node '{node.name}' has no deviceType and no {absent}"
        yield Finding(document, base, "R107", message, "name a deviceType, or write cpu and memory here")
        return
    if node.memory is not None and node.memory.rss < MEBIBYTE:
        hint = f"did you mean {_memory_meant(node.memory.rss)}?"
        yield warning(
            document, (*base, "memory", "rss"), "R113", f"a machine with {node.memory.rss} bytes of memory", hint
        )
    if node.memory is not None:
        yield from check_virtual(document, (*base, "memory", "vms"), node.memory)
    used = node.used
    if used.cpu > cpu:
        message = f"{shown_cpu(used.cpu)} of {shown_cpu(cpu)} cores are said to be used"
        yield Finding(document, (*base, "used", "cpu"), "R227", message, "used is at most what the node has")
    if used.memory is not None and used.memory.rss > memory.rss:
        message = f"{shown_bytes(used.memory.rss)} of {shown_bytes(memory.rss)} memory are said to be used"
        yield Finding(document, (*base, "used", "memory", "rss"), "R227", message, "used is at most what the node has")
    offered = capacity_of(node, device)
    for word, taken_amount, whole in (("disk", used.disk, offered.disk), ("network", used.network, offered.network)):
        if whole is not None and taken_amount > whole:
            message = f"more {word} is said to be used than the node has"
            yield Finding(document, (*base, "used", word), "R227", message, "used is at most what the node has")
    devices = node.accelerators if node.accelerators is not None else device.accelerators if device is not None else {}
    among: tuple[Path, ...] = ((*base, "accelerators"), ("spec", "deviceTypes", node.device_type or "", "accelerators"))
    for name, taken in used.accelerators.items():
        path = (*base, "used", "accelerators", name)
        if name not in devices:
            yield from check_reference(document, path, "R206", "accelerator", name, devices, on_key=True, among=among)
        elif taken.share > devices[name].capacity * devices[name].count:
            yield Finding(document, path, "R227", f"more of '{name}' is said to be used than the node has")
        elif taken.memory > (devices[name].memory or taken.memory) * devices[name].count:
            message = f"more memory of '{name}' is said to be used than the device has"
            yield Finding(document, (*path, "memory"), "R227", message, "used is at most what the device has")
    cores = node.cores if node.cores is not None else device.cores if device is not None else None
    capacities = cores if cores is not None else (1000,) * -(-cpu // 1000)
    if len(used.cores) > len(capacities):
        message = f"{len(used.cores)} cores are said to be used of {len(capacities)}"
        yield Finding(document, (*base, "used", "cores"), "R227", message, "one entry a core")
    for number, (used_amount, capacity) in enumerate(zip(used.cores, capacities, strict=False)):
        if used_amount > capacity:
            message = f"{shown_cpu(used_amount)} of a core of {shown_cpu(capacity)} are said to be used"
            yield Finding(document, (*base, "used", "cores", number), "R227", message, "one entry a core, in order")


def _check_links(document: Document, inventory: Inventory, others: Sequence[Inventory]) -> Iterator[Finding]:
    spec = inventory.spec
    yield from check_unique(document, ("spec", "links"), "link", [link.name for link in spec.links])
    if not spec.links:
        return
    nodes = whole_inventory([inventory, *others]).spec.nodes
    ends = {f"node/{node.name}" for node in nodes}
    ends |= {f"zone/{node.labels['zone']}" for node in nodes if "zone" in node.labels}
    by_name: dict[str, list[str]] = {}
    for known in sorted(ends):
        by_name.setdefault(known.partition("/")[2], []).append(known)
    labels: list[Path] = [("spec", "nodes", index, "labels") for index in range(len(spec.nodes))]
    labels += [("spec", "deviceTypes", name, "labels") for name in spec.device_types]
    joined: dict[frozenset[str], str] = {}
    for index, link in enumerate(spec.links):
        base: Path = ("spec", "links", index, "between")
        between = []
        for side, end in enumerate(link.between):
            if end.startswith(_ENDS):
                kind = end.partition("/")[0]
                lost = kind == "zone" and document.is_unknown(*labels)
                yield from check_reference(
                    document, (*base, side), "R209", kind, end, ends, among=_NODES, may_exist=lost
                )
                between.append(end)
                continue
            meant = _meant_ends(document, end, by_name)
            # What is found below is about the end that was meant, as it would be after the edit.
            between.append(meant[0] if len(meant) == 1 else end)
            hint = f"did you mean {meant[0]}?" if len(meant) == 1 else f"write {' or '.join(meant)}"
            message = f"'{end[:63]}' is neither node/NAME nor zone/NAME"
            yield Finding(document, (*base, side), "R119", message, hint if meant else "write node/NAME or zone/NAME")
            if not meant:
                yield from check_reference(document, (*base, side), "R209", "node or zone", end, ends, among=_NODES)
        first = joined.setdefault(frozenset(between), link.name)
        if first != link.name:
            message = f"link '{link.name}' joins what '{first}' joins already"
            yield warning(document, base, "R210", message, "keep one of them")
        # Within a zone a link says how its nodes reach each other.
        if between[0] == between[1] and not between[0].startswith("zone/"):
            hint = "a node reaches itself; a zone given twice means the links between its nodes"
            yield Finding(document, base, "R211", f"link '{link.name}' ends where it begins", hint)


_ENDS = ("node/", "zone/")


def _meant_ends(document: Document, name: str, by_name: Mapping[str, list[str]]) -> list[str]:
    """Returns the ends that a name alone may stand for: a node, a zone, both, or those of the nearest name."""
    if name in by_name or name in document.broken_names:
        return by_name.get(name) or [f"{kind}{name[:63]}" for kind in _ENDS]
    return by_name.get(guessed_name(document, name, by_name), [])
