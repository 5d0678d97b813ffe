"""`rohe explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import Output, OutputOption, StackArgument, screen


def explain(
    subject: Annotated[
        str, typer.Argument(metavar="ADDR|VIOLATION", help="An address, or a violation's id; `latest` is the newest.")
    ],
    stack: StackArgument = None,
    output: OutputOption = Output.human,
) -> None:
    """Tell why a replica is where it is, or who is to blame for a violation and what it would have been without.

    Example: `rohe explain service/classify/svm`, `rohe explain v-1f0c9a2b77`
    """
    from rohe_iac.cli.views.placement import PlacementView
    from rohe_iac.cli.views.violation import ViolationView
    from rohe_iac.usecases.explain import explain_places, explain_violation
    from rohe_iac.usecases.stacks import known_stack

    known = known_stack(screen.folder, stack)
    if "/" in subject:
        PlacementView(screen).show(explain_places(screen.folder, known, subject), output)
    else:
        ViolationView(screen).explain(explain_violation(known, "v-" if subject == "latest" else subject), output)
