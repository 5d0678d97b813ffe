"""A plan that is being rendered, with what every target asks of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import Workload, workloads_of
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.sizing.stand_ins.behaviour import Replay


@dataclass(frozen=True)
class PlanRendering:
    """A blueprint and the plan that was made of it; replays: by address of replica, of those that are stood in for."""

    blueprint: Blueprint
    plan: Plan
    replays: Mapping[str, Replay] = field(default_factory=dict)

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
