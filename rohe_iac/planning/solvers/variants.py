"""Variants: the variant of each service, and the next one where the chosen variant leaves replicas unplaced."""

from __future__ import annotations

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.positions import enumerate_demands
from rohe_iac.planning.solvers.construction.greedy import Construction


def first_choice(problem: Problem, previous: Plan | None) -> dict[str, int]:
    """Returns the position of the variant that each service with variants is tried with first, by workload.

    It is the variant of the previous plan, or else the most accurate one, the first of equals.
    """
    placements = previous.placements if previous else ()
    before = {placement.workload: placement.variant for placement in placements if placement.variant}
    choice = {}
    for demand in problem.demands:
        if demand.variants:
            names = [variant.name for variant in demand.variants]
            had = before.get(demand.workload, "")
            choice[demand.workload] = names.index(had) if had in names else _by_accuracy(demand)[0]
    return choice


def least_accurate(demand: Demand) -> int:
    """Returns the position of the least accurate variant of a demand, 0 where it has none."""
    return _by_accuracy(demand)[-1] if demand.variants else 0


def next_choice(construction: Construction, choice: dict[str, int]) -> dict[str, int] | None:
    """Returns the choice with the next less accurate variant of the first service that has unplaced replicas.

    Returns None where every such service has its least accurate variant already, or no variants.
    """
    indexed = construction.indexed
    for position, demand in enumerate_demands(indexed.demands):
        if not construction.unplaced[position] or not demand.variants or indexed.is_left_out(position):
            continue
        ranked = _by_accuracy(demand)
        following = ranked.index(choice[demand.workload]) + 1
        if following < len(ranked):
            return {**choice, demand.workload: ranked[following]}
    return None


def _by_accuracy(demand: Demand) -> list[int]:
    """Returns the positions of a demand's variants, the most accurate first, by position where equal."""
    return sorted(range(len(demand.variants)), key=lambda position: (-demand.variants[position].accuracy, position))
