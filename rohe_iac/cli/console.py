"""The streams that commands print to: data on stdout, everything else on stderr, colours where a terminal has them."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from rohe_iac.foundation.errors import RoheError

UNCUT = 2000
"""Columns where there is no terminal, so many that a row of a table is one line, as programs that read it need."""

PATIENCE = 0.7
"""Seconds of work before a terminal shows the step that goes on."""


class Interrupted(Exception):
    """The user pressed Ctrl-C, or answered a question by it."""


def nothing_changed() -> str:
    """Returns what Ctrl-C reports of a command that changes nothing, or has not begun to."""
    return "nothing was changed"


def with_schema(value: dict[str, Any], form: str) -> dict[str, Any]:
    """Returns a JSON object with the name and version of its form as its first key, such as `rohe.dev/status/v1`."""
    return {"schema": f"rohe.dev/{form}/v1", **value}


@dataclass
class Screen:
    """The settings of one run of the program, and its two consoles.

    Attributes:
        folder: the working folder that `-C` names.
        color: whether colours are wanted.
        interruption: returns what was done and what was not, for the message after Ctrl-C; a command that changes
            something sets it before it begins.
        chosen_folder: the folder of the blueprint, where the command line names it in place of a stack.
        verbosity: how often `-v` was given.
    """

    folder: Path = Path()
    color: bool = True
    interruption: Callable[[], str] = nothing_changed
    chosen_folder: Path | None = None
    verbosity: int = 0

    @property
    def blueprint(self) -> Path:
        """A folder of the blueprint that the command is about."""
        return self.chosen_folder if self.chosen_folder is not None else self.folder

    @cached_property
    def out(self) -> Console:
        """The console of stdout, for data."""
        return self._console(stderr=False)

    @cached_property
    def err(self) -> Console:
        """The console of stderr, for progress, notes and errors."""
        return self._console(stderr=True)

    def _console(self, *, stderr: bool) -> Console:
        from rohe_iac.cli.word_console import WordConsole

        stream = sys.stderr if stderr else sys.stdout
        plain = not self.color or bool(os.environ.get("NO_COLOR"))
        width = None if stream.isatty() or "COLUMNS" in os.environ else UNCUT
        return WordConsole(
            stderr=stderr, no_color=plain, highlight=False, emoji=False, width=width, soft_wrap=not stream.isatty()
        )

    def print_json(self, value: Any, form: str = "") -> None:
        """Prints one JSON value on stdout, indented, keys in the given order; never wrapped or coloured.

        Args:
            value: an object, or a list of objects.
            form: the name of its form in docs/schemas/output, which each object gets as `schema`; "" for a value that
                names its own schema.

        Where stdout is not UTF-8, what is beyond ASCII is escaped, so that the value stays the same.
        """
        import json

        unicode = (sys.stdout.encoding or "").lower().replace("_", "-") == "utf-8"
        if form:
            value = [with_schema(item, form) for item in value] if isinstance(value, list) else with_schema(value, form)
        sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=not unicode) + "\n")

    def print_text(self, text: str) -> None:
        """Prints a text on stdout as it is; never wrapped or coloured."""
        sys.stdout.write(text + "\n")

    def print_document(self, text: str) -> None:
        """Prints a document for other programs, such as YAML, on stdout: UTF-8 whatever the terminal's encoding is."""
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()

    def print_indented(self, text: str, spaces: int = 2, *, style: str = "") -> None:
        """Prints a text with markup on stdout, indented; where the text is wrapped, each of its lines is indented."""
        self.out.print(" " * spaces + text, style=style)

    @contextmanager
    def working(self, step: str) -> Iterator[Callable[[str], None]]:
        """Shows, on a terminal, the step that goes on and for how long, once that is more than PATIENCE.

        Yields:
            A function that takes the name of the next step. What is shown on stderr disappears when the work is done.
        """
        log = logging.getLogger("rohe.step")
        log.info("%s", step)
        if not self.err.is_terminal:
            yield lambda following: log.info("%s", following)
            return
        shown: list[Progress] = []
        current = step

        def show() -> None:
            # Imported only where the work takes long enough.
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
            progress = Progress(*columns, console=self.err, transient=True)
            task = progress.add_task(current, total=None)
            progress.start()
            shown.append(progress)
            # The next step may have begun meanwhile.
            progress.update(task, description=current)

        def begin_step(following: str) -> None:
            nonlocal current
            current = following
            log.info("%s", following)
            for progress in shown:
                progress.update(progress.task_ids[0], description=following)

        timer = threading.Timer(PATIENCE, show)
        timer.daemon = True
        timer.start()
        try:
            yield begin_step
        finally:
            timer.cancel()
            timer.join()
            for progress in shown:
                progress.stop()

    def trouble(self, error: RoheError) -> None:
        """Prints what happened, the detail and what to do next, on stderr."""
        from rich.text import Text

        self.err.print(Text.assemble(("error: ", "bold red"), error.brief))
        for line in error.detail.splitlines():
            self.err.print(Text(f"  {line}"))
        if error.hint:
            self.err.print(Text.assemble(("next: ", "bold cyan"), error.hint))


screen = Screen()
"""The only Screen of the process; the options before the command set its attributes."""
