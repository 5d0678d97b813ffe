"""`rohe fmt`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.foundation.errors import ExitCode


def fmt(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="A folder of a blueprint, or files.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit with 1 where something would.")] = False,
) -> int:
    """Write documents in their normal form; values and comments stay.

    Example: `rohe fmt --check`
    """
    from rohe_iac.usecases.fmt import format_documents

    result = format_documents([screen.folder / path for path in paths or [Path()]], check=check)
    for path in result.changed:
        screen.out.print(_from_here(path), markup=False, soft_wrap=True)
    for path in result.odd:
        screen.err.print(f"{_from_here(path)}: left as it is, since no layout keeps all of it", markup=False)
    verb = "would change" if check else "changed"
    screen.err.print(f"{len(result.changed)} of {result.read} files {verb}", markup=False)
    return ExitCode.CHECK_FAILED if check and result.changed else ExitCode.OK


def _from_here(path: Path) -> str:
    """The path as the working folder sees it, where it lies below."""
    below = os.path.relpath(path)
    return str(path) if below.startswith("..") else below
