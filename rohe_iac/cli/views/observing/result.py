"""How the results of windows look."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.markup import escape

from rohe_iac.cli.console import Screen, with_schema
from rohe_iac.cli.options import Output
from rohe_iac.cli.table import Column, print_table
from rohe_iac.cli.views.observing.verdict import error_note, shown_error, shown_time, shown_verdict
from rohe_iac.foundation.quantities import shown_measurement

COLUMNS = (
    Column("OBJECTIVE"),
    Column("TO", rank=2),
    Column("FROM", rank=3),
    Column("VALUE"),
    Column("OF", right=True),
    Column("WINDOW"),
    Column("VERDICT"),
)
"""The columns of the table of windows."""


class ResultView:
    """Shows the results of closed windows."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def table(self, results: list[dict[str, Any]]) -> None:
        """Prints a row for each window."""
        print_table(self._screen.out, COLUMNS, [_cells(item) for item in results])
        if note := error_note(results):
            self._screen.out.print(note, style="dim")

    def lines(self, results: list[dict[str, Any]], output: Output) -> None:
        """Prints a line for each window at once; as JSON one object a line."""
        for item in results:
            if output is Output.json:
                sys.stdout.write(json.dumps(with_schema(item, "result")) + "\n")
                sys.stdout.flush()
            else:
                name, to, _, value, count, alone, verdict = _cells(item)
                self._screen.out.print(f"{to}  {name}  {value} of {count}  {alone}  objective {verdict}")


def _cells(item: dict[str, Any]) -> tuple[str, str, str, str, str, str, str]:
    return (
        escape(f"{item['contract']}/{item['objective']}"),
        shown_time(item["end"]),
        shown_time(item["start"]),
        escape(shown_measurement(item["value"], item.get("unit", "")) + shown_error(item)),
        str(item["count"]),
        shown_verdict(item["window"]),
        shown_verdict(item["verdict"]),
    )
