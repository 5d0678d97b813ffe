"""`rohe destroy`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import (
    AllowDestroyOption,
    AllowOtherClusterOption,
    FilesOption,
    LockTimeoutOption,
    Output,
    OutputOption,
    SetOption,
    StackArgument,
    YesOption,
    values_of,
)


def destroy(
    stack: StackArgument = None,
    yes: YesOption = False,
    lock_timeout: LockTimeoutOption = "0s",
    allow_destroy: AllowDestroyOption = None,
    allow_other_cluster: AllowOtherClusterOption = False,
    timeout: Annotated[
        str,
        typer.Option("--timeout", metavar="TIME", help="How long to wait for objects of a cluster to be gone."),
    ] = "5m",
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: OutputOption = Output.human,
) -> int:
    """Remove everything that apply made: processes, ports and files; only the history of the stack stays.

    Example: `rohe destroy digits --yes`
    """
    from rohe_iac.cli.question import confirm, span
    from rohe_iac.cli.views.running.interruption import interruption
    from rohe_iac.cli.views.running.outcome import OutcomeView
    from rohe_iac.cli.views.running.progress import ProgressView
    from rohe_iac.foundation.errors import ExitCode
    from rohe_iac.foundation.quantities import counted
    from rohe_iac.targets.opening import open_target
    from rohe_iac.usecases.running.destroy import check_destroy, protection_of_damaged
    from rohe_iac.usecases.running.destroy import destroy as destroy_stack
    from rohe_iac.usecases.running.elsewhere import refuse_applied_elsewhere
    from rohe_iac.usecases.stacks import known_stack

    patience, longest = span(lock_timeout), span(timeout)
    known = known_stack(screen.blueprint, stack, damaged=True, values=values_of(value_files, settings))
    if not known.touched:
        refuse_applied_elsewhere(known, open_target(known.destination))
        screen.err.print(f"Stack {known.name} is not applied: nothing to destroy.")
        return ExitCode.OK
    if known.damage:
        screen.err.print(f"warning: {known.damage}", markup=False)
        screen.err.print(protection_of_damaged(known), markup=False)
    addresses = check_destroy(known, tuple(allow_destroy or ()))
    view = OutcomeView(screen)
    view.removal(known.name, addresses)
    what = counted(len(addresses), "resource") if addresses else "everything"
    if not confirm(f"Destroy {what} of stack {known.name}?", command="destroy", yes=yes):
        return ExitCode.OK
    progress = ProgressView(screen)
    screen.interruption = lambda: interruption(progress, known.folder, "rohe destroy")
    with progress.waiting():
        outcome = destroy_stack(
            known,
            open_target,
            progress,
            progress.install,
            lock_timeout=patience,
            timeout=longest,
            allow_other_cluster=allow_other_cluster,
        )
    view.show(outcome, output, command="rohe destroy", following=f"`rohe apply {known.name}` creates the stack again")
    return outcome.exit_code
