"""`rohe render`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import StackArgument
from rohe_iac.foundation.errors import ExitCode


def render(
    stack: StackArgument = None,
    out: Annotated[
        str, typer.Option("--out", help="The folder to write to; `-` prints the manifests on stdout.")
    ] = "-",
) -> int:
    """Write the manifests of the plan, byte for byte those that apply uses.

    Example: `rohe render digits --out manifests/`
    """
    from rohe_iac.usecases.plans.plan import make_plan
    from rohe_iac.usecases.plans.render import as_stream, render_to

    with screen.working("reading the blueprint") as report:
        planned = make_plan(screen.folder, stack, report=report)
    if out == "-":
        screen.print_document(as_stream(planned.planfile.manifests))
    else:
        screen.interruption = lambda: f"manifests may be missing in {out}; the same command writes the rest"
        done = render_to(screen.folder / out, planned.planfile.manifests)
        screen.out.print(
            f"{out}: {len(done.written)} written, {len(done.unchanged)} unchanged, {len(done.removed)} removed",
            markup=False,
        )
    return ExitCode.UNPLACED if planned.planfile.plan.unplaced else ExitCode.OK
