"""How the answer to `rohe audit` looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from rich.markup import escape

from rohe_iac.cli.console import Output, Screen
from rohe_iac.planning.audit import Drop

FEW = 5
"""Addresses told of one drop; the others are counted."""


class DropView:
    """Shows what the loss of nodes and zones does."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, drops: Sequence[Drop], output: Output) -> None:
        """What breaks, drop by drop, then how many drops break nothing."""
        if output is Output.json:
            self._screen.print_json([{**asdict(drop), "survived": drop.survived} for drop in drops])
            return
        out = self._screen.out
        for drop in drops:
            if drop.survived:
                continue
            out.print(f"[bold red]{drop.what}[/bold red]: {drop.lost} replicas lost")
            for word, names in (("fits nowhere else", drop.homeless), ("has no replica left", drop.silent)):
                for name in names[:FEW]:
                    out.print(f"  {escape(name)} {word}")
                if len(names) > FEW:
                    out.print(f"  ... and {len(names) - FEW} more")
        kept = sum(drop.survived for drop in drops)
        out.print(f"{kept} of {len(drops)} drops (nodes and zones) break nothing")
