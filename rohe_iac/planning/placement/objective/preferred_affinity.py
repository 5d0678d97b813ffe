"""Wishes: how many of the near and avoid rules that are not required an assignment holds."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.state.index import IndexedProblem


class PreferredAffinity:
    """The wishes of a layout. any: whether there are some. best: more no assignment holds."""

    def __init__(self, indexed: IndexedProblem) -> None:
        self.indexed = indexed
        self.any = any(indexed.preferences)
        self.best = (
            sum(demand.replicas for demand, wishes in zip(indexed.demands, indexed.preferences, strict=True) if wishes)
            * MILLION
        )

    def held(self, counts: Mapping[int, Mapping[int, int]]) -> int:
        """For each replica the share of its wishes that hold, in millionths, summed. counts: of each demand by node."""
        indexed, total = self.indexed, 0
        there: dict[tuple[int, str], dict[int, int]] = {}
        for demand, nodes in counts.items():
            wishes = indexed.preferences[demand]
            for node, number in nodes.items() if wishes else ():
                held = 0
                for others, key, close in wishes:
                    domain = indexed.domains[key][node] if key in indexed.domains else -1
                    beside = sum(self._by_domain(there, counts, other, key).get(domain, 0) for other in others)
                    # Nobody is beside itself.
                    held += (domain >= 0 and beside > (demand in others)) == close
                total += number * (held * MILLION // len(wishes))
        return total

    def _by_domain(
        self,
        known: dict[tuple[int, str], dict[int, int]],
        counts: Mapping[int, Mapping[int, int]],
        demand: int,
        key: str,
    ) -> dict[int, int]:
        found = known.get((demand, key))
        if found is None:
            found = known[demand, key] = {}
            domains = self.indexed.domains[key]
            for node, number in counts.get(demand, {}).items():
                found[domains[node]] = found.get(domains[node], 0) + number
        return found
