"""`rohe verify`: a saved plan checked again, without the repository and without the planner's own code."""

from __future__ import annotations

from collections.abc import Iterable

from rohe_iac.deployment.planfile import PlanFile
from rohe_iac.planning.verification import verify


def faults_of(planfile: PlanFile) -> tuple[str, ...]:
    """Every constraint that the plan breaks, a sentence each; empty where all hold."""
    return (*(str(fault) for fault in verify(planfile.problem, planfile.plan)), *_without_manifest(planfile))


def _without_manifest(planfile: PlanFile) -> Iterable[str]:
    rendered = {manifest.address for manifest in planfile.manifests}
    for placement in planfile.plan.placements:
        if placement.replica not in rendered and placement.workload not in rendered:
            yield f"{placement.replica} is placed but no manifest makes it"
