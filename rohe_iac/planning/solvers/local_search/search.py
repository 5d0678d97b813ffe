"""Search: improves an assignment by ruin and recreate within a number of iterations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set

from rohe_iac.planning.placement.objective.objective import LexicographicObjective, Worth
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant
from rohe_iac.planning.placement.state.positions import ReplicaIndex
from rohe_iac.planning.solvers.local_search.acceptance import Threshold
from rohe_iac.planning.solvers.local_search.assignment import Assignment
from rohe_iac.planning.solvers.local_search.lcg import LinearCongruentialGenerator
from rohe_iac.planning.solvers.local_search.outcome import IterationOutcome, SearchStatistics
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS, SearchParams
from rohe_iac.planning.solvers.local_search.recreate import Recreate
from rohe_iac.planning.solvers.local_search.replica_assignment import assign_replicas
from rohe_iac.planning.solvers.local_search.ruin import Ruin
from rohe_iac.planning.solvers.local_search.search_cost import SearchCost
from rohe_iac.planning.solvers.local_search.start import filled_starts
from rohe_iac.planning.solvers.local_search.stop import (
    AnyOf,
    BudgetSpent,
    IdealPointReached,
    MaxIterations,
    StoppingCriterion,
)


class RuinAndRecreate:
    """A search from one assignment to a better one: it takes replicas off a few nodes and inserts them again.

    Schrimpf et al. 2000 (see `Ruin`), with the insertion of Christiaens and Vanden Berghe 2020 (see `Recreate`) and the
    acceptance of Dueck and Scheuer 1990 (see `Threshold`). Random numbers come from a generator of the project's own
    and iterations are counted, never time, so that the same problem gives the same plan on every machine.

    Attributes:
        placed: Grants by replica: of the start, then of the best assignment found.
        missing: Replicas without a place, likewise.
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        objective: LexicographicObjective,
        grants: Mapping[ReplicaIndex, Grant],
        missing: Set[ReplicaIndex],
        params: SearchParams = DEFAULT_PARAMS,
        *,
        prefers_homes: bool = True,
    ) -> None:
        """Prepares a search from these grants, and replicas that have none, to what the objective rates higher.

        Args:
            indexed: The problem.
            objective: What is searched for.
            grants: What every placed replica holds.
            missing: Replicas without a place.
            params: The numbers of the search.
            prefers_homes: Whether replicas are tried first on the nodes that they had by the objective.
        """
        self.indexed, self.params = indexed, params
        self.placed, self.missing = dict(grants), set(missing)
        self._before = objective.before
        names = [name for name, _ in objective.terms(())]
        self._nodes_term = names.index("nodes") if "nodes" in names else None
        self._terms = names
        self._cost_of = SearchCost(indexed, objective.before, objective.limit, objective.floors, params)
        self._random = LinearCongruentialGenerator(len(grants) + params.seed_offset)
        self._assignment = Assignment(indexed, grants, missing, params)
        self._ruin = Ruin(self._assignment, self._random, params)
        self._recreate = Recreate(self._assignment, self._random, params, self._cost_of, prefers_homes=prefers_homes)
        self._threshold = Threshold(params.initial_threshold, params.final_threshold)
        self._cost, self._best, self._best_worth = 0, self._assignment.snapshot(), self.worth()

    def worth(self) -> Worth:
        """Returns what the present assignment is worth."""
        return self._cost_of.worth(self._assignment.items, self._assignment.unplaced)

    def run(
        self, iterations: int, ideal: Worth | None = None, extension: int = 0, *, forced_moves: int | None = None
    ) -> SearchStatistics:
        """Searches until the iterations are spent or the ideal point is reached; returns what came of each iteration.

        Args:
            iterations: How many iterations may be spent.
            ideal: A worth that no assignment exceeds, or None where none is known.
            extension: How many more may be spent while replicas lack a place, more of them move than `forced_moves`, or
                only the nodes are short of the ideal.
            forced_moves: How many replicas cannot stay where they were; None where moves count less than nodes.
        """
        counts: Counter[IterationOutcome] = Counter()
        at_ideal = IdealPointReached(ideal)
        stop = AnyOf((MaxIterations(iterations + extension), self._spent(iterations, ideal, forced_moves), at_ideal))
        self._start(at_ideal)
        number = 0
        while not stop(counts.total(), self._best_worth):
            number, spent = number + 1, counts.total()
            left = iterations - spent if spent < iterations else iterations + extension - spent
            self._round(number, min(self.params.round_length, left), counts, stop)
        self.placed, self.missing = assign_replicas(self.indexed, self._before, self._assignment.items)
        return SearchStatistics.of(counts)

    def _spent(self, iterations: int, ideal: Worth | None, forced_moves: int | None) -> BudgetSpent:
        """Returns the criterion by which a search goes on beyond its budget."""
        needed = tuple([position for position, name in enumerate(self._terms) if name == "placed"])
        if ideal is None or forced_moves is None:
            return BudgetSpent(iterations, ideal, self._nodes_term, needed)
        if "stable" in self._terms:
            moves = self._terms.index("stable")
            ideal, needed = (*ideal[:moves], -forced_moves, *ideal[moves + 1 :]), (*needed, moves)
        return BudgetSpent(iterations, ideal, None, needed)

    def _round(self, number: int, length: int, counts: Counter[IterationOutcome], stop: StoppingCriterion) -> None:
        """Iterates from the best assignment, every other round with a node less, and ends at the best one."""
        nodes = self._assignment.max_open = len(self._assignment.loads)
        self._cost = self._measure()
        if self._eliminates(number):
            self._eliminate_node()
        for step in range(length):
            outcome = self._iterate(self._threshold.at(step, length))
            counts[outcome] += 1
            if outcome is IterationOutcome.BEST:
                if stop(counts.total(), self._best_worth):
                    break
                if self._assignment.max_open < nodes:
                    self._eliminate_node()
        self._assignment.restore(self._best)

    def _iterate(self, threshold: int) -> IterationOutcome:
        """Ruins and recreates the assignment once, and undoes both where that costs too much."""
        self._assignment.begin()
        repacks = not self._assignment.has_filters and self._random.below(self.params.repack_one_in) == 0
        self._ruin.apply()
        self._recreate.apply(repacks=repacks)
        before, cost = self._cost, self._measure()
        if not self._threshold.accepts(cost, before, threshold, self._random.below):
            self._assignment.undo()
            return IterationOutcome.REJECTED
        self._cost = cost
        if self._keep_if_best():
            return IterationOutcome.BEST
        return IterationOutcome.BETTER if cost < before else IterationOutcome.ACCEPTED

    def _start(self, at_ideal: StoppingCriterion) -> None:
        """Begins with filled nodes where those are worth more and no replica has a node to stay on."""
        for start in filled_starts(self._assignment, self.params) if not self._cost_of.had else ():
            if at_ideal(0, self._best_worth):
                break
            self._assignment.restore(start)
            self._recreate.apply(repacks=False)
            self._keep_if_best()
        self._assignment.restore(self._best)

    def _keep_if_best(self) -> bool:
        """Keeps the assignment if it is worth more than the best so far; returns whether it is."""
        worth = self.worth()
        if worth <= self._best_worth:
            return False
        self._best, self._best_worth = self._assignment.snapshot(), worth
        return True

    def _eliminates(self, number: int) -> bool:
        """Checks whether the round of that number begins by eliminating a node."""
        params, incomplete = self.params, any(self._assignment.unplaced)
        period = params.elimination_period_incomplete if incomplete else params.elimination_period
        return number % period == 0 and not {"nodes", "cost"}.isdisjoint(self._cost_of.terms)

    def _eliminate_node(self) -> None:
        """Allows one open node fewer, and goes on from the assignment without it, whatever that costs."""
        self._ruin.eliminate_node()
        self._cost = self._measure()

    def _measure(self) -> int:
        """Returns the cost of the present assignment."""
        return self._cost_of.guide(self._assignment.items, self._assignment.loads, self._assignment.unplaced)
