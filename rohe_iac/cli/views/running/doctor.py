"""How an examination of the machine looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.cli.table import Column, print_table
from rohe_iac.usecases.running.doctor import Check

STYLES = {
    "ok": "[green]ok[/green]",
    "missing": "[bold red]missing[/bold red]",
    "full": "[bold red]full[/bold red]",
    "unwritable": "[bold red]unwritable[/bold red]",
    "absent": "[dim]absent[/dim]",
}
"""Each status of a check in its colour."""


COLUMNS = (Column("NEEDS"), Column("STATUS"), Column("VERSION"), Column("WHERE", prose=True))
"""The columns of the table."""


@dataclass(frozen=True)
class DoctorView:
    """Shows checks on a screen."""

    screen: Screen

    def show(self, checks: Sequence[Check], output: Output) -> None:
        """Prints all checks on stdout, then what to do about those that are not well."""
        missing = [check for check in checks if not check.well]
        if output is Output.json:
            self.screen.print_json({"ok": not missing, "checks": [asdict(check) for check in checks]}, "doctor")
            return
        rows = [(check.name, STYLES[check.status], escape(check.version), escape(check.found)) for check in checks]
        print_table(self.screen.out, COLUMNS, rows)
        for check in missing:
            self.screen.out.print(f"\n[bold]{check.name}[/bold]: {escape(check.remedy)}")
        if not missing:
            self.screen.out.print("\nNothing is missing.")
