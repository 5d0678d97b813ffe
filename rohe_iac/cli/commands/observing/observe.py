"""`rohe observe`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import LongFilesOption, Output, OutputOption, SetOption, StackArgument, values_of


def observe(
    stack: StackArgument = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on, window by window, until Ctrl-C.")] = False,
    last: Annotated[int, typer.Option("--last", min=0, help="Show this many of the newest windows as well.")] = 0,
    dead: Annotated[
        int | None,
        typer.Option("--dead-letters", min=1, metavar="N", help="Show the newest N messages that cannot be used."),
    ] = None,
    payloads: Annotated[
        bool, typer.Option("--payloads", help="With --dead-letters, show what they say, which may be personal.")
    ] = False,
    value_files: LongFilesOption = None,
    settings: SetOption = None,
    output: OutputOption = Output.human,
) -> None:
    """Show what the agents judge: the verdict on each objective, the newest windows and the orders in force.

    Example: `rohe observe digits --follow`
    """
    from rohe_iac.cli.views.observing.dead_letter import DeadLetterView
    from rohe_iac.cli.views.observing.result import ResultView
    from rohe_iac.cli.views.observing.verdict import VerdictView
    from rohe_iac.targets.opening import open_target
    from rohe_iac.usecases.observing.dead_letters import dead_letters
    from rohe_iac.usecases.observing.observe import ask_agents, newest_results, unobserved
    from rohe_iac.usecases.observing.observe import follow as new_results
    from rohe_iac.usecases.stacks import known_stack

    known = known_stack(screen.blueprint, stack, values=values_of(value_files, settings))
    results = ResultView(screen)
    reason = unobserved(known)
    if reason and output is not Output.json:
        screen.out.print(reason, markup=False)
        return
    if dead is not None:
        DeadLetterView(screen).show(dead_letters(known, open_target, dead, payloads=payloads), output)
        return
    if follow:
        screen.interruption = lambda: "no more results are printed; the agents judge on as before"
        for found in new_results(known, open_target):
            results.lines(found, output)
        return
    status = [item for answer in ask_agents(known, open_target, "status") for item in answer.items]
    newest = newest_results(known, open_target, last) if last else []
    if output is Output.json:
        screen.print_json({"agents": status, "results": newest}, "observation")
        return
    VerdictView(screen).show(status)
    if newest:
        results.table(newest)
