"""`rohe logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.completion import complete_logs
from rohe_iac.cli.console import screen
from rohe_iac.cli.options import LongFilesOption, SetOption, StackOption, choose_stack, values_of


def logs(
    context: typer.Context,
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDR",
            help="An address, such as service/classify/svm or agent/digits; or the name of a service, or a STACK.",
            autocompletion=complete_logs,
        ),
    ],
    stack: StackOption = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with new lines until Ctrl-C.")] = False,
    lines: Annotated[
        int, typer.Option("-n", "--lines", min=0, help="How many of the last lines of each replica to print.")
    ] = 100,
    value_files: LongFilesOption = None,
    settings: SetOption = None,
) -> int:
    """Print the lines that the replicas under an address wrote, each with its instance.

    Example: `rohe logs service/classify -f`
    """
    from rohe_iac.foundation.errors import ExitCode
    from rohe_iac.targets.opening import open_target
    from rohe_iac.usecases.running.logs import logs as lines_of
    from rohe_iac.usecases.stack_choice import names_stack
    from rohe_iac.usecases.stacks import known_stack

    screen.interruption = lambda: "no more lines are printed; the stack runs on as before"
    if stack is None and names_stack(screen.folder, address):
        stack = choose_stack(context, address)
        address = stack or ""
    known = known_stack(screen.blueprint, stack, values=values_of(value_files, settings))
    address = address or known.name
    for instance, line in lines_of(known, address, open_target, lines=lines, follow=follow):
        typer.echo(f"{instance} | {line}")
    return ExitCode.OK
