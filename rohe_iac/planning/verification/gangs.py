"""Checks that a pipeline which is placed whole or not at all is not placed in part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.verification.fault import Fault


def gang_message(demand: Demand) -> str:
    """Returns what a node is said to lack for a demand of a pipeline that is left out."""
    return f"gang: pipeline {demand.pipeline} is placed whole or not at all"


def members_of(problem: Problem, pipeline: str) -> list[Demand]:
    """Returns the demands of a pipeline without those that the stack runs for itself."""
    return [demand for demand in problem.demands if demand.pipeline == pipeline and not (demand.system or demand.room)]


def gang_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each pipeline of which only a part is placed, though it asks for all or nothing."""
    placed = Counter(item.pipeline for item in plan.placements if not item.system)
    for name in sorted(set(problem.gangs)):
        wanted = sum(demand.replicas for demand in members_of(problem, name))
        if 0 < placed[name] < wanted:
            yield Fault("gang", f"pipeline/{name}", f"{placed[name]} of its {wanted} replicas are placed")
