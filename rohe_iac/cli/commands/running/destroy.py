"""`rohe destroy`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import Output, OutputOption, StackArgument, screen


def destroy(
    stack: StackArgument = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for consent.")] = False,
    lock_timeout: Annotated[
        str, typer.Option("--lock-timeout", help="How long to wait for another command on the stack, such as 60s.")
    ] = "0s",
    allow_destroy: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-destroy", metavar="ADDR", help="Remove this part although it is protected; may be repeated."
        ),
    ] = None,
    output: OutputOption = Output.human,
) -> int:
    """Remove everything that apply made: processes, ports and files; only the history of the stack stays.

    Example: `rohe destroy digits --yes`
    """
    from rohe_iac.cli.question import confirm, span
    from rohe_iac.cli.views.running.outcome import OutcomeView, ProgressView
    from rohe_iac.foundation.errors import ExitCode
    from rohe_iac.targets.opening import open_target
    from rohe_iac.usecases.running.destroy import check_destroy
    from rohe_iac.usecases.running.destroy import destroy as destroy_stack
    from rohe_iac.usecases.stacks import known_stack

    patience = span(lock_timeout)
    known = known_stack(screen.folder, stack)
    if not known.touched:
        screen.err.print(f"Stack {known.name} is not applied: nothing to destroy.")
        return ExitCode.OK
    addresses = check_destroy(known, tuple(allow_destroy or ()))
    what = f"{len(addresses)} resources" if addresses else "everything"
    if not confirm(f"Destroy {what} of stack {known.name}?", command="destroy", yes=yes):
        return ExitCode.OK
    progress = ProgressView(screen)
    outcome = destroy_stack(known, open_target, progress, progress.install, lock_timeout=patience)
    OutcomeView(screen).show(outcome, output, command="rohe destroy")
    return outcome.exit_code
