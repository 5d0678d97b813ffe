"""Imports the original's node files: machines with their capacity and the part that is used."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from rohe_iac.blueprint.checks.inventory import MAC
from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.importing.foreign.architectures import ARCHITECTURES
from rohe_iac.importing.foreign.drafts import Drafts, InventoryDraft
from rohe_iac.importing.foreign.journal import Field, loose_spelling
from rohe_iac.importing.foreign.naming import dns_name, give_name
from rohe_iac.importing.foreign.units import (
    MAX_CORES,
    CoresUnit,
    cpu_of,
    cpu_quantity,
    frequency_quantity,
    hertz_of,
    integer_of,
    memory_quantity,
    millicores_of,
    number_of,
    sizes_of,
    unit_in_file,
    unit_of_cores,
    whole_millicores,
)
from rohe_iac.importing.rohe.accelerators import add_accelerators

SENDER = "the sender of a command is not part of a blueprint"


HEADER = dict.fromkeys(
    ("application", "clientid", "instancename", "stageid", "role", "userid", "runid", "username", "command"), SENDER
)


RUNNING = ("running", "ready", "up", "active", "available", "online")


DOWN = ("down", "stopped", "stop", "offline", "failed", "failure", "inactive", "dead", "error", "notready")


CORDONED = ("cordoned", "cordon", "draining", "drain", "drained", "maintenance", "disabled", "unschedulable")


REASONS = {
    "services": "what runs on a node is decided by the plan",
    "id": "a node is known by its name",
    "address": "where a node is reached is the target's affair",
    "ip": "where a node is reached is the target's affair",
    "ipaddress": "where a node is reached is the target's affair",
}


UNKNOWN = "nodes of the original have no such field; the blueprint is yours to extend"


FIGURES = ("cpu", "memory", "processor", "cores", "processors", "accelerator", "accelerators", "frequency", "status")


def looks_like_nodes(field: Field) -> bool:
    """Checks whether a mapping or list holds nodes of the original, at least one, and no services."""
    parts = [part for _, part in field.entries()] or field.items()
    return any(is_node(part) for part in parts) and not any(_is_service(part) for part in parts)


def _is_service(part: Field) -> bool:
    return part.get("image", "replicas", "service_name", "microservice_name") is not None


def is_node(part: Field) -> bool:
    """Checks whether a mapping has fields that only nodes have: a node's name or MAC, or a capacity."""
    named = part.get("node_name", "MAC", "mac_address")
    if named is not None and named.is_scalar:
        return not _is_service(part) and part.get(*FIGURES) is not None
    figures = (part.get("cpu"), part.get("memory"), part.get("processor", "cores"))
    return any(figure is not None and figure.get("capacity") is not None for figure in figures)


def import_nodes(root: Field, body: Field, drafts: Drafts) -> None:
    """Adds nodes to the inventory.

    Args:
        root: The whole document.
        body: The mapping or list of nodes, or the only node.
        drafts: The drafts of the import.
    """
    own_unit = unit_in_file(root)
    unit = drafts.cores_unit or own_unit
    entries = body.entries() or [(f"node{index + 1}", item) for index, item in enumerate(body.items())]
    for key, entry in [("node", body)] if is_node(body) else entries:
        if entry.is_mapping:
            _add_node(key, entry, unit, drafts.inventory)
        elif body.path:
            entry.drop("not a node, which is a mapping")


def _add_node(key: str, entry: Field, unit: CoresUnit | None, draft: InventoryDraft) -> None:
    name_field = entry.get("node_name", "name", "hostname")
    original = name_field.text if name_field is not None and name_field.text else key
    name = give_name(entry, original, "node", draft.names, draft.annotations)
    target = f"Inventory: nodes.{name}"
    if name_field is not None:
        name_field.map_to(f"{target}.name")
    offers, used = _offers(entry, unit, target)
    if "cpu" not in offers or "memory" not in offers:
        return
    kind = entry.get("device_type")
    node: dict[str, Any] = {"name": name, "deviceType": _device_type(kind, original, offers, draft)}
    if kind is not None and kind.text:
        kind.map_to(f"{target}.deviceType")
    _add_mac(entry, node, target)
    _add_labels(entry, node, target)
    status = _status(entry, target)
    if status != "running":
        node["status"] = status
    if used:
        node["used"] = used
    entry.drop_rest(REASONS, UNKNOWN)
    draft.nodes.append(node)
    file = entry.place.file
    if file not in draft.sources:
        draft.sources.append(file)


