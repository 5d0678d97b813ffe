"""`rohe why-not`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.completion import complete_nodes, complete_services
from rohe_iac.cli.console import screen
from rohe_iac.cli.options import FilesOption, PageOutput, PageOutputOption, SetOption, StackArgument, values_of


def why_not(
    service: Annotated[
        str,
        typer.Argument(
            metavar="SERVICE",
            help="A service, such as `classify` or `service/classify/svm`.",
            autocompletion=complete_services,
        ),
    ],
    node: Annotated[
        str,
        typer.Argument(metavar="NODE", help="A node, such as `pi-1` or `node/pi-1`.", autocompletion=complete_nodes),
    ],
    stack: StackArgument = None,
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: PageOutputOption = PageOutput.human,
) -> None:
    """Show what keeps a service off a node, and the edits that would let it on, proved by planning again.

    Example: `rohe why-not classify node/pi-1`
    """
    from rohe_iac.cli.views.plans.why_not import WhyNotView
    from rohe_iac.usecases.plans.why_not import why_not as answers_to

    with screen.working("reading the blueprint") as report:
        answers = answers_to(
            screen.blueprint, service, node, stack, values=values_of(value_files, settings), report=report
        )
    WhyNotView(screen).show(answers, output)
