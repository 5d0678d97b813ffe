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
    from rohe_iac.usecases.plan import read_plan
    from rohe_iac.usecases.verify import faults_of

    plan = read_plan(screen.folder / planfile)
    faults = faults_of(plan)
    if output is Output.json:
        screen.print_json({"stack": plan.stack, "digest": plan.digest, "faults": list(faults)})
    else:
        for fault in faults:
            screen.out.print(f"broken: {fault}", markup=False)
        nodes = len({placement.node for placement in plan.plan.placements})
        verdict = f"{len(faults)} constraints broken" if faults else "every constraint holds"
        screen.out.print(f"{len(plan.plan.placements)} placements on {nodes} nodes: {verdict}")
    return ExitCode.CHECK_FAILED if faults else ExitCode.OK
