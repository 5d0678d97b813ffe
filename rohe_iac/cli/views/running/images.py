"""How the images of a stack look: a row an image and node, and what is not known of them."""

from __future__ import annotations

import msgspec
from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.cli.table import Column, print_table
from rohe_iac.foundation.quantities import counted
from rohe_iac.usecases.running.images import NeededImage, Presence, StackImages

COLUMNS = (
    Column("NODE"),
    Column("IMAGE"),
    Column("ON NODE", rank=2),
    Column("NEEDED BY", prose=True, rank=3),
)

FEW = 5
"""Names that one line has of many; the others are counted."""


def show_images(screen: Screen, found: StackImages, output: Output) -> None:
    """Prints the images on stdout, and what is not known of them on stderr."""
    if output is Output.json:
        screen.print_json(msgspec.to_builtins(found), "images")
        return
    if not found.nodes:
        words = f"No replica of the stack {found.stack} runs in a container"
        if found.target == "local":
            words += ": the target local starts processes, which need no image"
        screen.out.print(words, markup=False)
    else:
        rows = [
            (
                escape(node.node or "(the cluster chooses)"),
                escape(item.image),
                "" if found.unasked else item.present.value,
                escape(_few(item.needed_by)),
            )
            for node in found.nodes
            for item in node.images
        ]
        styles = [_style(item) for node in found.nodes for item in node.images]
        print_table(screen.out, COLUMNS, rows, styles=styles)
    _notes(screen, found)


def _notes(screen: Screen, found: StackImages) -> None:
    err = screen.err
    if found.unplaced:
        err.print(f"{counted(found.unplaced, 'replica')} without a node: `rohe plan` says why", markup=False)
    if found.unasked and found.unasked != "--offline":
        err.print(f"which images the nodes have is unknown: {found.unasked}", markup=False, soft_wrap=True)
    notes: dict[str, list[str]] = {}
    for node in found.nodes:
        if node.note:
            notes.setdefault(node.note, []).append(node.node or "pods without a planned node")
    for note, names in notes.items():
        err.print(f"unknown on {_few(names)}: {note}", markup=False, soft_wrap=True)


def _few(names: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more


def _style(item: NeededImage) -> str:
    return "yellow" if item.present is Presence.NO else ""
