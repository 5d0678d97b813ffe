"""`rohe profile`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.foundation.errors import ExitCode, UsageError


def profile(
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="The folder with the measurements of a service, a pipeline or a whole run."),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write to this file; with several services, into this folder.")
    ] = None,
    device: Annotated[
        list[str] | None,
        typer.Option(
            "--device",
            metavar="OLD=NEW",
            help="The name of a device type in the inventory, where the files have another; may be repeated.",
        ),
    ] = None,
) -> int:
    """Turn measured CSV files into profiles that services are sized by (`profile:` in a blueprint).

    Example: `rohe profile measurements/object_detection --out profiles/object-detection.yaml`
    """
    from rohe_iac.cli.views.authoring.profile import show_profiles
    from rohe_iac.usecases.plans.profile import profile_folder, write_profiles

    renamed = {}
    for text in device or []:
        old, equals, new = text.partition("=")
        if not equals or not old or not new:
            raise UsageError(f"'{text}' is not OLD=NEW", hint="write --device jet_nano=jetson-nano")
        renamed[old] = new
    measurements = profile_folder(screen.folder / directory, renamed)
    screen.interruption = lambda: "some profiles may be missing; the same command writes them again"
    written = write_profiles(measurements, screen.folder / out) if out is not None else ()
    show_profiles(screen, measurements, written)
    return ExitCode.OK
