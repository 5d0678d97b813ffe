"""`rohe violations`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import FilesOption, Output, OutputOption, SetOption, StackArgument, values_of


def violations(
    stack: StackArgument = None,
    restore: Annotated[
        str | None, typer.Option("--restore", metavar="VIOLATION", help="End the actions that this violation caused.")
    ] = None,
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: OutputOption = Output.human,
) -> None:
    """List the contracts that broke: when, by how much, and which actions followed.

    Example: `rohe violations digits`
    """
    from rohe_iac.cli.views.observing.violation import ViolationView
    from rohe_iac.targets.opening import open_target
    from rohe_iac.usecases.observing.observe import unobserved
    from rohe_iac.usecases.observing.violations import restore as end_actions
    from rohe_iac.usecases.observing.violations import violations as all_violations
    from rohe_iac.usecases.stacks import known_stack

    known = known_stack(screen.blueprint, stack, values=values_of(value_files, settings))
    if restore is not None:
        screen.interruption = lambda: "the agent may have ended the actions already; `rohe violations` shows them"
        end_actions(known, restore, open_target)
        screen.err.print(f"the actions of {restore} are ended; services ask all members again")
        return
    ViolationView(screen).table(all_violations(known, open_target), output, unobserved(known))
