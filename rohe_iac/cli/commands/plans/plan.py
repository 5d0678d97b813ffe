"""`rohe plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import FilesOption, PageOutput, PageOutputOption, SetOption, StackArgument, values_of
from rohe_iac.foundation.errors import ExitCode, UsageError


def plan(
    stack: StackArgument = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the plan to this file, for `rohe apply FILE`; compressed if it ends in .gz."),
    ] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="Compare with this record or plan file, not with what is applied.")
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 if apply has something to do.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Show every replica and refused node, not a summary.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write the plan as an HTML page to this file.")] = None,
    what_if: Annotated[
        str | None,
        typer.Option("--what-if", metavar="EDITS", help="Show what edits such as `node/pi-1=down` would change."),
    ] = None,
    max_moves: Annotated[
        int | None, typer.Option("--max-moves", min=0, help="The most replicas to move that could stay where they are.")
    ] = None,
    defragment: Annotated[
        bool, typer.Option("--defragment", help="Move replicas where that frees nodes; --max-moves limits how many.")
    ] = False,
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: PageOutputOption = PageOutput.human,
) -> int:
    """Decide offline which node each replica gets, and why; change nothing.

    Example: `rohe plan digits --out digits.plan`
    """
    from rohe_iac.cli.views.plans.gain import unchanged_nodes
    from rohe_iac.cli.views.plans.plan import PlanView
    from rohe_iac.foundation.folders import StackFolder
    from rohe_iac.usecases.plans.analysis import AnalysedPlan, agent_needs
    from rohe_iac.usecases.plans.plan import decide, make_plan, write_page, write_plan
    from rohe_iac.usecases.plans.search_report import SearchReport
    from rohe_iac.usecases.running.unfinished import not_done, unfinished

    if defragment and what_if is not None:
        raise UsageError(
            "--defragment and --what-if exclude each other", hint="apply the plan of --defragment, then ask --what-if"
        )
    compared = screen.folder / against if against is not None else None
    searches, values = SearchReport(), values_of(value_files, settings)
    if what_if is not None:
        from rohe_iac.cli.views.plans.what_if import WhatIfView
        from rohe_iac.usecases.plans.what_if import what_if as plan_edited

        with screen.working("reading the blueprint") as report:
            decision = decide(
                screen.blueprint,
                stack,
                against=compared,
                max_moves=max_moves,
                values=values,
                report=report,
                listener=searches,
            )
            report("planning the edited problem")
            answer = plan_edited(decision, what_if, searches)
        if screen.verbosity:
            screen.err.print(str(searches))
        WhatIfView(screen).show(answer, output)
        return ExitCode.UNPLACED if answer.lost else ExitCode.OK
    with screen.working("reading the blueprint") as report:
        planned = make_plan(
            screen.blueprint,
            stack,
            against=compared,
            max_moves=max_moves,
            defragment=defragment,
            values=values,
            report=report,
            listener=searches,
        )
    if screen.verbosity:
        screen.err.print(str(searches))
    if planned.warnings:
        from rohe_iac.cli.views.authoring.diagnostics import show_diagnostics

        show_diagnostics(screen.err, planned.warnings)
    if out is not None:
        write_plan(screen.folder / out, planned.planfile)
        screen.interruption = lambda: f"the plan is in {out}; nothing was applied"
    before = planned.record.planfile if planned.record is not None else None
    folder = StackFolder.of(planned.planfile.project, planned.planfile.stack)
    incomplete = against is None and before is not None and unfinished(folder)
    undone = not_done(folder) if against is None and before is not None else {}
    analysed = AnalysedPlan(planned.planfile, before, agent_needs(planned.blueprint), undone, incomplete)
    if html is not None:
        from rohe_iac.cli.views.page.page import page_of

        write_page(screen.folder / html, page_of(analysed))
    PlanView(screen).show(analysed, output, every=every, saved=out)
    record = planned.record
    if record is not None and record.location.id and output is PageOutput.human:
        screen.err.print(
            f"record {record.serial} was applied to {record.location.words}; `rohe status` says whether its context "
            "still leads there",
            markup=False,
        )
    if defragment and planned.planfile.plan.gain is None:
        screen.err.print(unchanged_nodes(planned.record is not None))
    if planned.planfile.plan.unplaced:
        return ExitCode.UNPLACED
    if detailed_exitcode and (planned.planfile.changes or undone or incomplete):
        return ExitCode.CHANGES
    return ExitCode.OK
