"""`rohe verify`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rohe_iac.cli.console import Face, FaceOption, screen
from rohe_iac.foundation.errors import ExitCode
from rohe_iac.foundation.quantities import counted

if TYPE_CHECKING:
    from rohe_iac.deployment.files.planfile import PlanFile
    from rohe_iac.usecases.plans.verify import Verified


def verify(
    planfile: Annotated[Path, typer.Argument(metavar="PLANFILE", help="A file that `rohe plan --out` wrote.")],
    output: FaceOption = Face.human,
) -> int:
    """Check every constraint of a saved plan again, with code that shares nothing with the planner.

    Example: `rohe verify digits.plan`
    """
    from rohe_iac.blueprint.documents.discovery import root_of
    from rohe_iac.usecases.plans.plan import read_plan
    from rohe_iac.usecases.plans.verify import verified

    with screen.working("checking every constraint again"):
        plan = read_plan(screen.folder / planfile)
        told = verified(plan, root_of(screen.folder))
    faults = told.faults
    if output is Face.json:
        screen.print_json(
            {"stack": plan.stack, "digest": plan.digest, "faults": list(faults), "unchecked": list(told.unchecked)}
        )
    elif output is Face.markdown:
        screen.print_text("\n".join(_page(plan, told)))
    else:
        for fault in faults:
            screen.out.print(f"broken: {fault}", markup=False)
        for line in told.unchecked:
            screen.out.print(f"not checked: {line}", markup=False)
        screen.out.print(_verdict(plan, told))
    return ExitCode.CHECK_FAILED if faults else ExitCode.OK


def _verdict(plan: PlanFile, told: Verified) -> str:
    placements = plan.plan.placements
    nodes = len({placement.node for placement in placements})
    holds = "every constraint that was checked holds" if told.unchecked else "every constraint holds"
    verdict = f"{counted(len(told.faults), 'constraint')} broken" if told.faults else holds
    return f"{counted(len(placements), 'placement')} on {counted(nodes, 'node')}: {verdict}"


def _page(plan: PlanFile, told: Verified) -> Iterator[str]:
    from rohe_iac.cli.views.markdown import cell

    yield f"# Plan of stack {plan.stack}, checked again"
    yield ""
    yield f"{_verdict(plan, told)}."
    yield ""
    yield from (f"- broken: {cell(fault)}" for fault in told.faults)
    yield from (f"- not checked: {cell(line)}" for line in told.unchecked)
