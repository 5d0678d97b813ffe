"""`rohe audit`: what the loss of each node, and of each zone, would do to the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.blueprint.documents.given_value import NO_VALUES, GivenValue
from rohe_iac.planning.solvers.resilience.failure_audit import audit as audited
from rohe_iac.usecases.plans.plan import ReportStep, decide, report_nothing


@dataclass(frozen=True, slots=True)
class PossibleLoss:
    """What the loss of one node or zone would break.

    Attributes:
        subject: `node/NAME` or `zone/NAME`.
        replicas: how many replicas are there.
        unplaceable: addresses of replicas that fit nowhere else, or then lack a neighbour that they have to be near.
        outages: workloads of at least two replicas that have none left until others take over.
    """

    subject: str
    replicas: int
    unplaceable: tuple[str, ...]
    outages: tuple[str, ...]

    @property
    def harmless(self) -> bool:
        """Checks whether every lost replica fits elsewhere and no workload of two replicas is without one."""
        return not self.unplaceable and not self.outages


def audit(
    directory: Path,
    stack: str | None = None,
    *,
    values: Mapping[str, GivenValue] = NO_VALUES,
    report: ReportStep = report_nothing,
) -> tuple[PossibleLoss, ...]:
    """Returns every possible loss for the stack's plan as it stands.

    Raises:
        InvalidBlueprint: the blueprint has faults.
        UsageError: there is no such stack.
    """
    decision = decide(directory, stack, values=values, report=report)
    report("dropping every node and zone in turn")
    drops = audited(decision.problem, decision.plan, decision.plugins)
    return tuple(PossibleLoss(drop.what, drop.lost, drop.unplaceable, drop.outages) for drop in drops)
