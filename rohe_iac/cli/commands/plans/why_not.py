"""`rohe why-not`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import Face, FaceOption, StackArgument, screen


def why_not(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="A service: `classify`, `service/classify/svm`.")],
    node: Annotated[str, typer.Argument(metavar="NODE", help="A node: `pi-1` or `node/pi-1`.")],
    stack: StackArgument = None,
    output: FaceOption = Face.human,
) -> None:
    """Tell what keeps a service off a node, and the smallest edits that would let it on, proved by planning again.

    Example: `rohe why-not classify node/pi-1`
    """
    from rohe_iac.cli.views.plans.why_not import WhyNotView
    from rohe_iac.usecases.plans.why_not import why_not as answers

    with screen.working("beginning") as tell:
        found = answers(screen.folder, service, node, stack, tell=tell)
    WhyNotView(screen).show(found, output)
