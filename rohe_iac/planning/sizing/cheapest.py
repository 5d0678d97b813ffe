"""The cheapest sizings of a pipeline's services that keep the limits of the whole pipeline together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.planning.sizing.requirements import Limit
from rohe_iac.planning.sizing.response_times import mean_and_excess, slowest_path_of_workloads

if TYPE_CHECKING:
    from rohe_iac.planning.sizing.workload import Sizing

MAX_VISITS = 5000
"""Choices, whole or partial, that the search visits at most; then it takes the best choice found."""


def cheapest_combination(
    pipeline: Pipeline,
    limits: Sequence[Limit],
    candidates: Mapping[str, Sequence[Sizing]],
    services: Mapping[str, str],
) -> dict[str, Sizing] | None:
    """Returns one sizing of each workload, by address, so that all limits hold at least cost; None where none does.

    Of equally cheap combinations the first found is taken.

    Args:
        pipeline: The pipeline whose flow makes the paths.
        limits: Limits of the response time of the whole pipeline.
        candidates: The sizings to choose from, by address of workload.
        services: The name of the service of each workload.
    """
    search = _CombinationSearch(pipeline, limits, candidates, services)
    search.descend(0, {}, 0.0)
    return search.best


class _CombinationSearch:
    """A depth-first branch-and-bound search (Land and Doig, Econometrica 28, 1960) that tries cheap sizings first.

    A branch is cut where the cheapest sizings of the remaining workloads would already cost as much as the best
    combination found, or where even their shortest times would break a limit.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        limits: Sequence[Limit],
        candidates: Mapping[str, Sequence[Sizing]],
        services: Mapping[str, str],
    ) -> None:
        self.pipeline, self.limits, self.services = pipeline, limits, services
        self.addresses = sorted(candidates)
        self.choices = [_pareto_front(candidates[address], limits) for address in self.addresses]
        self.shortest_times = [
            {
                address: (
                    min(mean_and_excess(sizing.queue, limit)[0] for sizing in choices),
                    min(mean_and_excess(sizing.queue, limit)[1] for sizing in choices),
                )
                for address, choices in zip(self.addresses, self.choices, strict=True)
            }
            for limit in limits
        ]
        self.remaining_costs = [0.0]
        for choices in reversed(self.choices):
            self.remaining_costs.append(self.remaining_costs[-1] + min(sizing.cost for sizing in choices))
        self.remaining_costs.reverse()
        self.best: dict[str, Sizing] | None = None
        self.least_cost = float("inf")
        self.visits_left = MAX_VISITS

    def descend(self, position: int, chosen: dict[str, Sizing], cost: float) -> None:
        """Tries all choices of the workload at this position, and of the workloads after it."""
        if position == len(self.addresses):
            self.best, self.least_cost = dict(chosen), cost
            return
        for sizing in self.choices[position]:
            # Sums of floats depend on their order: what is cheaper by less than a billionth counts as equally dear.
            bound = cost + sizing.cost + self.remaining_costs[position + 1]
            if self.visits_left <= 0 or bound >= self.least_cost - 1e-9:
                return
            self.visits_left -= 1
            chosen[self.addresses[position]] = sizing
            if self._can_keep_limits(chosen):
                self.descend(position + 1, chosen, cost + sizing.cost)
            del chosen[self.addresses[position]]

    def _can_keep_limits(self, chosen: Mapping[str, Sizing]) -> bool:
        for limit, shortest_times in zip(self.limits, self.shortest_times, strict=True):
            chosen_times = {address: mean_and_excess(sizing.queue, limit) for address, sizing in chosen.items()}
            times = {**shortest_times, **chosen_times}
            if slowest_path_of_workloads(self.pipeline, times, self.services)[0] > limit.seconds:
                return False
        return True


def _pareto_front(sizings: Sequence[Sizing], limits: Sequence[Limit]) -> list[Sizing]:
    """Returns the Pareto front by cost: without sizings for which a cheaper one is at least as fast in every limit."""
    kept: list[tuple[tuple[float, ...], Sizing]] = []
    for sizing in sorted(sizings, key=lambda candidate: candidate.cost):
        times = tuple(time for limit in limits for time in mean_and_excess(sizing.queue, limit))
        if not any(all(own <= new for own, new in zip(other, times, strict=True)) for other, _ in kept):
            kept.append((times, sizing))
    return [sizing for _, sizing in kept]
