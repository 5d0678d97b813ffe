"""Checks of inventories that a stack takes together: what two of them name, and what only another one has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rohe_iac.blueprint.documents.tree import Tree, documents_with_model
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import check_reference
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.scale.node_range import MAX_NODES, number_of_names
from rohe_iac.blueprint.language.stack import Stack
from rohe_iac.blueprint.linked.fleet import single_nodes
from rohe_iac.blueprint.text.parsed import Path

Taken = Sequence[tuple[Document, Inventory]]
"""The inventories of a stack that are well formed, each with its document."""


def inventories_of(document: Document, stack: Stack, tree: Tree) -> Taken:
    """Returns the well-formed inventories that a stack names, or surely means where it misspells a name."""
    meant = [tree.catalogue.meant("Inventory", name, document) for name in stack.spec.inventories]
    return documents_with_model([item for item in meant if item is not None], Inventory)


def others_of(tree: Tree) -> Mapping[Document, Sequence[Inventory]]:
    """Returns the inventories that any stack takes together with one, by its document."""
    found: dict[Document, dict[Document, Inventory]] = {}
    for document, stack in documents_with_model(tree.documents, Stack):
        if len(stack.spec.inventories) < 2:
            continue
        taken = inventories_of(document, stack, tree)
        for own, _ in taken:
            found.setdefault(own, {}).update({other: model for other, model in taken if other is not own})
    return {own: tuple(others.values()) for own, others in found.items()}


def check(document: Document, stack: Stack, tree: Tree) -> Iterator[Finding]:
    """Yields every finding about the inventories of a stack together."""
    taken = inventories_of(document, stack, tree)
    names = stack.spec.inventories
    if len(taken) < len(names) or any(own.remainder is not None for own, _ in taken):
        return  # what is missing may be in one that is not there, or is faulty
    if not any(inventory.spec.nodes for _, inventory in taken):
        message = f"{'no inventory of the stack has' if len(names) > 1 else 'the inventory has no'} nodes"
        yield Finding(document, path_of(stack, 0), "R203", message, "add an Inventory with nodes to inventory")
    if len(taken) < 2 or len(set(names)) < len(names):
        return
    if sum(number_of_nodes(inventory) for _, inventory in taken) > MAX_NODES:
        message = f"the inventories are short for more than {MAX_NODES:,} nodes together"
        yield Finding(document, ("spec", "inventory"), "R111", message, "make several stacks of it")
        return
    yield from _check_twice(document, stack, taken)
    types = {name: kind for _, inventory in taken for name, kind in inventory.spec.device_types.items()}
    for index, (own, inventory) in enumerate(taken):
        for node in inventory.spec.nodes:
            if node.device_type is not None and node.device_type not in types:
                known = {name for other in tree.catalogue.of("Inventory") for name in _types_of(other)}
                if node.device_type in known:  # else it is reported at the node
                    what = f"device type of the stack's inventories for node '{node.name[:63]}' of {own.name}:"
                    yield from check_reference(document, path_of(stack, index), "R207", what, node.device_type, types)
                    break


def number_of_nodes(inventory: Inventory) -> int:
    """Returns how many nodes the entries of an inventory are short for."""
    return sum(number_of_names(node.name, node.count) if "[" in node.name else 1 for node in inventory.spec.nodes)


def path_of(stack: Stack, index: int) -> Path:
    """Returns the path of an inventory's name in a stack."""
    return ("spec", "inventory") if isinstance(stack.spec.inventory, str) else ("spec", "inventory", index)


def _types_of(document: Document) -> Sequence[str]:
    return tuple(document.model.spec.device_types) if isinstance(document.model, Inventory) else ()


def _check_twice(document: Document, stack: Stack, taken: Taken) -> Iterator[Finding]:
    """Yields a finding for the first node, link and device type that two inventories name."""
    nodes: dict[str, str] = {}
    links: dict[str, str] = {}
    types: dict[str, tuple[str, object]] = {}
    for index, (own, inventory) in enumerate(taken):
        spec = inventory.spec
        for what, names, seen in (
            ("node", (node.name for node, _ in single_nodes(spec)), nodes),
            ("link", (link.name for link in spec.links), links),
        ):
            twice = next((name for name in names if seen.setdefault(name, own.name) != own.name), "")
            if twice:
                message = f"{what} '{twice}' is in inventory '{seen[twice]}' and in '{own.name}'"
                yield Finding(document, path_of(stack, index), "R210", message, "names are unique within a stack")
        for name, kind in spec.device_types.items():
            first, other = types.setdefault(name, (own.name, kind))
            if other != kind:
                message = f"device type '{name}' is another one in inventory '{first}' than in '{own.name}'"
                hint = "give one of them another name, or keep one: nodes of both inventories may use it"
                yield Finding(document, path_of(stack, index), "R210", message, hint)
