"""`rohe show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.console import Face, FaceOption, screen


def show(
    planfile: Annotated[Path, typer.Argument(metavar="PLANFILE", help="A file that `rohe plan --out` wrote.")],
    every: Annotated[bool, typer.Option("--all", help="Show every replica and refusal, not a summary.")] = False,
    output: FaceOption = Face.human,
) -> None:
    """Print a saved plan, without the repository.

    Example: `rohe show digits.plan`
    """
    from rohe_iac.cli.views.plans.plan import PlanView
    from rohe_iac.usecases.plans.plan import read_plan

    PlanView(screen).show(read_plan(screen.folder / planfile), output, every=every)
