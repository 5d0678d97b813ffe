"""`rohe status`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import FilesOption, Output, OutputOption, SetOption, StackArgument, values_of


def status(
    stack: StackArgument = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Exit with 7 if a part does not run, or a contract is broken or long UNKNOWN."),
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show the state again every two seconds until Ctrl-C.")
    ] = False,
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: OutputOption = Output.human,
) -> int:
    """Show the state of every replica, agent and broker of the stack.

    Example: `rohe status digits --check`
    """
    import time

    from rohe_iac.cli.views.running.status import StatusView
    from rohe_iac.foundation.errors import ExitCode
    from rohe_iac.targets.opening import open_target
    from rohe_iac.usecases.running.status import status as status_of
    from rohe_iac.usecases.stacks import known_stack

    view = StatusView(screen)
    screen.interruption = lambda: "the state is no longer shown; the stack runs on as before"
    values = values_of(value_files, settings)
    while True:
        found = status_of(known_stack(screen.blueprint, stack, values=values), open_target)
        if watch and output is Output.human:
            screen.out.clear()
        view.show(found, output)
        if not watch:
            return ExitCode.DRIFT if check and not found.well else ExitCode.OK
        time.sleep(2.0)
