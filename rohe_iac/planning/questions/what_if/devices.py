"""What-if edits of accelerators: those of nodes and those that services ask for.

| thing | fields |
|---|---|
| `node/NAME` | `.GPU0`: capacity of that device, or of each device of the entry; `.GPU0.count`: number of devices |
| `service/NAME` | `.gpu`: the share asked for; `.gpu.count`: whole devices; `.gpu.models=any` |

On a node without devices of a type, `.gpu.count=2` adds shared ones.
"""

from __future__ import annotations

from dataclasses import replace

from rohe_iac.foundation.quantities import basis_points
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
    name, counts = edit.head, edit.key == "count"
    chosen = [device for device in node.devices if name in (device.name, entry_name(node, device.name))]
    types = {device.type for device in node.devices}
    # Only `.count` adds devices by a name that the node does not have: a misspelt field must not become a device.
    if (edit.key and not counts) or not (chosen or counts) or (not chosen and name in types):
        raise unknown_field(edit, _fields(node))
    if not counts:
        names = {device.name for device in chosen}
        return replace(
            node,
            devices=tuple(
                replace(device, capacity=edit.amount(device.capacity, basis_points)) if device.name in names else device
                for device in node.devices
            ),
        )
    number = edit.amount(len(chosen), _whole, most=MAX_DEVICES)
    removed = {device.name for device in chosen[number:]}
    model = replace(chosen[0], used=0) if chosen else Device(name, name, "", False, WHOLE)
    added = tuple(replace(model, name=f"{name}-{count}") for count in range(len(chosen), number))
    return replace(node, devices=(*(device for device in node.devices if device.name not in removed), *added))


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
        of_type = request.type == edit.head
        if of_type and not edit.key and request.share:
            request, matched = replace(request, share=edit.amount(request.share, basis_points)), True
        elif of_type and edit.key == "count" and request.count:
            request, matched = replace(request, count=edit.amount(request.count, _whole, most=MAX_DEVICES)), True
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
