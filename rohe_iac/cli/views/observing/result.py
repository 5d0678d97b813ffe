"""How the results of windows look."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.markup import escape
from rich.table import Table

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.cli.views.observing.verdict import shown_time, shown_value, shown_verdict


class ResultView:
    """Shows the results of closed windows."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def table(self, results: list[dict[str, Any]]) -> None:
        """Prints a row for each window."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("FROM", "TO", "OBJECTIVE", "VALUE", "OF", "WINDOW", "VERDICT"):
            table.add_column(title)
        for item in results:
            table.add_row(*_cells(item))
        self._screen.out.print(table)

    def lines(self, results: list[dict[str, Any]], output: Output) -> None:
        """Prints a line for each window at once; as JSON one object a line."""
        for item in results:
            if output is Output.json:
                sys.stdout.write(json.dumps(item) + "\n")
                sys.stdout.flush()
            else:
                _, to, name, value, count, alone, verdict = _cells(item)
                self._screen.out.print(f"{to}  {name}  {value} of {count}  {alone}  objective {verdict}")


def _cells(item: dict[str, Any]) -> tuple[str, str, str, str, str, str, str]:
    return (
        shown_time(item["start"]),
        shown_time(item["end"]),
        escape(f"{item['contract']}/{item['objective']}"),
        shown_value(item["value"]),
        str(item["count"]),
        shown_verdict(item["window"]),
        shown_verdict(item["verdict"]),
    )
