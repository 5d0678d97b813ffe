"""`rohe explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import Face, FaceOption, Output, StackArgument, screen
from rohe_iac.foundation.errors import UsageError


def explain(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="ADDR|VIOLATION",
            help="An address, the name of a service or node, or a violation's id; `latest` is the newest.",
        ),
    ],
    stack: StackArgument = None,
    every: Annotated[
        bool, typer.Option("--all", help="Tell every node: points of those that fit, what the refused ones lack.")
    ] = False,
    output: FaceOption = Face.human,
) -> None:
    """Tell why a replica is where it is, or who is to blame for a violation and what it would have been without.

    Example: `rohe explain service/classify/svm --all`, `rohe explain v-1f0c9a2b77`
    """
    from rohe_iac.cli.views.observing.violation import ViolationView
    from rohe_iac.cli.views.plans.placement import PlacementView
    from rohe_iac.usecases.plans.explain import explain_places, explain_violation
    from rohe_iac.usecases.stacks import known_stack

    known = known_stack(screen.folder, stack)
    if subject != "latest" and not subject.startswith("v-"):
        with screen.working("working out where everything goes"):
            found = explain_places(screen.folder, known, subject, every=every)
        PlacementView(screen).show(found, output)
        return
    if every or output is Face.markdown:
        option = "--all" if every else "-o markdown"
        raise UsageError(f"{option} goes with an address, not with a violation", hint="rohe explain service/NAME --all")
    told = explain_violation(known, "v-" if subject == "latest" else subject)
    ViolationView(screen).explain(told, Output(output.value))
