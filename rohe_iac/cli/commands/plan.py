"""`rohe plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rohe_iac.cli.console import Face, FaceOption, StackArgument, screen
from rohe_iac.foundation.errors import ExitCode

if TYPE_CHECKING:
    from rohe_iac.planning.solvers.local_search.outcome import SearchStatistics


def plan(
    stack: StackArgument = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the plan to this file, for `rohe apply FILE`.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="Compare with this record in place of the last applied one.")
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 where the plan changes something.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Show every replica and refusal, not a summary.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page with the plan's pictures to this file.")
    ] = None,
    what_if: Annotated[
        str | None,
        typer.Option("--what-if", metavar="EDITS", help="Compare with edits: `node/pi-*=down,pipeline/p.load*=2`."),
    ] = None,
    max_moves: Annotated[
        int | None, typer.Option("--max-moves", min=0, help="Move at most so many replicas that could stay.")
    ] = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Report on stderr what the search did.")] = False,
    output: FaceOption = Face.human,
) -> int:
    """Decide which replica goes where and why, offline; change nothing.

    Example: `rohe plan digits --out digits.plan`
    """
    from rohe_iac.cli.views.plans.plan import PlanView
    from rohe_iac.usecases.plans.plan import decide, make_plan, write_page, write_plan

    searches: list[SearchStatistics] = []

    if what_if is not None:
        from rohe_iac.cli.views.plans.what_if import WhatIfView
        from rohe_iac.usecases.plans.what_if import what_if as compared

        with screen.working("beginning") as tell:
            decided = decide(
                screen.folder, stack, against=against, max_moves=max_moves, tell=tell, listener=searches.append
            )
            tell("planning the edited problem")
            answer = compared(decided, what_if, searches.append)
        if verbose:
            _report_search(searches)
        WhatIfView(screen).show(answer, output)
        return ExitCode.UNPLACED if answer.lost else ExitCode.OK
    with screen.working("beginning") as tell:
        planned = make_plan(
            screen.folder, stack, against=against, max_moves=max_moves, tell=tell, listener=searches.append
        )
    if verbose:
        _report_search(searches)
    if out is not None:
        write_plan(screen.folder / out, planned.planfile)
    if html is not None:
        from rohe_iac.cli.views.page.page import page_of

        before = planned.record.planfile if planned.record is not None else None
        write_page(screen.folder / html, page_of(planned.planfile, before))
    PlanView(screen).show(planned.planfile, output, every=every, saved=out)
    if planned.planfile.plan.unplaced:
        return ExitCode.UNPLACED
    if detailed_exitcode and planned.planfile.changes:
        return ExitCode.CHANGES
    return ExitCode.OK


def _report_search(searches: list[SearchStatistics]) -> None:
    """Prints on stderr how many iterations of all searches had which outcome."""
    screen.err.print(f"search: {sum(searches[1:], searches[0])}" if searches else "search: none was made")
