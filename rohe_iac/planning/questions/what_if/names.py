"""Finds the demands that an edit names."""

from __future__ import annotations

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.problem import Problem


def names_of(demand: Demand) -> list[str]:
    """Returns the names of a workload as people type them: `classify`, `classify/svm`, `agent/digits`."""
    names = [demand.service, demand.workload.partition("/")[2]]
    if demand.system:
        names.append(demand.workload)
    if demand.pipeline:
        names.append(f"{demand.pipeline}:{demand.service}")
    return [*names, f"{demand.service}/{demand.member}"] if demand.member else names


def demands_named(problem: Problem, name: str) -> tuple[Demand, ...]:
    """Returns the demands of a service by one of its names."""
    return tuple(demand for demand in problem.demands if name in names_of(demand))
