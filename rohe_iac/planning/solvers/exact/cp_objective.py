"""Objective of the CP-SAT model: what the terms of the objective measure, as expressions of the solver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rohe_iac.planning.model.node_interference import (
    PERCENT,
    TOLERATED,
    NodeInterference,
)
from rohe_iac.planning.placement.objective.preferences import Preferences
from rohe_iac.planning.placement.objective.priority_levels import PriorityLevels
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, enumerate_nodes
from rohe_iac.planning.solvers.exact.cp_network import Counts
from rohe_iac.planning.solvers.exact.solver_protocols import ConstraintModel, Linear, LinearExpression


class ModelMeasures:
    """Expressions over the counts of replicas by node, see `Measures`.

    Slack is not measured, and preferences only where nothing but the node of a replica decides whether they hold.

    Attributes:
        indexed: the problem.
        model: the solver's model; measuring adds variables to it.
        counts: number of replicas as a variable, by demand and node.
        used: by node a variable that is 1 where the node has a replica.
        held: number of replicas that a node had in the previous plan, by demand and node.
        limit: the most replicas that may move, None: any.
        replicas_before: number of replicas that had a node in the previous plan.
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        model: ConstraintModel,
        counts: Counts,
        used: Sequence[LinearExpression],
        held: Mapping[tuple[DemandIndex, NodeIndex], int],
        limit: int | None,
    ) -> None:
        self.indexed, self.model, self.counts, self.used, self.held = indexed, model, counts, used, held
        self.limit, self.replicas_before = limit, sum(held.values())
        self._moved = sum(self._moved_of(demand) for demand in indexed.demand_indices)

    def _moved_of(self, demand: DemandIndex) -> Linear:
        """Returns how many placed replicas of a demand are neither new nor where one of them was before."""
        held = {node: number for (which, node), number in self.held.items() if which == demand}
        if not held:
            return 0
        stays = []
        for node, number in sorted(held.items()):
            if (demand, node) in self.counts:
                stay = self.model.new_int_var(0, number, "")
                self.model.add(stay <= self.counts[demand, node])
                stays.append(stay)
        replicas = self.indexed.demands[demand].replicas
        moved = self.model.new_int_var(0, replicas, "")
        new = replicas - sum(held.values())
        self.model.add(moved >= sum(self._on_all_nodes((demand,))) - sum(stays) - new)
        return moved

    def _on_all_nodes(self, demands: Sequence[DemandIndex]) -> list[LinearExpression]:
        """Returns the counts of the demands on all nodes."""
        return [count for demand in demands for (which, _), count in self.counts.items() if which == demand]

    def moves_over_limit(self) -> list[Linear]:
        """Returns the moved replicas above the limit."""
        if self.limit is None:
            return []
        over = self.model.new_int_var(0, self.replicas_before, "")
        self.model.add(over >= self._moved - self.limit)
        return [over]

    def placed(self) -> list[Linear]:
        """Returns the placed replicas by level of priority."""
        return [sum(self._on_all_nodes(demands)) for demands in PriorityLevels(self.indexed).demands]

    def moves(self) -> list[Linear]:
        """Returns the moved replicas."""
        return [self._moved]

    def slack(self) -> list[Linear]:
        """Returns nothing: `exact` refuses an objective with slack."""
        return []

    def nodes(self) -> list[Linear]:
        """Returns the nodes used."""
        return [sum(self.used)]

    def cost(self) -> list[Linear]:
        """Returns the cost of the nodes used."""
        return [sum(node.cost * used for node, used in zip(self.indexed.nodes, self.used, strict=True))]

    def balance(self) -> list[Linear]:
        """Returns the sum of squared used shares of CPU, each in thousandths of the node's capacity (0 to 1000)."""
        squares: list[LinearExpression] = []
        for node, supply in enumerate_nodes(self.indexed.nodes):
            load = [
                self.indexed.resources[demand].cpu * count
                for (demand, where), count in self.counts.items()
                if where == node
            ]
            if not load:
                continue
            share = self.model.new_int_var(0, 1000, "")
            self.model.add_division_equality(share, 1000 * sum(load), max(1, supply.cpu))
            square = self.model.new_int_var(0, 1_000_000, "")
            self.model.add_multiplication_equality(square, [share, share])
            squares.append(square)
        return [sum(squares)]

    def preferences(self) -> list[Linear]:
        """Returns the preferences that hold; nothing where other replicas decide some, which `exact` does not weigh."""
        preferred = Preferences(self.indexed)
        if not preferred.any or not preferred.by_node:
            return []
        return [sum(preferred.value(demand, node) * count for (demand, node), count in self.counts.items())]

    def interference(self) -> list[Linear]:
        """Returns what sensitive replicas lose to neighbours, in percent of one replica's time."""
        interference = self.indexed.interference
        if not interference.any:
            return []
        percents: list[LinearExpression] = []
        for node in self.indexed.node_indices:
            here = [(demand, count) for (demand, where), count in self.counts.items() if where == node]
            lost = [
                self._lost(interference, node, position, whole, here)
                for position, whole in enumerate(interference.capacity[node])
            ]
            if any(found is not None for found in lost):
                # Every replica that may be here loses all that it can lose.
                most = sum(
                    self.indexed.demands[demand].replicas * sum(interference.of_replica[demand][1::3])
                    for demand, _ in here
                )
                sensitive = sum(interference.of_replica[demand][-1] * count for demand, count in here)
                beyond = self.model.new_int_var(0, most, "")
                untolerated = sum(found for found in lost if found is not None) - TOLERATED * sensitive
                self.model.add_max_equality(beyond, [untolerated, 0])
                percent = self.model.new_int_var(0, most // PERCENT, "")
                self.model.add_division_equality(percent, beyond, PERCENT)
                percents.append(percent)
        return [sum(percents)]

    def _lost(
        self,
        interference: NodeInterference,
        node: NodeIndex,
        position: int,
        whole: int,
        here: Sequence[tuple[DemandIndex, LinearExpression]],
    ) -> LinearExpression | None:
        """Returns what a node's replicas lose in one dimension, in thousandths; None where none can lose anything."""
        by_replica = [
            (interference.of_replica[demand][3 * position : 3 * position + 3], demand, count) for demand, count in here
        ]
        if not any(rate for (_, rate, _), _, _ in by_replica):
            return None
        replicas = self.indexed.demands
        others = interference.empty[node][3 * position]
        most_amount = others + sum(amount * replicas[demand].replicas for (amount, _, _), demand, _ in by_replica)
        most_rate = sum(rate * replicas[demand].replicas for (_, rate, _), demand, _ in by_replica)
        amount = self.model.new_int_var(0, most_amount, "")
        self.model.add(amount == others + sum(each * count for (each, _, _), _, count in by_replica))
        rate = self.model.new_int_var(0, most_rate, "")
        self.model.add(rate == sum(each * count for (_, each, _), _, count in by_replica))
        product = self.model.new_int_var(0, most_amount * most_rate, "")
        self.model.add_multiplication_equality(product, [amount, rate])
        lost = self.model.new_int_var(0, most_amount * most_rate // whole, "")
        own = sum(each * count for (_, _, each), _, count in by_replica)
        self.model.add_division_equality(lost, product - own, whole)
        return lost
