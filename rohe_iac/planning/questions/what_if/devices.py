"""Device editing: what-if edits of the accelerators that nodes have and services ask for.

| thing | fields |
|---|---|
| `node/NAME` | `.GPU0`: how much that device, or each of the entry, can give; `.GPU0.count`: how many there are |
| `service/NAME` | `.gpu`: the share asked for; `.gpu.count`: whole devices; `.gpu.models=any` |

Where a node has none of a type, `.gpu.count=2` gives it shared ones.
"""

from __future__ import annotations

from dataclasses import replace

from rohe_iac.foundation.quantities import basis_points
from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.supply import Device, Supply
from rohe_iac.planning.questions.what_if.edit import FIELDS, RULES, Edit, unknown_field

WHOLE = 10_000
"""Basis points of a whole device."""

MOST_DEVICES = 1000
"""Devices of one entry that an edit may ask for."""


def entry_name(node: Supply, device: str) -> str:
    """The name of the inventory's entry that a device belongs to: an entry with a count numbers its devices from 0."""
    name, dash, number = device.rpartition("-")
    numbered = dash and number.isdigit() and any(one.name == f"{name}-0" for one in node.devices)
    return name if numbered else device


def edit_devices(node: Supply, edit: Edit) -> Supply:
    """The node with an accelerator edited.

    Errors: UsageError where the value is no amount, or the node has no such device.
    """
    name, counts = edit.head, edit.key == "count"
    mine = [one for one in node.devices if name in (one.name, entry_name(node, one.name))]
    # A device is made of a type's name only where its number is told: a misspelt field must not become one.
    if (edit.key and not counts) or not (mine or counts) or (not mine and name in {one.type for one in node.devices}):
        raise unknown_field(edit, _fields(node))
    if not counts:
        names = {one.name for one in mine}
        return replace(
            node,
            devices=tuple(
                replace(one, capacity=edit.amount(one.capacity, basis_points)) if one.name in names else one
                for one in node.devices
            ),
        )
    number = edit.amount(len(mine), _whole, most=MOST_DEVICES)
    gone = {one.name for one in mine[number:]}
    like = replace(mine[0], used=0) if mine else Device(name, name, "", False, WHOLE)
    more = tuple(replace(like, name=f"{name}-{count}") for count in range(len(mine), number))
    return replace(node, devices=(*(one for one in node.devices if one.name not in gone), *more))


def edit_requests(devices: tuple[DeviceRequest, ...], edit: Edit) -> tuple[DeviceRequest, ...]:
    """What a service asks for, with one type of accelerator edited; what comes to nothing is asked for no more.

    Errors: UsageError where the service asks for none of that type, or not so.
    """
    found, known = [], []
    met = False
    for one in devices:
        known += [one.type] if one.share else [f"{one.type}.count"]
        known += [f"{one.type}.models"] if one.models else []
        if one.type == edit.head and not edit.key and one.share:
            one, met = replace(one, share=edit.amount(one.share, basis_points)), True
        elif one.type == edit.head and edit.key == "count" and one.count:
            one, met = replace(one, count=edit.amount(one.count, _whole, most=MOST_DEVICES)), True
        elif one.type == edit.head and edit.key == "models" and one.models and edit.value == "any":
            one, met = replace(one, models=()), True
        found.append(one)
    if not met:
        raise unknown_field(edit, (*FIELDS["service"], *known, *RULES["service"]))
    return tuple(one for one in found if one.share or one.count)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"expected a whole number of devices, found '{text[:40]}'")
    return int(text[:12])


def _fields(node: Supply) -> tuple[str, ...]:
    return (*FIELDS["node"], *sorted({entry_name(node, one.name) for one in node.devices}), *RULES["node"])
