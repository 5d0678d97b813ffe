"""`rohe logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.completion import complete_logs, complete_stacks
from rohe_iac.cli.console import screen


def logs(
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDR",
            help="An address, such as service/classify/svm or agent/digits.",
            autocompletion=complete_logs,
        ),
    ],
    stack: Annotated[
        str | None, typer.Option("--stack", help="Name of the stack.", autocompletion=complete_stacks)
    ] = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with new lines until Ctrl-C.")] = False,
    lines: Annotated[
        int, typer.Option("-n", "--lines", min=0, help="How many of the last lines of each replica to print.")
    ] = 100,
) -> int:
    """Print the lines that the replicas under an address wrote, each with its instance.

    Example: `rohe logs service/classify -f`
    """
    from rohe_iac.foundation.errors import ExitCode
    from rohe_iac.targets.opening import open_target
    from rohe_iac.usecases.running.logs import logs as lines_of
    from rohe_iac.usecases.stacks import known_stack

    screen.interruption = lambda: "no more lines are printed; the stack runs on as before"
    for instance, line in lines_of(known_stack(screen.folder, stack), address, open_target, lines=lines, follow=follow):
        typer.echo(f"{instance} | {line}")
    return ExitCode.OK
