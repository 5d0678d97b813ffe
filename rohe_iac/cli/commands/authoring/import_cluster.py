"""`rohe import cluster`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.completion import complete_stacks
from rohe_iac.cli.console import screen
from rohe_iac.cli.options import FilesOption, Output, OutputOption, SetOption, choose_stack, values_of
from rohe_iac.foundation.errors import ExitCode


def import_cluster(
    context: Annotated[
        str | None,
        typer.Option("--context", help="Context of the kubeconfig; absent: that of the stack, or the current one."),
    ] = None,
    selector: Annotated[
        str, typer.Option("--selector", "-l", help="Label selector of the nodes, such as `edge=true,zone in (a,b)`.")
    ] = "",
    stack: Annotated[
        str | None,
        typer.Option(
            "--stack",
            metavar="STACK",
            help="Stack whose own pods do not count as used; absent: the only one of the blueprint.",
            autocompletion=complete_stacks,
            callback=choose_stack,
        ),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", help="Name of the Inventory; absent: that of the stack's, or of the context.")
    ] = "",
    out: Annotated[str, typer.Option("--out", help="The file to write to; `-` prints the Inventory on stdout.")] = "-",
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: OutputOption = Output.human,
) -> int:
    """Write an Inventory from the nodes of a Kubernetes cluster, with what others than the stack use of them.

    `rohe diff --inventory` says later what has changed. Example:
    `rohe import cluster --context edge --selector tier=edge --out blueprints/inventory.yaml`
    """
    from rohe_iac.cli.views.authoring.importing import show_import
    from rohe_iac.targets.kubernetes.cluster_objects import read_cluster
    from rohe_iac.usecases.authoring.import_cluster import import_from_cluster
    from rohe_iac.usecases.authoring.imported_files import write_documents

    target = None if out == "-" else Path(out)
    with screen.working("reading the cluster"):
        done = import_from_cluster(
            screen.folder,
            read_cluster,
            context=context,
            selector=selector,
            stack=stack or "",
            blueprint=screen.blueprint,
            values=values_of(value_files, settings),
            name=name,
            out=target,
        )
    if out != "-":
        screen.interruption = lambda: f"{out} may be incomplete; the same command writes it again"
        write_documents(screen.folder / out, done.imported)
    elif output is Output.human:
        screen.print_document(done.imported.text)
    show_import(screen, done, output, None if out == "-" else out)
    return ExitCode.OK
