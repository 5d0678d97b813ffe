"""`rohe verify`: a saved plan checked again, without the repository and without the planner's own code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.planning.verification.proofs import by_solver
from rohe_iac.planning.verification.verify import verify
from rohe_iac.usecases.plans.manifest_verification import unlike_manifests
from rohe_iac.usecases.plans.plugins import reopened


@dataclass(frozen=True, slots=True)
class Verified:
    """faults: every constraint that the plan breaks, a sentence each. unchecked: what could not be asked, and why."""

    faults: tuple[str, ...]
    unchecked: tuple[str, ...] = ()


def faults_of(planfile: PlanFile) -> tuple[str, ...]:
    """Every constraint that the plan breaks but for plugged filters, a sentence each; empty where all hold."""
    return (*(str(fault) for fault in verify(planfile.problem, planfile.plan)), *unlike_manifests(planfile))


def verified(planfile: PlanFile, root: Path) -> Verified:
    """The same, with the filters that the plan was made with, where their modules are under the root as they were.

    Errors: UnusableModule, BadExtension.
    """
    problem, moved = reopened(planfile.problem, root)
    plan = planfile.plan
    claimed = [f"bound: that {plan.bound.at_least} nodes are needed is the solver's word"] if by_solver(plan) else []
    if plan.proofs:
        claimed.append(
            f"proofs: limits of {', '.join(dict.fromkeys(one.term for one in plan.proofs))} are the solver's"
        )
    return Verified(faults_of(replace(planfile, problem=problem)), (*moved, *claimed))
