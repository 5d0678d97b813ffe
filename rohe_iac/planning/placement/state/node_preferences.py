"""Node preferences: labels that a service prefers nodes to have, each with a weight."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.supply import Supply


class NodePreferences:
    """The weights of preferred labels on all nodes, by demand.

    Attributes:
        on: By demand, the sum of the weights of the preferences that hold on each node; empty without preferences.
        total: By demand, the sum of all weights. Where a demand has no other preference, weights are divided by their
            greatest common divisor.
    """

    def __init__(self, nodes: Sequence[Supply], demands: Sequence[Demand], others: Sequence[int]) -> None:
        """Works out the weights; `others`: how many preferences of other kinds each demand has."""
        labels = [(node, dict(node.labels)) for node in nodes] if any(demand.prefers for demand in demands) else []
        self.on: list[list[int]] = []
        self.total: list[int] = []
        for demand, number in zip(demands, others, strict=True):
            rules = [(dict(rule.labels).items(), rule.matches, rule.weight) for rule in demand.prefers]
            common = 1 if number else gcd(*(weight for *_, weight in rules)) or 1
            self.total.append(sum(weight // common for *_, weight in rules))
            held = [
                sum(
                    weight // common
                    for wanted, matches, weight in rules
                    if wanted <= own.items() and all(match.accepts(node.domain(match.key)) for match in matches)
                )
                for node, own in (labels if rules else [])
            ]
            self.on.append(held)
