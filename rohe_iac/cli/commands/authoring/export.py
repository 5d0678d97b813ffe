"""`rohe export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import Output, OutputOption, StackArgument
from rohe_iac.foundation.errors import ExitCode


def export(
    stack: StackArgument = None,
    out: Annotated[Path, typer.Option("--out", help="The folder to write to.")] = Path("rohe-export"),
    output: OutputOption = Output.human,
) -> int:
    """Write the nodes and services of a stack as files of the original ROHE.

    Importing them again gives the same nodes and services. Example: `rohe export template --out original/`
    """
    from rohe_iac.cli.views.authoring.importing import show_export
    from rohe_iac.usecases.authoring.export import export_stack

    screen.interruption = lambda: f"some files in {out} may be missing; the same command writes them again"
    show_export(screen, export_stack(screen.folder, stack, screen.folder / out), output, out)
    return ExitCode.OK
