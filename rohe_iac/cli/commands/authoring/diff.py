"""`rohe diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import FilesOption, Output, OutputOption, SetOption, StackArgument, values_of
from rohe_iac.foundation.errors import ExitCode, UsageError


def diff(
    stack: StackArgument = None,
    inventory: Annotated[
        bool, typer.Option("--inventory", help="Compare the Inventory of the stack with the nodes of its cluster.")
    ] = False,
    context: Annotated[
        str | None,
        typer.Option("--context", help="Context of the kubeconfig; absent: that of the stack, or the current one."),
    ] = None,
    selector: Annotated[
        str | None,
        typer.Option("--selector", "-l", help="Label selector of the nodes; absent: that of the import."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit with 7 if the Inventory is out of date.")] = False,
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: OutputOption = Output.human,
) -> int:
    """Say what of the Inventory is out of date: nodes that are gone, new, cordoned or changed.

    Example: `rohe diff --inventory --check`
    """
    from rohe_iac.cli.views.authoring.inventory_diff import show_inventory_diff
    from rohe_iac.targets.kubernetes.cluster_objects import read_cluster
    from rohe_iac.usecases.authoring.inventory_diff import diff_inventory

    if not inventory:
        raise UsageError(
            "say what to compare: rohe diff --inventory",
            hint="`rohe plan` shows what apply would change; `rohe status --check` what does not run as applied",
        )
    with screen.working("reading the cluster"):
        done = diff_inventory(
            screen.blueprint,
            read_cluster,
            stack=stack,
            context=context,
            selector=selector,
            values=values_of(value_files, settings),
        )
    show_inventory_diff(screen, done, output)
    return ExitCode.DRIFT if check and done.changes else ExitCode.OK
