"""What the terms of the objective measure of a constraint program, as expressions of the solver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rohe_iac.planning.placement.objective.priority_levels import PriorityLevels
from rohe_iac.planning.placement.state.index import IndexedProblem


class ModelMeasures:
    """Expressions over the counts of replicas by node, see `Measures`.

    Slack and preferences are not measured.

    Attributes:
        indexed: The problem.
        model: The solver's model; measuring adds variables to it.
        count: Variables for the replicas of a demand on a node.
        used: Variables for whether a node is used.
        had: Replicas that a demand had on a node.
        limit: Replicas that may move at most, None: any.
        replicas_before: Replicas that had any node.
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        model: Any,
        count: Mapping[tuple[int, int], Any],
        used: Sequence[Any],
        had: Mapping[tuple[int, int], int],
        limit: int | None,
    ) -> None:
        self.indexed, self.model, self.count, self.used, self.had = indexed, model, count, used, had
        self.limit, self.replicas_before = limit, sum(had.values())
        self._moved = sum(self._moved_of(demand) for demand in range(len(indexed.demands)))

    def _moved_of(self, demand: int) -> Any:
        """Returns the replicas of a demand that are placed and neither stay nor are new, whichever each is."""
        wanted = self.indexed.demands[demand]
        had = {node: number for (which, node), number in self.had.items() if which == demand}
        if not had:
            return 0
        stays = []
        for node, number in sorted(had.items()):
            if (demand, node) in self.count:
                stay = self.model.NewIntVar(0, number, "")
                self.model.Add(stay <= self.count[demand, node])
                stays.append(stay)
        moved = self.model.NewIntVar(0, wanted.replicas, "")
        new = wanted.replicas - sum(had.values())
        self.model.Add(moved >= sum(self._on_all_nodes((demand,))) - sum(stays) - new)
        return moved

    def _on_all_nodes(self, demands: Sequence[int]) -> list[Any]:
        """Returns the counts of the demands on all nodes."""
        return [count for demand in demands for (which, _), count in self.count.items() if which == demand]

    def moves_over_limit(self) -> list[Any]:
        """Returns the moved replicas above the limit."""
        if self.limit is None:
            return []
        over = self.model.NewIntVar(0, self.replicas_before, "")
        self.model.Add(over >= self._moved - self.limit)
        return [over]

    def placed(self) -> list[Any]:
        """Returns the placed replicas by level of priority."""
        return [sum(self._on_all_nodes(demands)) for demands in PriorityLevels(self.indexed).demands]

    def moves(self) -> list[Any]:
        """Returns the moved replicas."""
        return [self._moved]

    def slack(self) -> list[Any]:
        """Returns nothing."""
        return []

    def nodes(self) -> list[Any]:
        """Returns the nodes used."""
        return [sum(self.used)]

    def cost(self) -> list[Any]:
        """Returns the cost of the nodes used."""
        return [sum(node.cost * used for node, used in zip(self.indexed.nodes, self.used, strict=True))]

    def balance(self) -> list[Any]:
        """Returns the sum of squared used shares of cpu."""
        squares = []
        for node, supply in enumerate(self.indexed.nodes):
            load = [self.indexed.resources[d].cpu * count for (d, where), count in self.count.items() if where == node]
            if not load:
                continue
            share = self.model.NewIntVar(0, 1000, "")
            self.model.AddDivisionEquality(share, 1000 * sum(load), max(1, supply.cpu))
            square = self.model.NewIntVar(0, 1_000_000, "")
            self.model.AddMultiplicationEquality(square, [share, share])
            squares.append(square)
        return [sum(squares)]

    def preferences(self) -> list[Any]:
        """Returns nothing."""
        return []
