"""`rohe engine install`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import Output, OutputOption
from rohe_iac.foundation.errors import ExitCode


class PluginTarget(StrEnum):
    """Targets whose stacks need a plugin of the engine beside the engine itself."""

    kubernetes = "kubernetes"


def engine_install(
    target: Annotated[
        PluginTarget | None, typer.Option("--target", help="Install what stacks of this target need beside the engine.")
    ] = None,
    output: OutputOption = Output.human,
) -> int:
    """Find the Pulumi engine; where there is none, download it, or else build it with Go (about five minutes, once).

    With `--target kubernetes` the engine's Kubernetes provider as well (a build of about seven minutes, once).

    Example: `rohe engine install --target kubernetes`
    """
    from rohe_iac.cli.views.running.engine import EngineView
    from rohe_iac.targets.kubernetes.provider import PROVIDER
    from rohe_iac.usecases.running.engine_install import install

    view = EngineView(screen)
    screen.interruption = lambda: "the installation did not end; `rohe engine install` begins anew"
    with view.progress() as progress:
        found = install(progress, (PROVIDER,) if target is PluginTarget.kubernetes else ())
    view.show(found, output)
    return ExitCode.OK
