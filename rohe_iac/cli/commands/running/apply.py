"""`rohe apply`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.completion import complete_stacks
from rohe_iac.cli.console import screen
from rohe_iac.cli.options import (
    AllowDestroyOption,
    AllowOtherClusterOption,
    FilesOption,
    LockTimeoutOption,
    Output,
    OutputOption,
    SetOption,
    YesOption,
    values_of,
)


def apply(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="STACK|PLANFILE",
            help="A stack to plan and apply, or a saved plan.",
            autocompletion=complete_stacks,
        ),
    ] = None,
    yes: YesOption = False,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Begin nothing more after the first failure.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Look at every resource before any is changed.")] = False,
    lock_timeout: LockTimeoutOption = "0s",
    allow_destroy: AllowDestroyOption = None,
    allow_unplaced: Annotated[
        bool, typer.Option("--allow-unplaced", help="Apply the replicas that fit, although others do not.")
    ] = False,
    allow_overwrite: Annotated[
        bool,
        typer.Option("--allow-overwrite", help="Overwrite what others changed in the cluster meanwhile."),
    ] = False,
    allow_interruption: Annotated[
        bool,
        typer.Option("--allow-interruption", help="Apply although services of a cluster stop for a while."),
    ] = False,
    allow_other_cluster: AllowOtherClusterOption = False,
    prefetch: Annotated[
        bool,
        typer.Option("--prefetch", help="Have nodes pull the images of changed replicas before anything is changed."),
    ] = False,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="ADDR",
            help="Apply only what is under ADDR and what has to exist for it; repeatable.",
        ),
    ] = None,
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: OutputOption = Output.human,
) -> int:
    """Make the stack as its plan says; continue an interrupted apply, and restart what has died.

    Example: `rohe apply digits --yes`
    """
    from dataclasses import replace

    from rohe_iac.cli.question import confirm, span
    from rohe_iac.cli.views.running.interruption import interruption
    from rohe_iac.cli.views.running.outcome import OutcomeView, after_apply
    from rohe_iac.cli.views.running.progress import ProgressView
    from rohe_iac.foundation.errors import ExitCode
    from rohe_iac.foundation.folders import check_writable
    from rohe_iac.targets.opening import open_target
    from rohe_iac.usecases.apply_choices import Choices
    from rohe_iac.usecases.running.apply import apply as apply_intent
    from rohe_iac.usecases.running.apply import intent
    from rohe_iac.usecases.running.edits import refuse_edits

    choices = Choices(
        fail_fast=fail_fast,
        refresh=refresh,
        lock_timeout=span(lock_timeout),
        allow_destroy=tuple(allow_destroy or ()),
        allow_unplaced=allow_unplaced,
        allow_overwrite=allow_overwrite,
        allow_interruption=allow_interruption,
        allow_other_cluster=allow_other_cluster,
        prefetch=prefetch,
        only=tuple(target or ()),
        values=values_of(value_files, settings),
    )
    wanted = intent(screen.folder, what, choices, open_target)
    view = OutcomeView(screen)
    if wanted.nothing_to_do and not refresh:
        check_writable(wanted.folder.path)
        view.nothing_to_do(wanted, output)
        return ExitCode.OK
    view.intent(wanted)
    if yes and not allow_overwrite:
        refuse_edits(wanted.edits)
    question = f"Apply to stack {wanted.planfile.stack}" + (" and overwrite these fields?" if wanted.edits else "?")
    if not confirm(question, command="apply", yes=yes):
        return ExitCode.OK
    choices = replace(choices, allow_overwrite=allow_overwrite or bool(wanted.edits.by_hand))
    progress = ProgressView(screen)
    screen.interruption = lambda: interruption(progress, wanted.folder, "rohe apply")
    with progress.waiting():
        outcome = apply_intent(wanted, progress, progress.install, choices)
    view.show(outcome, output, command="rohe apply", following=after_apply(wanted))
    return outcome.exit_code
