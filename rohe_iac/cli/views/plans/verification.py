"""How the check of a saved plan looks."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.markdown import cell
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.foundation.quantities import counted
from rohe_iac.usecases.plans.verify import Verification


class VerificationView:
    """Shows the constraints that a saved plan breaks."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, planfile: PlanFile, verification: Verification, output: PageOutput) -> None:
        """Prints every broken constraint, what could not be checked, and the verdict."""
        faults, unchecked = list(verification.faults), list(verification.unchecked)
        if output is PageOutput.json:
            self._screen.print_json(
                {
                    "stack": planfile.stack,
                    "digest": planfile.digest,
                    "faults": faults,
                    "unchecked": unchecked,
                    "compared": verification.compared,
                },
                "verification",
            )
            return
        if output is PageOutput.markdown:
            self._screen.print_text("\n".join(_page(planfile, verification)))
            return
        for line in _lines(verification):
            self._screen.out.print(line, markup=False)
        self._screen.out.print(_verdict(planfile, verification))


def _lines(verification: Verification) -> Iterator[str]:
    yield from (f"broken: {fault}" for fault in verification.faults)
    yield from (f"not checked: {line}" for line in verification.unchecked)
    if verification.compared:
        yield f"compared with {verification.compared}: inputs, problem, manifests, protect, target and places"


def _verdict(planfile: PlanFile, verification: Verification) -> str:
    placements = planfile.plan.placements
    kept = planfile.plan.reserved
    nodes = len({placement.node for placement in (*placements, *kept)})
    room = f" and room to update {counted(len(kept), 'replica')}" if kept else ""
    holds = "every constraint that was checked holds" if verification.unchecked else "every constraint holds"
    verdict = f"{counted(len(verification.faults), 'constraint')} broken" if verification.faults else holds
    return f"{counted(len(placements), 'placement')}{room} on {counted(nodes, 'node')}: {verdict}"


def _page(planfile: PlanFile, verification: Verification) -> Iterator[str]:
    """Yields the lines of the result as a page."""
    yield f"# Plan of stack {planfile.stack}, checked again"
    yield ""
    yield f"{_verdict(planfile, verification)}."
    yield ""
    yield from (f"- {cell(line)}" for line in _lines(verification))
