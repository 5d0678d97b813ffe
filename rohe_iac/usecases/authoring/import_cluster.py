"""`rohe import cluster`: the nodes of a Kubernetes cluster as an Inventory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.blueprint.documents.discovery import documents_under, root_of
from rohe_iac.blueprint.documents.given_value import NO_VALUES, GivenValue
from rohe_iac.blueprint.documents.tree import documents_with_model, read_tree
from rohe_iac.blueprint.language.stack import Stack
from rohe_iac.blueprint.modules.stack_values import compute_stacks
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.names import is_name
from rohe_iac.importing.cluster.objects import ClusterObjects
from rohe_iac.importing.cluster.selector import parse_selector
from rohe_iac.importing.foreign.naming import dns_name
from rohe_iac.importing.import_cluster import import_cluster
from rohe_iac.usecases.authoring.import_ import Import, checked_import

ReadCluster = Callable[[str | None], ClusterObjects]
"""Reads the cluster of a context; None for the current one."""


@dataclass(frozen=True, slots=True)
class ClusterStack:
    """The stack whose own pods do not count as used.

    Attributes:
        name: Its name; "" where there is none.
        context: The context of its cluster; None where it names none.
        inventory: The name of its inventory; "" where there is no stack.
    """

    name: str = ""
    context: str | None = None
    inventory: str = ""


def cluster_stack(folder: Path, name: str = "", values: Mapping[str, GivenValue] = NO_VALUES) -> ClusterStack:
    """Returns the stack of the blueprint in a folder, by its name or as the only one.

    The inventory of the stack need not be there yet, and other documents may be faulty.

    Args:
        folder: A folder of the blueprint, or any other.
        name: The name of the stack; a stack of another blueprint may be named too.
        values: Values that take the place of those of the stack, by name.

    Raises:
        UsageError: The stack has no such value.
    """
    root = root_of(folder.absolute()).resolve()
    tree = read_tree(root, documents_under(root))
    tree.given, tree.given_to = values, name or None
    compute_stacks(tree)
    stacks = {str(stack.metadata.name): stack for _, stack in documents_with_model(tree.documents, Stack)}
    chosen = stacks.get(name) if name else next(iter(stacks.values())) if len(stacks) == 1 else None
    if chosen is None:
        return ClusterStack(name)
    target = chosen.spec.target.kubernetes
    context = target.context if target is not None else None
    return ClusterStack(chosen.metadata.name, context, chosen.spec.inventories[0])


def import_from_cluster(
    folder: Path,
    read: ReadCluster,
    *,
    context: str | None = None,
    selector: str = "",
    stack: str = "",
    blueprint: Path | None = None,
    name: str = "",
    out: Path | None = None,
    values: Mapping[str, GivenValue] = NO_VALUES,
) -> Import:
    """Makes an Inventory of a cluster that `rohe validate` accepts.

    Args:
        folder: Where relative paths start.
        read: Reads a cluster.
        context: The context of the cluster; None for that of the stack, or the current one.
        selector: The label selector of the nodes; "" for all.
        stack: The stack whose own pods do not count as used; "" for the only one of the blueprint in the folder.
        blueprint: A folder of the blueprint that has the stack; None for `folder`.
        name: The name of the Inventory; "" for that of the stack, or of the context.
        out: The file that the documents will be written to; None for a file in `folder`.
        values: Values that take the place of those of the stack, by name.

    Raises:
        UsageError: The name is not one, the selector cannot be read, or the cluster has no such node.
        RoheError: The cluster cannot be read.
    """
    if name and not is_name(name):
        raise UsageError(f"'{name[:60]}' is not a name", hint="a name has at most 63 characters a-z, 0-9 and hyphens")
    parse_selector(selector)  # before anything is asked of the cluster
    own = cluster_stack(blueprint or folder, stack, values)
    objects = read(context or own.context)
    named = name or own.inventory or dns_name(objects.origin.rpartition(" ")[2], "cluster")
    imported = import_cluster(objects, name=named, stack=own.name, selector=selector)
    place = next(part for part in (folder / (out or "x")).absolute().parents if part.is_dir())
    return checked_import(imported, root_of(place).resolve())
