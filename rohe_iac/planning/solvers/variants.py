"""Chooses the variant of each workload, and the next one where the chosen variant leaves replicas unplaced."""

from __future__ import annotations

from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.solvers.construction.greedy import Construction


def first_choice(problem: Problem, previous: Plan | None) -> dict[str, int]:
    """For each service with variants the one it had before, else the most accurate, the first of equals."""
    had = {item.workload: item.variant for item in previous.placements if item.variant} if previous else {}
    choice = {}
    for demand in problem.demands:
        if demand.variants:
            names = [variant.name for variant in demand.variants]
            best = max(range(len(names)), key=lambda number: (demand.variants[number].accuracy, -number))
            choice[demand.workload] = names.index(had[demand.workload]) if had.get(demand.workload) in names else best
    return choice


def next_choice(construction: Construction, choice: dict[str, int]) -> dict[str, int] | None:
    """For the first service that lacks a place the next less accurate variant, or None where there is none."""
    for demand, missing in zip(construction.indexed.demands, construction.unplaced, strict=True):
        if not missing or not demand.variants:
            continue
        ranked = sorted(range(len(demand.variants)), key=lambda number: (-demand.variants[number].accuracy, number))
        following = ranked.index(choice[demand.workload]) + 1
        if following < len(ranked):
            return {**choice, demand.workload: ranked[following]}
    return None
