"""Field: every node seen by one demand at once: points, refusals by rule and the closest of the refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from rohe_iac.planning.feasibility import RULES, refusal, shortage
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.ledger import Ledger
from rohe_iac.planning.plan import Refusals, Rejection
from rohe_iac.planning.scoring import Scoring

CLOSEST = 5
"""How many of the refused nodes a plan keeps for a service."""


class Points(Protocol):
    """Points of one demand on every node, -1 where it is refused."""

    fits: int

    def best(self) -> tuple[int, int]:
        """Position and points of the best node, the first by name where equal; points -1 where none is left."""
        ...

    def second(self, top: int) -> tuple[int, int]:
        """The same with `top` left out."""
        ...

    def put(self, node: int, points: int) -> None:
        """Writes the points of a node whose state has changed."""
        ...

    def block(self, nodes: Iterable[int]) -> None:
        """Refuses nodes."""
        ...


class Field(Protocol):
    """Evaluates demands against all nodes as the ledger stands."""

    def evaluate(self, demand: int) -> Points:
        """Points of all nodes."""
        ...

    def touch(self, node: int) -> None:
        """Says that the ledger has changed on a node."""
        ...

    def refusals(self, demand: int) -> Refusals:
        """The refused nodes: counts by rule and the five closest with what is missing."""
        ...


class PlainPoints:
    """Points in a list."""

    def __init__(self, points: list[int]) -> None:
        self.points = points
        self.fits = sum(value >= 0 for value in points)

    def best(self) -> tuple[int, int]:
        """See Points."""
        top = max(self.points, default=-1)
        return (self.points.index(top), top) if top >= 0 else (-1, -1)

    def second(self, top: int) -> tuple[int, int]:
        """See Points."""
        kept, self.points[top] = self.points[top], -1
        found = self.best()
        self.points[top] = kept
        return found

    def put(self, node: int, points: int) -> None:
        """See Points."""
        self.fits += (points >= 0) - (self.points[node] >= 0)
        self.points[node] = points

    def block(self, nodes: Iterable[int]) -> None:
        """See Points."""
        for node in nodes:
            self.put(node, -1)


class PlainField:
    """The field without NumPy, for problems of few nodes and services."""

    def __init__(self, layout: Layout, ledger: Ledger, scoring: Scoring) -> None:
        self.layout, self.ledger, self.scoring = layout, ledger, scoring

    def evaluate(self, demand: int) -> Points:
        """See Field."""
        layout, ledger, scoring = self.layout, self.ledger, self.scoring
        return PlainPoints(
            [
                -1 if refusal(layout, ledger, demand, node) else scoring.total(demand, node)
                for node in range(len(layout.nodes))
            ]
        )

    def touch(self, node: int) -> None:
        """See Field; nothing is mirrored here."""

    def refusals(self, demand: int) -> Refusals:
        """See Field."""
        rules = [refusal(self.layout, self.ledger, demand, node) for node in range(len(self.layout.nodes))]
        refused = [node for node, rule in enumerate(rules) if rule]
        return refusals_of(self.layout, self.ledger, demand, {node: rules[node] for node in refused})


def refusals_of(layout: Layout, ledger: Ledger, demand: int, rules: dict[int, str]) -> Refusals:
    """Counts by rule in the order of RULES, and the five closest of the refused nodes."""
    counts: dict[str, int] = {}
    for rule in rules.values():
        counts[rule] = counts.get(rule, 0) + 1
    rated = sorted((shortage(layout, ledger, demand, node)[1], node) for node in rules)[:CLOSEST]
    return Refusals(
        workload=layout.demands[demand].workload,
        by_rule=tuple((rule, counts[rule]) for rule in (*RULES, *sorted(set(counts) - set(RULES))) if rule in counts),
        closest=tuple(rejection(layout, ledger, demand, node, rules[node]) for _, node in rated),
    )


def rejection(layout: Layout, ledger: Ledger, demand: int, node: int, rule: str) -> Rejection:
    """Why the node was refused, with what is missing."""
    text, shortfall = shortage(layout, ledger, demand, node)
    return Rejection(layout.nodes[node].name, rule, text, shortfall)
