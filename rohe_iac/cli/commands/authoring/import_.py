"""`rohe import`."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import Output, OutputOption
from rohe_iac.foundation.errors import ExitCode, UsageError

MAX_PIPED = 2**25
"""Bytes that are read from a pipe; more than may be imported."""


class Unit(StrEnum):
    """The unit of figures of single cores."""

    percent = "percent"
    millicores = "millicores"
    cores = "cores"


def import_(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Files of ROHE, QoA4ML, Docker Compose or Kubernetes; `-` for a pipe."),
    ] = None,
    out: Annotated[str, typer.Option("--out", help="The file to write to; `-` prints the documents on stdout.")] = "-",
    name: Annotated[
        str, typer.Option("--name", help="Name of the inventory, the stack, and of what has no name of its own.")
    ] = "",
    cores_unit: Annotated[
        Unit | None,
        typer.Option("--cores-unit", help="The unit of `processor`; inferred node by node from the cpu if left out."),
    ] = None,
    compose: Annotated[
        list[Path] | None,
        typer.Option("-f", "--file", metavar="FILE", help="Compose files of one project, merged in order; repeatable."),
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option("--profile", metavar="NAME", help="Profile of Compose services to import, too; repeatable."),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option("--env", metavar="NAME=VALUE", help="Value of a variable in Compose files; repeatable."),
    ] = None,
    env_file: Annotated[
        list[Path] | None,
        typer.Option("--env-file", metavar="FILE", help="Variables of Compose files, in place of .env; repeatable."),
    ] = None,
    output: OutputOption = Output.human,
) -> int:
    """Turn files of ROHE, QoA4ML contracts, model profiles, Compose files and objects of Kubernetes into documents.

    Every field is mapped, or reported with the reason why not. Example:
    `rohe import add_node.yaml add_service.yaml --name testbed --out blueprints/testbed.yaml`
    """
    from rohe_iac.cli.views.authoring.importing import show_import
    from rohe_iac.usecases.authoring.import_ import ComposeOptions, import_files
    from rohe_iac.usecases.authoring.imported_files import write_documents

    if not files and not compose:
        raise UsageError("there is no file to import", hint="name files, or `-` for a pipe")
    unit = cores_unit.value if cores_unit else ""
    target = None if out == "-" else Path(out)
    with screen.working("importing"):
        done = import_files(
            screen.folder,
            files or [],
            name=name,
            cores_unit=unit,
            out=target,
            piped=lambda: sys.stdin.buffer.read(MAX_PIPED),
            compose=ComposeOptions(compose or [], os.environ, env or [], env_file or [], profile or []),
        )
    if out != "-":
        screen.interruption = lambda: f"{out} may be incomplete; the same command writes it again"
        write_documents(screen.folder / out, done.imported)
    elif output is Output.human:
        screen.print_document(done.imported.text)
    show_import(screen, done, output, None if out == "-" else out)
    return ExitCode.OK
