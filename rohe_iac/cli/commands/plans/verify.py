"""`rohe verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import PageOutput, PageOutputOption
from rohe_iac.foundation.errors import ExitCode


def verify(
    planfile: Annotated[Path, typer.Argument(metavar="PLANFILE", help="A file that `rohe plan --out` wrote.")],
    output: PageOutputOption = PageOutput.human,
) -> int:
    """Check every constraint of a saved plan again, with code that shares nothing with the planner.

    Example: `rohe verify digits.plan`
    """
    from rohe_iac.blueprint.documents.discovery import root_of
    from rohe_iac.cli.views.plans.verification import VerificationView
    from rohe_iac.usecases.plans.plan import read_plan
    from rohe_iac.usecases.plans.verify import verify_saved

    with screen.working("checking every constraint again"):
        plan = read_plan(screen.folder / planfile)
        verification = verify_saved(plan, root_of(screen.folder))
    VerificationView(screen).show(plan, verification, output)
    return ExitCode.CHECK_FAILED if verification.faults else ExitCode.OK
