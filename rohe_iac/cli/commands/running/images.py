"""`rohe images`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import FilesOption, Output, OutputOption, SetOption, StackArgument, values_of
from rohe_iac.foundation.errors import ExitCode


def images(
    stack: StackArgument = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the cluster which images its nodes have.")
    ] = False,
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: OutputOption = Output.human,
) -> int:
    """List the container images that each planned node needs, and which of them are there already.

    Example: `rohe images shop --offline`
    """
    from rohe_iac.cli.views.running.images import show_images
    from rohe_iac.targets.opening import open_target
    from rohe_iac.usecases.running.images import images as images_of

    with screen.working("reading the blueprint") as report:
        found = images_of(
            screen.blueprint,
            stack,
            open_target,
            offline=offline,
            values=values_of(value_files, settings),
            report=report,
        )
    show_images(screen, found, output)
    return ExitCode.UNPLACED if found.unplaced else ExitCode.OK
