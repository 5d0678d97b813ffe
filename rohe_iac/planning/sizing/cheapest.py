"""Combination: the cheapest sizings of a pipeline's services that keep its limits together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.planning.sizing.requirements import Limit
from rohe_iac.planning.sizing.response_times import path_of, times_of

if TYPE_CHECKING:
    from rohe_iac.planning.sizing.workload import Sizing

EFFORT = 5000
"""How many choices, whole or in part, are looked at; then the best one that was found is taken."""


def cheapest(
    pipeline: Pipeline,
    limits: Sequence[Limit],
    candidates: Mapping[str, Sequence[Sizing]],
    services: Mapping[str, str],
) -> dict[str, Sizing] | None:
    """One sizing of each workload, by address, so that all limits hold at least cost; None where none does.

    candidates: the sizings to choose from. Of equally cheap ones the first is taken. Choices are made workload by
    workload, the cheapest first, and left where even the shortest times of the others would be too long.
    """
    search = _Search(pipeline, limits, candidates, services)
    search.descend(0, {}, 0.0)
    return search.best


class _Search:
    def __init__(
        self,
        pipeline: Pipeline,
        limits: Sequence[Limit],
        candidates: Mapping[str, Sequence[Sizing]],
        services: Mapping[str, str],
    ) -> None:
        self.pipeline, self.limits, self.services = pipeline, limits, services
        self.addresses = sorted(candidates)
        self.choices = [_undominated(candidates[address], limits) for address in self.addresses]
        self.hopes = [
            {
                address: (
                    min(times_of(one.queue, limit)[0] for one in choices),
                    min(times_of(one.queue, limit)[1] for one in choices),
                )
                for address, choices in zip(self.addresses, self.choices, strict=True)
            }
            for limit in limits
        ]
        self.rest = [0.0]
        for choices in reversed(self.choices):
            self.rest.append(self.rest[-1] + min(one.cost for one in choices))
        self.rest.reverse()
        self.best: dict[str, Sizing] | None = None
        self.least = float("inf")
        self.left = EFFORT

    def descend(self, position: int, chosen: dict[str, Sizing], cost: float) -> None:
        """Tries all choices of the workload at this position, and of those after it."""
        if position == len(self.addresses):
            self.best, self.least = dict(chosen), cost
            return
        for one in self.choices[position]:
            # Sums of floats in another order are not the same: what is no cheaper by a billionth is as dear.
            if self.left <= 0 or cost + one.cost + self.rest[position + 1] >= self.least - 1e-9:
                return
            self.left -= 1
            chosen[self.addresses[position]] = one
            if self._hopeful(chosen):
                self.descend(position + 1, chosen, cost + one.cost)
            del chosen[self.addresses[position]]

    def _hopeful(self, chosen: Mapping[str, Sizing]) -> bool:
        for limit, hopes in zip(self.limits, self.hopes, strict=True):
            times = {**hopes, **{address: times_of(one.queue, limit) for address, one in chosen.items()}}
            if path_of(self.pipeline, times, self.services)[0] > limit.seconds:
                return False
        return True


def _undominated(sizings: Sequence[Sizing], limits: Sequence[Limit]) -> list[Sizing]:
    """By cost, without those for which a cheaper one is at least as fast."""
    kept: list[tuple[tuple[float, ...], Sizing]] = []
    for one in sorted(sizings, key=lambda item: item.cost):
        times = tuple(time for limit in limits for time in times_of(one.queue, limit))
        if not any(all(a <= b for a, b in zip(other, times, strict=True)) for other, _ in kept):
            kept.append((times, one))
    return [one for _, one in kept]
