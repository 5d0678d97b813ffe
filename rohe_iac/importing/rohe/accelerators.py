"""Accelerators of the original's nodes."""

from __future__ import annotations

import re
from typing import Any

from rohe_iac.importing.foreign.journal import Field, loose_spelling
from rohe_iac.importing.foreign.units import bytes_of, integer_of, memory_quantity, share_of, share_quantity


def add_accelerators(field: Field, offers: dict[str, Any], used: dict[str, Any], target: str) -> None:
    """Adds accelerators to what a node offers, and the used parts to what is used.

    Args:
        field: The mapping or list of accelerators.
        offers: What the node offers, added to.
        used: What is used of the node, added to.
        target: The node as the journal names it.
    """
    parts = field.entries() or [(f"device{index}", item) for index, item in enumerate(field.items())]
    devices: dict[str, Any] = {}
    used_shares: dict[str, str] = {}
    for key, part in parts:
        where = f"{target} (deviceType).accelerators.{key}"
        if not part.is_mapping:
            part.drop("an accelerator is a mapping with type, mode, core and capacity")
            continue
        device, capacity = _accelerator(key, part, where)
        devices[key] = device
        in_use = part.get("used")
        if in_use is not None and (share := share_of(in_use)) is not None:
            whole = capacity * int(device.get("count", 1))
            if share > whole:
                in_use.note(f"more is said to be used than there is: taken as {share_quantity(whole)}")
            if share:
                used_shares[key] = share_quantity(min(share, whole))
            in_use.map_to(f"{target}.used.accelerators.{key}")
        part.drop_rest({})
    if devices:
        offers["accelerators"] = devices
    if used_shares:
        used["accelerators"] = used_shares


def _accelerator(key: str, part: Field, where: str) -> tuple[dict[str, Any], int]:
    """Returns an accelerator as the language writes it, and the capacity of each device in basis points."""
    kind = part.get("type", "accelerator_type")
    device: dict[str, Any] = {"type": kind.text.lower() if kind is not None and kind.text else _kind(key)}
    if kind is not None:
        kind.map_to(f"{where}.type")
    else:
        part.note(f"no type is given: taken as {device['type']} by its name")
    model = part.get("model")
    if model is not None and model.text:
        device["model"] = model.text
        model.map_to(f"{where}.model")
    mode = part.get("mode")
    if mode is not None:
        exclusive = loose_spelling(mode.text) in ("nonpreemptive", "exclusive", "nonpreemptible")
        if exclusive or loose_spelling(mode.text) in ("preemptive", "shared", "preemptible"):
            device["mode"] = "exclusive" if exclusive else "shared"
            mode.map_to(f"{where}.mode")
        else:
            mode.drop("neither pre-emptive (shared) nor nonpre-emptive (exclusive); it is taken as shared")
    cores = part.get("core", "cores")
    if cores is not None and (count := integer_of(cores)) is not None:
        device["cores"] = count
        cores.map_to(f"{where}.cores")
    capacity = 10000
    capacity_field = part.get("capacity")
    if capacity_field is not None and (share := share_of(capacity_field)) is not None:
        capacity = share
        if share != 10000:
            device["capacity"] = share_quantity(share)
        capacity_field.map_to(f"{where}.capacity")
    memory = part.get("memory", "vram")
    if memory is not None and (size := bytes_of(memory)) is not None:
        device["memory"] = memory_quantity(size)
        memory.map_to(f"{where}.memory")
    count_field = part.get("count")
    if count_field is not None and (number := integer_of(count_field)):
        device["count"] = number
        count_field.map_to(f"{where}.count")
    return device, capacity


def _kind(key: str) -> str:
    """Returns the type of an accelerator that names none: the letters that its key begins with, such as gpu of GPU0."""
    match = re.match(r"[A-Za-z]+", key)
    return match[0].lower() if match else "gpu"
