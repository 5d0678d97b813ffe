"""`rohe verify`: a saved plan checked again, without its blueprint and without the code of the planner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.planning.verification.proofs import by_solver
from rohe_iac.planning.verification.verify import verify
from rohe_iac.usecases.plans.manifest_verification import manifest_faults
from rohe_iac.usecases.plans.plugins import with_saved_extensions


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of a saved plan found.

    Attributes:
        faults: every constraint that the plan breaks, a sentence each.
        unchecked: what could not be checked, and why, a sentence each.
    """

    faults: tuple[str, ...]
    unchecked: tuple[str, ...] = ()


def faults_of(planfile: PlanFile) -> tuple[str, ...]:
    """Returns every constraint that the plan breaks, without plugged filters, a sentence each."""
    return (*(str(fault) for fault in verify(planfile.problem, planfile.plan)), *manifest_faults(planfile))


def verify_saved(planfile: PlanFile, root: Path) -> Verification:
    """Checks a saved plan, with the filters that it was made with where these are unchanged under the root.

    Raises:
        UnusableModule, BadExtension: a filter cannot be loaded, or fails.
    """
    problem, changed = with_saved_extensions(planfile.problem, root)
    plan = planfile.plan
    claimed = [f"bound: that {plan.bound.at_least} nodes are needed is the solver's word"] if by_solver(plan) else []
    if plan.proofs:
        terms = ", ".join(dict.fromkeys(proof.term for proof in plan.proofs))
        claimed.append(f"proofs: limits of {terms} are the solver's")
    return Verification(faults_of(replace(planfile, problem=problem)), (*changed, *claimed))
