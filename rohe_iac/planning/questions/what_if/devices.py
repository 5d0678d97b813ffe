"""What-if edits of accelerators: those of nodes and those that services ask for.

| thing | fields |
|---|---|
| `node/NAME` | `.GPU0`: capacity of that device, or of each of the entry; `.GPU0.memory`; `.GPU0.count`: their number |
| `service/NAME` | `.gpu`: the share asked for; `.gpu.count`: whole devices; `.gpu.memory`; `.gpu.models=any` |

On a node without devices of a type, `.gpu.count=2` adds shared ones.
"""

from __future__ import annotations

from dataclasses import replace

from rohe_iac.foundation.quantities import basis_points, byte_count
from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.supply import Device, Supply
from rohe_iac.planning.questions.what_if.edit import FIELDS, RULES, Edit, unknown_field

WHOLE = 10_000
"""Basis points of a whole device."""

MAX_DEVICES = 1000
"""Devices of one entry that an edit may ask for at most."""


def entry_name(node: Supply, device: str) -> str:
    """Returns the inventory entry that a device belongs to: an entry with a count numbers its devices from 0."""
    name, dash, number = device.rpartition("-")
    numbered = dash and number.isdigit() and any(other.name == f"{name}-0" for other in node.devices)
    return name if numbered else device


def edit_devices(node: Supply, edit: Edit) -> Supply:
    """Returns the node with an accelerator edited.

    Raises:
        UsageError: the value is no amount, or the node has no such device.
    """
    name, counts, memory = edit.head, edit.key == "count", edit.key == "memory"
    chosen = [device for device in node.devices if name in (device.name, entry_name(node, device.name))]
    types = {device.type for device in node.devices}
    # Only `.count` adds devices by a name that the node does not have: a misspelt field must not become a device.
    if (edit.key and not counts and not memory) or not (chosen or counts) or (not chosen and name in types):
        raise unknown_field(edit, _fields(node))
    if not counts:
        edited = _with_memory if memory else _with_capacity
        names = {device.name for device in chosen}
        devices = tuple(edited(device, edit) if device.name in names else device for device in node.devices)
        return replace(node, devices=devices)
    number = edit.amount(len(chosen), _whole, most=MAX_DEVICES)
    removed = {device.name for device in chosen[number:]}
    model = replace(chosen[0], used=0) if chosen else Device(name, name, "", False, WHOLE)
    added = tuple(replace(model, name=f"{name}-{count}") for count in range(len(chosen), number))
    return replace(node, devices=(*(device for device in node.devices if device.name not in removed), *added))


def _with_capacity(device: Device, edit: Edit) -> Device:
    return replace(device, capacity=edit.amount(device.capacity, basis_points))


def _with_memory(device: Device, edit: Edit) -> Device:
    # A device whose memory is not stated can only get an amount; relative edits change nothing.
    stated = device.memory is not None or edit.operator == "="
    return replace(device, memory=edit.amount(device.memory or 0, byte_count)) if stated else device


def edit_requests(devices: tuple[DeviceRequest, ...], edit: Edit) -> tuple[DeviceRequest, ...]:
    """Returns the requests with one type of accelerator edited; a request for nothing is left out.

    Raises:
        UsageError: the service does not ask for that type, or not in that way.
    """
    requests, known = [], []
    matched = False
    for request in devices:
        known += [request.type] if request.share else [f"{request.type}.count"]
        known += [f"{request.type}.models"] if request.models else []
        known += [f"{request.type}.memory"]
        of_type = request.type == edit.head
        if of_type and not edit.key and request.share:
            request, matched = replace(request, share=edit.amount(request.share, basis_points)), True
        elif of_type and edit.key == "count" and request.count:
            request, matched = replace(request, count=edit.amount(request.count, _whole, most=MAX_DEVICES)), True
        elif of_type and edit.key == "memory":
            request, matched = replace(request, memory=edit.amount(request.memory, byte_count)), True
        elif of_type and edit.key == "models" and request.models and edit.value == "any":
            request, matched = replace(request, models=()), True
        requests.append(request)
    if not matched:
        raise unknown_field(edit, (*FIELDS["service"], *known, *RULES["service"]))
    return tuple(request for request in requests if request.share or request.count)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"expected a whole number of devices, found '{text[:40]}'")
    return int(text[:12])


def _fields(node: Supply) -> tuple[str, ...]:
    return (*FIELDS["node"], *sorted({entry_name(node, device.name) for device in node.devices}), *RULES["node"])
