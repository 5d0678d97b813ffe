"""`rohe observe`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import Output, OutputOption, StackArgument, screen


def observe(
    stack: StackArgument = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on, window by window, until Ctrl-C.")] = False,
    last: Annotated[int, typer.Option("--last", min=0, help="Show that many of the newest windows, too.")] = 0,
    output: OutputOption = Output.human,
) -> None:
    """Show what the agents judge: each objective's verdict, the newest windows, orders in force.

    Example: `rohe observe digits --follow`
    """
    from rohe_iac.cli.views.observing.result import ResultView
    from rohe_iac.cli.views.observing.verdict import VerdictView
    from rohe_iac.usecases.observing.observe import asked
    from rohe_iac.usecases.observing.observe import follow as following
    from rohe_iac.usecases.stacks import known_stack

    known = known_stack(screen.folder, stack)
    results = ResultView(screen)
    if follow:
        for found in following(known):
            results.lines(found, output)
        return
    status = [item for answer in asked(known, "status") for item in answer.items]
    newest = (
        [{"agent": answer.agent, **item} for answer in asked(known, "results", most=last) for item in answer.items]
        if last
        else []
    )
    if output is Output.json:
        screen.print_json({"agents": status, "results": newest})
        return
    VerdictView(screen).show(status)
    if newest:
        results.table(newest)
