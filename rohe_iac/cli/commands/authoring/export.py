"""`rohe export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import FilesOption, Output, OutputOption, SetOption, StackArgument, values_of
from rohe_iac.foundation.errors import ExitCode


def export(
    stack: StackArgument = None,
    out: Annotated[Path, typer.Option("--out", help="The folder to write to.")] = Path("rohe-export"),
    openslo: Annotated[
        bool, typer.Option("--openslo", help="Write the contracts as documents of OpenSLO v1, in place of the files.")
    ] = False,
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: OutputOption = Output.human,
) -> int:
    """Write the nodes and services of a stack as files of the original ROHE, or its contracts as OpenSLO.

    Importing the files of the original again gives the same nodes and services; what OpenSLO cannot say is listed.
    Example: `rohe export template --out original/`
    """
    from rohe_iac.cli.views.authoring.importing import show_export
    from rohe_iac.usecases.authoring.export import export_stack

    screen.interruption = lambda: f"some files in {out} may be missing; the same command writes them again"
    values = values_of(value_files, settings)
    done = export_stack(screen.blueprint, stack, screen.folder / out, values=values, openslo=openslo)
    show_export(screen, done, output, out)
    return ExitCode.OK
