"""A plan that is being rendered, with what every target asks of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rohe_iac.blueprint.blueprint import Blueprint
from rohe_iac.blueprint.pipeline import Service
from rohe_iac.blueprint.workload import Workload, effective, workloads_of
from rohe_iac.planning.plan import Placement, Plan


@dataclass(frozen=True)
class Planned:
    """A blueprint and the plan that was made of it."""

    blueprint: Blueprint
    plan: Plan

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.blueprint.stack.metadata.name

    @cached_property
    def workloads(self) -> dict[str, Workload]:
        """Every workload by its address."""
        return {workload.address: workload for workload in workloads_of(self.blueprint)}

    @cached_property
    def replicas(self) -> tuple[Placement, ...]:
        """The placements of services: all but what the stack runs for itself."""
        return tuple(place for place in self.plan.placements if not place.system)


def chosen(workload: Workload, variant: str) -> Service:
    """The workload's service with the fields of the variant that the plan chose, if any."""
    for alternative in workload.alternatives:
        if alternative.name == variant:
            return effective(workload.service, alternative)
    return workload.service
