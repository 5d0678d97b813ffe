"""Objective: what makes one assignment better than another, in the order that the blueprint gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rohe_iac.planning.model.node_interference import Crowd, joined
from rohe_iac.planning.placement.objective.latency_slack import LatencySlack
from rohe_iac.planning.placement.objective.preferences import Preferences
from rohe_iac.planning.placement.objective.priority_levels import PriorityLevels
from rohe_iac.planning.placement.objective.terms import square_sum, terms_of, worth_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, ReplicaIndex

Worth = tuple[int, ...]
"""Values of the terms of an objective, the most important first: comparable, the larger, the better."""


class LexicographicObjective:
    """Rates assignments of replicas to nodes, term by term (see terms.py).

    Attributes:
        indexed: The problem.
        before: Node that each replica (demand, index) had, for those that had one.
        floors: By demand how many of its replicas keep a place before more of its priority get one; or nothing.
        limit: How many replicas may move at most, None: any.
        slack: Slack of the promises, where the objective asks for it.
        preferred: Preferred near and avoid rules.
        interference: Interference between replicas of a node.
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        before: Mapping[ReplicaIndex, NodeIndex],
        forced: int = 0,
        floors: Sequence[int] = (),
    ) -> None:
        """Prepares the terms.

        Args:
            indexed: The problem.
            before: Node that each replica had.
            forced: Moves that no plan avoids; `max_moves` allows at least those.
            floors: Replicas by demand that keep a place.
        """
        self.indexed = indexed
        self.before = before
        self.floors = floors
        limit = indexed.settings.max_moves
        self.limit = None if limit is None else max(limit, forced)
        self._levels = PriorityLevels(indexed)
        self.slack = LatencySlack(indexed) if "slack" in indexed.objective else None
        self.preferred = Preferences(indexed)
        self.interference = indexed.interference

    def placing(self, counts: Sequence[int]) -> list[int]:
        """Returns the values of the term `placed`, for so many placed replicas of each demand."""
        return self._levels.placed(counts, self.floors)

    def worth(self, placed: Iterable[tuple[ReplicaIndex, NodeIndex]]) -> Worth:
        """Returns the worth of an assignment, given as pairs of replica (demand, index) and node."""
        return worth_of(self.indexed, AssignmentMeasures(self, placed))

    def terms(self, placed: Iterable[tuple[ReplicaIndex, NodeIndex]]) -> list[tuple[str, int]]:
        """Returns the name and the value of every term, as they are in `worth`."""
        return terms_of(self.indexed, AssignmentMeasures(self, placed))


class AssignmentMeasures:
    """What the terms of an objective measure of an assignment, see `Measures`."""

    def __init__(self, objective: LexicographicObjective, placed: Iterable[tuple[ReplicaIndex, NodeIndex]]) -> None:
        self._objective = objective
        resources, before = objective.indexed.resources, objective.before
        self._moved = 0
        self._cpu_load: dict[NodeIndex, int] = {}
        self._counts = [0] * len(objective.indexed.demands)
        self._nodes_of: dict[DemandIndex, Counter[NodeIndex]] = {}
        self._replicas_on: Counter[NodeIndex] = Counter()
        self._crowds: dict[NodeIndex, Crowd] = {}
        interference = objective.interference
        for (demand, index), node in placed:
            self._counts[demand] += 1
            self._nodes_of.setdefault(demand, Counter())[node] += 1
            if objective.slack is not None:
                self._replicas_on[node] += objective.slack.counts(demand)
            self._cpu_load[node] = self._cpu_load.get(node, 0) + resources[demand].cpu
            if interference.any:
                crowd = self._crowds.get(node, interference.empty[node])
                self._crowds[node] = joined(crowd, interference.of_replica[demand])
            if before and before.get((demand, index), node) != node:
                self._moved += 1

    def moves_over_limit(self) -> list[int]:
        """Returns the moved replicas above the limit."""
        limit = self._objective.limit
        return [] if limit is None else [max(0, self._moved - limit)]

    def placed(self) -> list[int]:
        """Returns the placed replicas by level of priority."""
        return self._objective.placing(self._counts)

    def moves(self) -> list[int]:
        """Returns the moved replicas."""
        return [self._moved]

    def slack(self) -> list[int]:
        """Returns the least slack, in basis points."""
        slack = self._objective.slack
        return [] if slack is None else [slack.least(self._nodes_of, self._replicas_on)]

    def nodes(self) -> list[int]:
        """Returns the nodes used."""
        return [len(self._cpu_load)]

    def cost(self) -> list[int]:
        """Returns the cost of the nodes used, in millionths an hour."""
        nodes = self._objective.indexed.nodes
        return [sum(nodes[node].cost for node in self._cpu_load)]

    def balance(self) -> list[int]:
        """Returns the sum of squared used shares of cpu."""
        return [square_sum(self._objective.indexed, tuple(self._cpu_load.items()))]

    def preferences(self) -> list[int]:
        """Returns the preferences that hold, in millionths."""
        preferred = self._objective.preferred
        return [preferred.held(self._nodes_of)] if preferred.any else []

    def interference(self) -> list[int]:
        """Returns what sensitive replicas lose to neighbours, in percent of one replica's time."""
        interference = self._objective.interference
        if not interference.any:
            return []
        return [sum(interference.percent(interference.capacity[node], crowd) for node, crowd in self._crowds.items())]
