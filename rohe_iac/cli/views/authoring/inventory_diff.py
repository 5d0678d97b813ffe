"""How the changes of an Inventory look: by node, what it has and what the cluster has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.foundation.quantities import counted
from rohe_iac.importing.cluster.comparison import GONE, NEW, InventoryChange, by_node
from rohe_iac.usecases.authoring.inventory_diff import InventoryDiff

NODE_CHANGES = {
    GONE: "the cluster has no such node",
    NEW: "the Inventory has no such node",
}
"""What is said of nodes that only one of both has."""


def show_inventory_diff(screen: Screen, done: InventoryDiff, output: Output) -> None:
    """Prints the changes on stdout, and what to do about them on stderr."""
    if output is Output.json:
        value = asdict(done)
        screen.print_json({**value, "upToDate": not done.changes}, "inventory-diff")
        return
    nodes = by_node(done.changes)
    if not nodes:
        screen.out.print(
            f"Inventory {done.inventory} is up to date: {counted(done.nodes, 'node')} as in {done.origin}", markup=False
        )
        return
    screen.out.print(
        f"Inventory {done.inventory} is out of date: {counted(len(nodes), 'node')} of {done.origin} differ"
        f"{'s' if len(nodes) == 1 else ''}",
        markup=False,
    )
    for name, changes in nodes.items():
        screen.out.print(f"node/{name}", markup=False)
        for line in _lines(changes):
            screen.out.print(f"  {line}", markup=False)
    screen.err.print("next: rohe import cluster --out FILE, then rohe plan", markup=False)


def _lines(changes: list[InventoryChange]) -> Iterator[str]:
    for change in changes:
        if change.change in NODE_CHANGES:
            yield f"{change.change}: {NODE_CHANGES[change.change]}"
        else:
            yield f"{change.field}: {change.written or 'nothing'} -> {change.found or 'nothing'}"
