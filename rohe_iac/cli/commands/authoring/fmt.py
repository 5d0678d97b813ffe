"""`rohe fmt`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.foundation.errors import ExitCode


def fmt(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Folders or files; `-` reads a document from a pipe and prints it."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit with 1 if a file would change.")] = False,
) -> int:
    """Write documents in their normal form, with the same values and comments.

    Example: `rohe fmt --check`
    """
    from rohe_iac.foundation.errors import UsageError
    from rohe_iac.usecases.authoring.fmt import format_documents, format_text

    if Path("-") in (paths or ()):
        if len(paths or ()) > 1:
            raise UsageError("`-` and files cannot be named together")
        text, differs = format_text(sys.stdin.buffer.read())
        if not check:
            screen.print_document(text)
        return ExitCode.CHECK_FAILED if check and differs else ExitCode.OK
    if not check:
        screen.interruption = lambda: "some files may be formatted already; `rohe fmt` formats the rest"
    result = format_documents([screen.folder / path for path in paths or [Path()]], check=check)
    for path in result.changed:
        screen.out.print(_from_here(path), markup=False, soft_wrap=True)
    for path, line, reason in result.odd:
        screen.err.print(f"{_from_here(path)}:{line}: skipped: {reason}", markup=False, soft_wrap=True)
    for path in result.foreign:
        screen.err.print(f"{_from_here(path)}: skipped: it has no document of rohe", markup=False, soft_wrap=True)
    verb = "would change" if check else "changed"
    screen.err.print(f"{len(result.changed)} of {result.read} files {verb}", markup=False)
    return ExitCode.CHECK_FAILED if check and (result.changed or result.odd) else ExitCode.OK


def _from_here(path: Path) -> str:
    """Returns the path relative to the working folder where it lies below that, else as it is."""
    below = os.path.relpath(path)
    return str(path) if below.startswith("..") else below
