"""What can be said of a fleet although its inventory has faults: only claims about what is known of every node."""

from __future__ import annotations

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.hints.nearest import nearest
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.text.parsed import Path

CAPACITIES = ("cpu", "cores", "memory", "accelerators", "disk", "network", "arch")
"""Fields of a node, and of a service's demands, that are compared one by one."""

_RULES = ("labels", "taints")
"""Fields of a node that rules of placement are about."""

ANY = "any"
"""Some node is not known at all, so that it may have anything."""

_ALL_AT_ONCE = ("name", "service", "topologyKey")
"""Last steps of the paths of findings about all that a service asks for at once, in one node or place."""

_DEPTH = len(("spec", "nodes", 0))


MAX_COMPARED = 30_000
"""Pairs of names that are compared at most."""


def unknown_aspects(document: Document, inventory: Inventory) -> frozenset[str]:
    """Returns which fields of some node or device type are not known, since they are at fault."""
    unknown: set[str] = set()
    remainder = document.remainder
    for path in remainder.lost_parts() if remainder is not None else ():
        if path[:2] in (("spec", "nodes"), ("spec", "deviceTypes")):
            unknown.add(_aspect(path))
    types = inventory.spec.device_types
    named = {node.device_type for node in inventory.spec.nodes if node.device_type is not None}
    strangers = named - types.keys()
    # Where there are very many, no reader is helped by what follows from guesses.
    if len(strangers) * len(types) > MAX_COMPARED or any(not nearest(name, sorted(types)) for name in strangers):
        unknown.add(ANY)
    return frozenset(unknown)


def _aspect(path: Path) -> str:
    if len(path) <= _DEPTH:
        return ANY
    field = str(path[_DEPTH])
    return ANY if field in ("deviceType", "name", "count") else field


def with_known_types(inventory: Inventory) -> Inventory:
    """Returns the inventory with the nearest device type for each node whose type is not known."""
    types = inventory.spec.device_types
    names = sorted(types)
    strangers = {node.device_type for node in inventory.spec.nodes if node.device_type is not None} - types.keys()
    if not strangers or len(strangers) * len(types) > MAX_COMPARED:
        return inventory
    nodes = [
        node.model_copy(update={"device_type": nearest(node.device_type, names) or node.device_type})
        if node.device_type is not None and node.device_type not in types
        else node
        for node in inventory.spec.nodes
    ]
    return inventory.model_copy(update={"spec": inventory.spec.model_copy(update={"nodes": tuple(nodes)})})


def may_be_said(finding: Finding, unknown: frozenset[str]) -> bool:
    """Checks whether a finding about the fleet holds whatever the unknown fields of its nodes are."""
    if not unknown:
        return True
    if ANY in unknown:
        return False
    if finding.document.kind == "Stack" or (finding.code == "R303" and finding.path[-1] in _ALL_AT_ONCE):
        return unknown.isdisjoint((*CAPACITIES, *_RULES, "status", "used"))
    return unknown.isdisjoint([step for step in finding.path if step in CAPACITIES] or ("labels",))
