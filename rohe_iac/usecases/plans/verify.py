"""`rohe verify`: a saved plan checked again, without the repository and without the planner's own code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.verification.proofs import by_solver
from rohe_iac.planning.verification.verify import verify
from rohe_iac.usecases.plans.manifest_verification import unlike_manifests
from rohe_iac.usecases.plans.plugins import reload_plugins


@dataclass(frozen=True, slots=True)
class Verified:
    """faults: every constraint that the plan breaks, a sentence each. unchecked: what could not be asked, and why."""

    faults: tuple[str, ...]
    unchecked: tuple[str, ...] = ()


def faults_of(planfile: PlanFile, plugins: Plugins = NO_PLUGINS) -> tuple[str, ...]:
    """Returns every constraint that the plan breaks, a sentence each; only filters in `plugins` are asked."""
    return (*(str(fault) for fault in verify(planfile.problem, planfile.plan, plugins)), *unlike_manifests(planfile))


def verified(planfile: PlanFile, root: Path) -> Verified:
    """The same, with the filters that the plan was made with, where their modules are under the root as they were.

    Errors: UnusableModule, FaultyPlugin.
    """
    plugins, changed = reload_plugins(planfile.problem, root)
    plan = planfile.plan
    claimed = [f"bound: that {plan.bound.at_least} nodes are needed is the solver's word"] if by_solver(plan) else []
    if plan.proofs:
        claimed.append(
            f"proofs: limits of {', '.join(dict.fromkeys(one.term for one in plan.proofs))} are the solver's"
        )
    return Verified(faults_of(planfile, plugins), (*changed, *claimed))
