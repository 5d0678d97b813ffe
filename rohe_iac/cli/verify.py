"""`rohe verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.console import Output, OutputOption, screen
from rohe_iac.foundation.errors import ExitCode


def verify(
    planfile: Annotated[Path, typer.Argument(metavar="PLANFILE", help="A file that `rohe plan --out` wrote.")],
    output: OutputOption = Output.human,
) -> int:
    """Check every constraint of a saved plan again, with code that shares nothing with the planner.

    Example: `rohe verify digits.plan`
    """
    from rohe_iac.blueprint.discovery import root_of
    from rohe_iac.usecases.plan import read_plan
    from rohe_iac.usecases.verify import verified

    with screen.working("checking every constraint again"):
        plan = read_plan(screen.folder / planfile)
        told = verified(plan, root_of(screen.folder))
    faults = told.faults
    if output is Output.json:
        screen.print_json(
            {"stack": plan.stack, "digest": plan.digest, "faults": list(faults), "unchecked": list(told.unchecked)}
        )
    else:
        for fault in faults:
            screen.out.print(f"broken: {fault}", markup=False)
        for line in told.unchecked:
            screen.out.print(f"not checked: {line}", markup=False)
        nodes = len({placement.node for placement in plan.plan.placements})
        holds = "every constraint that was checked holds" if told.unchecked else "every constraint holds"
        verdict = f"{len(faults)} constraints broken" if faults else holds
        screen.out.print(f"{len(plan.plan.placements)} placements on {nodes} nodes: {verdict}")
    return ExitCode.CHECK_FAILED if faults else ExitCode.OK
