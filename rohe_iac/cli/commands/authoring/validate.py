"""`rohe validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import FilesOption, SetOption, values_of
from rohe_iac.cli.views.authoring.diagnostics import DiagnosticsOutput
from rohe_iac.foundation.errors import ExitCode


def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH|STACK", help="A folder of a blueprint, a stack, or files that are checked alone."),
    ] = None,
    allow_missing_references: Annotated[
        bool,
        typer.Option(
            "--allow-missing-references", help="Report references to what does not exist as notes, not as errors."
        ),
    ] = False,
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: Annotated[
        DiagnosticsOutput,
        typer.Option(
            "-o",
            "--output",
            help="human; json; sarif: for code scanners; github: annotations in the log of a workflow.",
        ),
    ] = DiagnosticsOutput.human,
) -> int:
    """Show every fault of every document at once; only the files are needed.

    Example: `rohe validate blueprints/ -o github`
    """
    from rohe_iac.cli.views.authoring.diagnostics import show_checked
    from rohe_iac.usecases.authoring.validate import validate_paths, validated_paths

    with screen.working("reading and checking every document"):
        chosen, stack = validated_paths(screen.folder, paths or [Path()])
        checked = validate_paths(
            chosen,
            allow_missing_references=allow_missing_references,
            values=values_of(value_files, settings),
            stack=stack,
        )
    show_checked(screen, checked, output)
    return ExitCode.OK if checked.valid else ExitCode.INVALID
