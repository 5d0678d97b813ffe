"""How the engine and its installation look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.deployment.programs.cache import InstallProgress
from rohe_iac.deployment.programs.search import FoundProgram
from rohe_iac.foundation.clock import Clock, SystemClock

EVERY = 10.0
"""Seconds between two lines of one step where there is no terminal."""


@dataclass(frozen=True)
class EngineView:
    """Shows engines, and the steps of an installation, on a screen."""

    screen: Screen
    clock: Clock = field(default_factory=SystemClock)

    @contextmanager
    def progress(self) -> Iterator[InstallProgress]:
        """Shows steps on stderr: on a terminal in one line, elsewhere a line for each step and every EVERY seconds."""
        if not self.screen.err.is_terminal:
            yield self._lines()
            return
        with self.screen.err.status("looking for the Pulumi engine") as status:
            yield lambda line: status.update(escape(line))

    def _lines(self) -> InstallProgress:
        """Returns a function that prints a line where its step is new or EVERY seconds have passed."""
        step, printed = "", 0.0

        def print_line(line: str) -> None:
            nonlocal step, printed
            now = self.clock.monotonic()
            if line.partition(":")[0] != step or now - printed >= EVERY:
                step, printed = line.partition(":")[0], now
                self.screen.err.print(line, markup=False)

        return print_line

    def show(self, found: Mapping[str, FoundProgram], output: Output) -> None:
        """Prints which engine and plugins there are and where each was found, on stdout.

        Args:
            found: The engine, by `pulumi`, then its plugins by name.
            output: The form of output.
        """
        if output is Output.json:
            values = {name: _values(program) for name, program in found.items()}
            self.screen.print_json({**values.pop("pulumi"), "plugins": values}, "engine")
            return
        for name, program in found.items():
            title = "Pulumi" if name == "pulumi" else f"provider {name}"
            self.screen.out.print(f"{title} {program.version}: {program.path} ({program.place})", markup=False)


def _values(program: FoundProgram) -> dict[str, str]:
    return {"path": str(program.path), "version": program.version, "origin": program.place}
