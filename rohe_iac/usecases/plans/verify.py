"""`rohe verify`: a saved plan checked again, without the code of the planner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rohe_iac.deployment.files.planfile import STATES_SLOWDOWN, PlanFile
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.verification.proofs import by_solver
from rohe_iac.planning.verification.verify import verify
from rohe_iac.usecases.plans.comparison.blueprint import compare
from rohe_iac.usecases.plans.comparison.record import record_faults, record_of
from rohe_iac.usecases.plans.manifest_verification import manifest_faults
from rohe_iac.usecases.plans.plugins import reload_plugins


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of a saved plan found.

    Attributes:
        faults: every constraint that the plan breaks, a sentence each.
        unchecked: what could not be checked, and why, a sentence each.
        compared: what problem and manifests were compared with, "" where they were not.
    """

    faults: tuple[str, ...]
    unchecked: tuple[str, ...] = ()
    compared: str = ""


def faults_of(planfile: PlanFile, plugins: Plugins = NO_PLUGINS) -> tuple[str, ...]:
    """Returns every constraint that the plan breaks, a sentence each; only filters in `plugins` are asked."""
    states_slowdown = planfile.schema >= STATES_SLOWDOWN
    faults = verify(planfile.problem, planfile.plan, plugins, states_slowdown=states_slowdown)
    return (*map(str, faults), *manifest_faults(planfile))


def verify_saved(planfile: PlanFile, root: Path) -> Verification:
    """Checks a saved plan, with the filters that it was made with where these are unchanged under the root.

    Args:
        planfile: the plan file.
        root: the root of the blueprint at hand; a plan file that carries its blueprint is compared with that instead.

    Raises:
        UnusableModule, FaultyPlugin: a filter cannot be loaded, or fails.
    """
    plugins, changed = reload_plugins(planfile.problem, root)
    plan = planfile.plan
    claimed = [f"bound: that {plan.bound.at_least} nodes are needed is the solver's word"] if by_solver(plan) else []
    if plan.proofs:
        terms = ", ".join(dict.fromkeys(proof.term for proof in plan.proofs))
        claimed.append(f"proofs: limits of {terms} are the solver's")
    checked = check_file(planfile, root, plugins)
    return replace(checked, unchecked=(*changed, *checked.unchecked, *claimed))


def check_file(planfile: PlanFile, root: Path, plugins: Plugins = NO_PLUGINS) -> Verification:
    """Checks a saved plan by itself, against its blueprint, and against the record that it was made against.

    Manifests are rendered again only where the plan keeps every constraint.
    """
    faults = faults_of(planfile, plugins)
    comparison = compare(planfile, root, render=not faults)
    record, missing = record_of(planfile)
    unchecked = (*comparison.unchecked, *([missing] if missing else []))
    return Verification((*faults, *record_faults(planfile, record), *comparison.faults), unchecked, comparison.source)
