"""`rohe engine install`."""

from __future__ import annotations

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import Output, OutputOption
from rohe_iac.foundation.errors import ExitCode


def engine_install(output: OutputOption = Output.human) -> int:
    """Find the Pulumi engine; where there is none, download it, or else build it with Go (about five minutes, once).

    Example: `rohe engine install`
    """
    from rohe_iac.cli.views.running.engine import EngineView
    from rohe_iac.usecases.running.engine_install import install

    view = EngineView(screen)
    screen.interruption = lambda: "no engine was installed; `rohe engine install` begins anew"
    with view.progress() as progress:
        engine = install(progress)
    view.show(engine, output)
    return ExitCode.OK