def _add_mac(entry: Field, node: dict[str, Any], target: str) -> None:
    mac = entry.get("MAC", "mac_address", "mac")
    if mac is None:
        return
    digits = re.sub(r"[.:-]", "", mac.text)
    if MAC.fullmatch(mac.text):
        node["mac"] = mac.text
    elif re.fullmatch(r"[0-9A-Fa-f]{12}", digits):
        node["mac"] = ":".join(re.findall("..", digits))
    else:
        mac.drop("not a MAC address, six pairs of hexadecimal digits")
        return
    mac.map_to(f"{target}.mac")


def _add_labels(entry: Field, node: dict[str, Any], target: str) -> None:
    """Adds labels; the original has none, and files extended by hand use the names of the language."""
    labels = entry.get("labels")
    found = {key: part for key, part in labels.entries() if part.is_scalar and key} if labels is not None else {}
    for key, part in found.items():
        part.map_to(f"{target}.labels.{key}")
    zone = entry.get("zone")
    if zone is not None and zone.text:
        found.setdefault("zone", zone)
        zone.map_to(f"{target}.labels.zone")
    if found:
        node["labels"] = {key: part.text for key, part in found.items()}


def _device_type(kind_field: Field | None, original: str, offers: dict[str, Any], draft: InventoryDraft) -> str:
    """Returns the name of the device type of a node, made where no other node has the same type and figures.

    Args:
        kind_field: The field that names the device type, if any; else the type is named by the node.
        original: The name of the node in the file.
        offers: What the node has.
        draft: The inventory.
    """
    stem = dns_name(kind_field.text, "node") if kind_field is not None and kind_field.text else type_name(original)
    kind = (stem, canonical_json(offers))
    if kind not in draft.kinds:
        draft.kinds[kind] = draft.type_names.give(stem, "node")
        draft.device_types[draft.kinds[kind]] = offers
    return draft.kinds[kind]


def type_name(node: str) -> str:
    """Returns the name of the device type of a node that names none: the node's name without the number at its end."""
    return dns_name(node.rstrip("0123456789").rstrip("_.- \t\n"), "node")


def _status(entry: Field, target: str) -> str:
    field = entry.get("status", "state")
    if field is None:
        return "running"
    word = loose_spelling(field.text)
    status = "down" if word in DOWN else "cordoned" if word in CORDONED else "running"
    if word in RUNNING or status != "running":
        field.map_to(f"{target}.status")
    else:
        field.drop("not a status of a node; it is taken as running")
    return status


def _capacity(field: Field | None) -> tuple[Field | None, Field | None]:
    """Returns the fields of the capacity and of the used part; a lone figure is the capacity."""
    if field is None:
        return None, None
    if field.is_mapping and field.get("capacity", "used", "total") is not None:
        return field.get("capacity", "total"), field.get("used")
    return field, None


