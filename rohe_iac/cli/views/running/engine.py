"""How the engine and its installation look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.deployment.engine.find import Engine
from rohe_iac.deployment.programs.cache import InstallProgress
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

    def show(self, engine: Engine, output: Output) -> None:
        """Prints which engine it is and where it was found, on stdout."""
        if output is Output.json:
            values = {"path": str(engine.path), "version": engine.version, "origin": engine.origin.value}
            self.screen.print_json(values, "engine")
        else:
            line = f"Pulumi {engine.version}: {engine.path} ({engine.origin.value})"
            self.screen.out.print(line, markup=False)
