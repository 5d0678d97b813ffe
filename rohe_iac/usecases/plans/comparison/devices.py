"""Devices that ResourceClaims select, compared with the devices that the plan names.

What an expression selects is read out of the manifest and looked up among the devices of the inventory; nothing is
shared with what renders claims.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.linked.cluster_device import ClusterDevice, devices_of_inventory
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.planning.model.plan import Placement

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SELECTION = re.compile(
    r'"(?P<name>\w+)" in (?P<map>device\.attributes\[(?:device\.driver|"(?P<domain>[^"\\]+)")\])'
    r' && (?P=map)\["(?P=name)"\] == (?P<value>\S.*)',
    re.DOTALL,
)
"""The expression of a selector: an attribute that is there and has one value."""


def device_faults(planfile: PlanFile, inventory: Inventory) -> Iterator[str]:
    """Yields each replica whose claim selects other devices than the plan names, a sentence each."""
    devices = devices_of_inventory(inventory)
    texts: dict[str, list[str]] = {}
    for manifest in planfile.manifests:
        if manifest.kind == "ResourceClaim":
            texts.setdefault(manifest.address, []).append(manifest.text)
    for placement in planfile.plan.placements:
        on_node = devices.get(placement.node, {})
        planned = [use.device for use in placement.devices if _is_claimed(on_node.get(use.device))]
        claims = texts.pop(placement.replica, [])
        if planned or claims:
            yield from _claim_faults(placement, planned, claims, on_node)


def _is_claimed(device: ClusterDevice | None) -> bool:
    return device is not None and device.known is not None and device.known.device_class is not None


def _claim_faults(
    placement: Placement, planned: list[str], claims: list[str], devices: Mapping[str, ClusterDevice]
) -> Iterator[str]:
    if len(claims) != 1:
        yield f"{placement.replica}: has {len(claims)} ResourceClaims for {', '.join(planned) or 'no device'}"
        return
    selected = []
    for request in _requests(claims[0]):
        found = [device.name for device in devices.values() if _selects(request, device)]
        if len(found) != 1:
            which = ", ".join(found) or "none"
            yield f"{placement.replica}: a request of its claim selects {which} of {placement.node}"
            return
        selected += found
    if sorted(selected) != sorted(planned):
        words = f"its claim selects {', '.join(selected) or 'none'} of {placement.node}"
        yield f"{placement.replica}: {words}, the plan names {', '.join(planned) or 'none'}"


def _requests(text: str) -> list[Any]:
    try:
        return list(yaml.load(text, _LOADER)["spec"]["devices"]["requests"])
    except (yaml.YAMLError, KeyError, TypeError):
        return []


def _selects(request: Any, device: ClusterDevice) -> bool:
    """Checks whether a request of a claim can be met by the device of the inventory."""
    known = device.known
    try:
        exactly = request["exactly"]
        match = _SELECTION.fullmatch(exactly["selectors"][0]["cel"]["expression"])
        value = json.loads(match["value"]) if match is not None else None
    except (KeyError, TypeError, IndexError, ValueError):
        return False
    if known is None or match is None or exactly.get("deviceClassName") != known.device_class:
        return False
    attribute = f"{match['domain']}/{match['name']}" if match["domain"] else match["name"]
    return attribute == known.attribute and type(value) is type(device.value) and value == device.value
