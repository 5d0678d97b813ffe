"""`rohe schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.completion import complete_kinds
from rohe_iac.cli.console import screen
from rohe_iac.foundation.errors import ExitCode


def schema(
    kind: Annotated[
        str,
        typer.Argument(
            help="Pipeline, Inventory, ObservationContract, Stack or Module; `all` with --out.",
            autocompletion=complete_kinds,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Write into this folder; print the comments for editors, by folder of documents.",
        ),
    ] = None,
) -> int:
    """Print the JSON Schema of a document kind, for editors.

    Example: `rohe schema Pipeline > pipeline.json`, `rohe schema all --out .schemas`
    """
    from rohe_iac.blueprint.language.kinds import KINDS
    from rohe_iac.foundation.errors import UsageError
    from rohe_iac.usecases.authoring.schema import modeline, modelines, write_schemas
    from rohe_iac.usecases.authoring.schema import schema as schema_of

    every = kind.lower() == "all"
    if out is None:
        if every:
            raise UsageError("all schemas are written into a folder", hint="add --out DIR")
        screen.print_json(schema_of(kind))
        return ExitCode.OK
    screen.interruption = lambda: f"some schemas may be missing in {out}; the same command writes them again"
    for path in write_schemas(screen.folder / out, KINDS if every else (schema_of(kind)["title"],)):
        screen.err.print(f"wrote {path}", markup=False)
    kinds = tuple(KINDS) if every else (schema_of(kind)["title"],)
    folders = modelines(screen.folder, screen.folder / out, kinds)
    for name, lines in folders:
        if len(folders) > 1:
            screen.out.print(f"# documents in {name or '.'}:", markup=False, soft_wrap=True)
        for line in lines:
            screen.out.print(f"# {line}", markup=False, soft_wrap=True)
    for name in () if folders else kinds:
        screen.out.print(f"# {modeline(name, str(out))}", markup=False, soft_wrap=True)
    return ExitCode.OK
