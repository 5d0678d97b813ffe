"""`rohe render`."""

from __future__ import annotations

from typing import Annotated

import typer

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import FilesOption, Output, OutputOption, SetOption, StackArgument, values_of
from rohe_iac.foundation.errors import ExitCode


def render(
    stack: StackArgument = None,
    out: Annotated[
        str, typer.Option("--out", help="The folder to write to; `-` prints the manifests on stdout.")
    ] = "-",
    value_files: FilesOption = None,
    settings: SetOption = None,
    output: OutputOption = Output.human,
) -> int:
    """Write the manifests of the plan, byte for byte those that apply uses, and list what they need and do not contain.

    Example: `rohe render digits --out manifests/`
    """
    from rohe_iac.cli.views.plans.rendered import RenderedView
    from rohe_iac.manifests.by_target import prerequisites_of
    from rohe_iac.usecases.plans.plan import make_plan
    from rohe_iac.usecases.plans.render import render_to

    with screen.working("reading the blueprint") as report:
        planned = make_plan(screen.blueprint, stack, values=values_of(value_files, settings), report=report)
    manifests = [manifest for manifest in planned.planfile.manifests if manifest.rendered]
    prerequisites = prerequisites_of(planned.blueprint, planned.planfile.plan)
    view, files = RenderedView(screen), None
    if out != "-":
        screen.interruption = lambda: f"manifests may be missing in {out}; the same command writes the rest"
        files = render_to(screen.folder / out, manifests)
    if output is Output.json:
        view.json(manifests, prerequisites, out, files)
    elif files is None:
        view.stream(manifests, prerequisites)
    else:
        view.files(out, files, prerequisites)
    return ExitCode.UNPLACED if planned.planfile.plan.unplaced else ExitCode.OK
