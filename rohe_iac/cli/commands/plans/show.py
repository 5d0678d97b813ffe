"""`rohe show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import PageOutput, PageOutputOption


def show(
    planfile: Annotated[Path, typer.Argument(metavar="PLANFILE", help="A file that `rohe plan --out` wrote.")],
    every: Annotated[bool, typer.Option("--all", help="Show every replica and refused node, not a summary.")] = False,
    output: PageOutputOption = PageOutput.human,
) -> None:
    """Print a saved plan; its blueprint is not needed.

    Example: `rohe show digits.plan`
    """
    from rohe_iac.cli.views.plans.plan import PlanView
    from rohe_iac.usecases.plans.analysis import AnalysedPlan
    from rohe_iac.usecases.plans.plan import read_plan

    PlanView(screen).show(AnalysedPlan(read_plan(screen.folder / planfile)), output, every=every)
