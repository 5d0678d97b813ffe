"""`rohe audit`: what the loss of each node, and of each zone, would do to the plan."""

from __future__ import annotations

from pathlib import Path

from rohe_iac.planning.solvers.resilience.failure_audit import FailureImpact
from rohe_iac.planning.solvers.resilience.failure_audit import audit as drops
from rohe_iac.usecases.plans.plan import Tell, decide, unheard


def audit(directory: Path, stack: str | None = None, *, tell: Tell = unheard) -> tuple[FailureImpact, ...]:
    """Every drop of the stack's plan as it stands.

    Errors: InvalidBlueprint, UsageError.
    """
    decided = decide(directory, stack, tell=tell)
    tell("dropping every node and zone in turn")
    return drops(decided.problem, decided.plan, decided.plugins)