def _offers(entry: Field, unit: CoresUnit | None, target: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns what a node offers, the figures of its device type, and what of it is used."""
    offers: dict[str, Any] = {}
    used: dict[str, Any] = {}
    frequency = entry.get("frequency", "clock", "freq")
    if frequency is not None and not frequency.is_scalar:
        frequency.drop("a frequency is one number, in GHz where it has no unit")
    elif frequency is not None and (hertz := hertz_of(frequency)) is not None:
        offers["frequency"] = frequency_quantity(hertz)
        frequency.map_to(f"{target} (deviceType).frequency")
    architecture = entry.get("arch", "architecture")
    if architecture is not None and architecture.text:
        offers["arch"] = ARCHITECTURES.get(loose_spelling(architecture.text), architecture.text)
        architecture.map_to(f"{target} (deviceType).arch")
    _add_processor(entry, unit, offers, used, target)
    _add_memory(entry, offers, used, target)
    devices = entry.get("accelerator", "accelerators", "gpu", "gpus")
    if devices is not None:
        add_accelerators(devices, offers, used, target)
    return offers, used


def _add_processor(
    entry: Field, unit: CoresUnit | None, offers: dict[str, Any], used: dict[str, Any], target: str
) -> None:
    """Adds cpu and cores to what a node offers and to what is used of the node."""
    cpu_field, cpu_used = _capacity(entry.get("cpu"))
    cores_field, cores_used = _capacity(entry.get("processor", "cores", "processors"))
    figures = _figures(cores_field) if cores_field is not None and cores_field.is_list else []
    cpu = cpu_of(cpu_field, figures, offered=True) if cpu_field is not None else None
    chunks = figures
    if cores_field is not None and not cores_field.is_list:
        chunks, unit = _equal_cores(cores_field, cpu), CoresUnit.millicores
    elif cores_field is not None and figures:
        unit = unit or _inferred_unit(cores_field, cpu, chunks)
    unit = unit or CoresUnit.percent
    cores = [whole_millicores(chunk * unit.in_millicores, cores_field or entry, offered=True) for chunk in chunks]
    if cpu is None and cpu_field is None and cores:
        cpu = sum(cores)
        entry.note("no cpu is given: the sum of the cores is taken")
    if cpu is not None:
        offers["cpu"] = cpu_quantity(cpu)
        if cpu_field is not None:
            cpu_field.map_to(f"{target} (deviceType).cpu")
        _add_used_cpu(cpu_used, cpu, used, target)
    elif cpu_field is None:
        entry.report_fault("the node has neither cpu nor cores", "add cpu: {capacity: MILLICORES}")
    if cores and cores_field is not None:
        offers["cores"] = [cpu_quantity(core) for core in cores]
        cores_field.map_to(f"{target} (deviceType).cores")
    _add_used_cores(cores_used, cores, unit, used, target)


def _figures(field: Field) -> list[Fraction]:
    """Returns the figures of a list, one a core; none where an item is no number, which is reported as a fault."""
    numbers = [number_of(item) for item in field.items()]
    return [number for number in numbers if number is not None] if None not in numbers else []


def _equal_cores(field: Field, cpu: int | None) -> list[Fraction]:
    """Returns the millicores of each core where the field holds the number of cores: the cpu is split equally."""
    count = integer_of(field)
    if count is None or not 1 <= count <= MAX_CORES:
        if count is not None:
            field.drop("a lone figure is taken for the number of cores, and this is none")
        return []
    field.note(f"a lone figure is taken for the number of cores: {count}")
    each = Fraction(cpu, count) if cpu is not None else Fraction(1000)
    return [each] * count


def _inferred_unit(field: Field, cpu: int | None, chunks: list[Fraction]) -> CoresUnit:
    unit, certain = unit_of_cores(cpu or 0, chunks)
    if not certain:
        other = CoresUnit.millicores if unit is not CoresUnit.millicores else CoresUnit.percent
        field.note(f"the cores are taken as {unit.value}, which is not certain; --cores-unit {other} says otherwise")
    return unit


def _add_used_cpu(field: Field | None, cpu: int, used: dict[str, Any], target: str) -> None:
    if field is None or (amount := millicores_of(field)) is None:
        return
    if amount > cpu:
        field.note(f"more is said to be used than the node has: taken as {cpu_quantity(cpu)}")
    if amount:
        used["cpu"] = cpu_quantity(min(amount, cpu))
    field.map_to(f"{target}.used.cpu")


def _add_used_cores(field: Field | None, cores: list[int], unit: CoresUnit, used: dict[str, Any], target: str) -> None:
    if field is None:
        return
    if not field.is_list or not cores:
        field.drop("what is used of cores is a list with one figure a core")
        return
    amounts = [whole_millicores(number * unit.in_millicores, field) for number in _figures(field)]
    if len(amounts) > len(cores):
        field.note(f"{len(amounts)} cores are said to be used of {len(cores)}: the first {len(cores)} count")
    if any(amounts):
        pairs = zip(amounts, cores, strict=False)
        used["cores"] = [cpu_quantity(min(amount, core)) for amount, core in pairs]
    field.map_to(f"{target}.used.cores")


def _add_memory(entry: Field, offers: dict[str, Any], used: dict[str, Any], target: str) -> None:
    memory, used_field = _capacity(entry.get("memory", "mem", "ram"))
    if memory is None:
        entry.report_fault("the node has no memory", "add memory: {capacity: {rss: MB}}")
        return
    sizes = sizes_of(memory, f"{target} (deviceType).memory")
    if "rss" not in sizes:
        if not entry.journal.faults:
            memory.report_fault("the node's memory has no rss", "add rss: MB")
        return
    if sizes.get("vms") == 0:
        memory.note("vms 0 means that virtual memory is not checked")
        del sizes["vms"]
    offers["memory"] = {name: memory_quantity(amount) for name, amount in sizes.items()}
    amounts = sizes_of(used_field, f"{target}.used.memory") if used_field is not None else {}
    for name in ("rss", "vms"):
        if amounts.get(name, 0) > sizes.get(name, amounts.get(name, 0)) and used_field is not None:
            used_field.note(
                f"more {name} is said to be used than the node has: taken as {memory_quantity(sizes[name])}"
            )
            amounts[name] = sizes[name]
    if any(amounts.values()):
        kept = {name: memory_quantity(amount) for name, amount in amounts.items() if amount or name == "rss"}
        used["memory"] = {"rss": 0, **kept}
