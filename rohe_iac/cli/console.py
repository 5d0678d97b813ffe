"""Where commands print: data on stdout, everything else on stderr; colours where a terminal takes them."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from rohe_iac.foundation.errors import RoheError

UNCUT = 2000
"""Columns of what no terminal shows: a line of a table stays one, so that programs that read lines find it whole."""

PATIENCE = 0.7
"""Seconds of work before a terminal shows that it goes on."""


class Output(StrEnum):
    """The face that a command shows its value with."""

    human = "human"
    json = "json"


class Face(StrEnum):
    """The same of a command that fills a page as well."""

    human = "human"
    json = "json"
    markdown = "markdown"


OutputOption = Annotated[Output, typer.Option("-o", "--output", help="human: for people; json: for programs.")]
FaceOption = Annotated[
    Face, typer.Option("-o", "--output", help="human: for people; json: for programs; markdown: for a page.")
]
StackArgument = Annotated[
    str | None,
    typer.Argument(metavar="STACK", help="Name of the stack; may be left out where the blueprint has one."),
]


@dataclass
class Screen:
    """The settings of one run: folder (-C), colours, and the two consoles."""

    folder: Path = Path()
    color: bool = True

    @cached_property
    def out(self) -> Console:
        """Stdout, for data."""
        return self._console(stderr=False)

    @cached_property
    def err(self) -> Console:
        """Stderr, for progress, notes and trouble."""
        return self._console(stderr=True)

    def _console(self, *, stderr: bool) -> Console:
        from rich.console import Console

        stream = sys.stderr if stderr else sys.stdout
        plain = not self.color or bool(os.environ.get("NO_COLOR"))
        width = None if stream.isatty() or "COLUMNS" in os.environ else UNCUT
        return Console(
            stderr=stderr, no_color=plain, highlight=False, emoji=False, width=width, soft_wrap=not stream.isatty()
        )

    def print_json(self, value: Any) -> None:
        """One JSON value on stdout, indented, keys in the given order; never wrapped or coloured."""
        import json

        sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def print_text(self, text: str) -> None:
        """Text on stdout as it is; never wrapped or coloured."""
        sys.stdout.write(text + "\n")

    @contextmanager
    def working(self, step: str) -> Iterator[Callable[[str], None]]:
        """On a terminal shows the step, and for how long it has been going on, once that is more than a moment.

        What is yielded names the next step. On stderr; what was shown is gone when the work is done.
        """
        if not self.err.is_terminal:
            yield lambda _: None
            return
        shown: list[Progress] = []
        named = step

        def begin() -> None:
            # Imported by those who wait only.
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
            progress = Progress(*columns, console=self.err, transient=True)
            task = progress.add_task(named, total=None)
            progress.start()
            shown.append(progress)
            # The next step may have begun meanwhile.
            progress.update(task, description=named)

        def told(following: str) -> None:
            nonlocal named
            named = following
            for progress in shown:
                progress.update(progress.task_ids[0], description=following)

        timer = threading.Timer(PATIENCE, begin)
        timer.daemon = True
        timer.start()
        try:
            yield told
        finally:
            timer.cancel()
            timer.join()
            for progress in shown:
                progress.stop()

    def trouble(self, error: RoheError) -> None:
        """What happened, the detail and what to do next, on stderr."""
        from rich.text import Text

        self.err.print(Text.assemble(("error: ", "bold red"), error.brief))
        for line in error.detail.splitlines():
            self.err.print(Text(f"  {line}"))
        if error.hint:
            self.err.print(Text.assemble(("next: ", "bold cyan"), error.hint))


screen = Screen()
"""The one Screen of the process; main() fills it from the global options."""
