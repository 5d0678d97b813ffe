"""Assigner: assigns all replicas by one strategy: a greedy pass, a search that starts from passes, or CP-SAT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.model.strategies import BEST_FIT, EXACT, FIRST_FIT, PORTFOLIO, WORST_FIT
from rohe_iac.planning.placement.objective.bounds import ideal_point, max_placeable
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.state.from_plan import nodes_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, ReplicaIndex, enumerate_demands
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.repair import repair
from rohe_iac.planning.solvers.construction.settle import settle
from rohe_iac.planning.solvers.local_search.outcome import SearchListener
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS
from rohe_iac.planning.solvers.local_search.search import RuinAndRecreate

START_STRATEGIES = (BEST_FIT, FIRST_FIT, WORST_FIT)
"""Strategies of the greedy passes that a search starts from."""


@dataclass(frozen=True, slots=True)
class Assigner:
    """Assigns all replicas of one indexed problem by the strategy that it asks for.

    Attributes:
        indexed: the problem.
        queue: the demands in service order.
        standing: what each replica held by the previous plan.
        unplaced_before: number of replicas that the previous plan left unplaced.
        explain: whether decisions are explained.
        listener: is called with the statistics of each search.
    """

    indexed: IndexedProblem
    queue: list[DemandIndex]
    standing: Mapping[ReplicaIndex, Grant]
    unplaced_before: int
    explain: bool
    listener: SearchListener

    @property
    def search_budget(self) -> int:
        """Iterations that a search may spend; 0 for no search."""
        if self.indexed.settings.iterations is not None:
            return self.indexed.settings.iterations
        replicas = sum(demand.replicas for demand in self.indexed.demands)
        return DEFAULT_PARAMS.budget(len(self.indexed.nodes), replicas)

    def assign(self) -> Construction:
        """Returns the assignment of all replicas that find a node."""
        strategy = self.indexed.settings.strategy
        if strategy in (PORTFOLIO, EXACT):
            starts = [self._greedy_pass(start, self.standing, explain=False) for start in START_STRATEGIES]
            objective = LexicographicObjective(self.indexed, nodes_of(self.standing), self._moves(starts[0]))
            improved = self._improve(starts, objective)
            return improved if strategy == PORTFOLIO else self._solve_exactly(improved, objective)
        construction = self._greedy_pass(strategy, self.standing, explain=self.explain)
        return self._place_more(construction) if self._may_place_more(construction) else construction

    def _greedy_pass(self, strategy: str, standing: Mapping[ReplicaIndex, Grant], *, explain: bool) -> Construction:
        """Returns one greedy pass, repaired."""
        construction = Construction(self.indexed, strategy, explain=explain).run(self.queue, standing)
        repair(construction, self.queue)
        return construction

    def _may_place_more(self, construction: Construction) -> bool:
        """Checks whether to try for replicas that a pass left out: by a search, or by a pass that keeps no node."""
        budget = self.search_budget
        if not self.standing and not budget:
            return False
        unplaced = construction.unplaced
        if not any(indices and self._fits_when_empty(demand) for demand, indices in enumerate_demands(unplaced)):
            return False
        # Without a search, only a pass from scratch is left. It moves replicas all over the inventory, so it is made
        # only where more replicas are unplaced than before.
        return bool(budget) or sum(map(len, unplaced)) > self.unplaced_before

    def _fits_when_empty(self, demand: DemandIndex) -> bool:
        """Checks whether a replica of the demand would fit on any node if nothing else were placed."""
        empty = Ledger(self.indexed)
        empty.pending = set(self.indexed.demand_indices)
        return any(not refusal(self.indexed, empty, demand, node) for node in self.indexed.node_indices)

    def _place_more(self, construction: Construction) -> Construction:
        """Returns the construction, or a search result that places more.

        A greedy pass is myopic: it cannot reserve links or a last core for services that come later. The search may
        move placed replicas; it un-places one only for a replica of higher priority.
        """
        indexed, standing = self.indexed, self.standing
        placed = [len(decisions) for decisions in construction.decisions]
        if self.search_budget and sum(placed) == sum(max_placeable(indexed)):
            return construction
        if standing:
            objective = LexicographicObjective(indexed, nodes_of(standing), self._moves(construction), placed)
            starts = [construction, self._greedy_pass(construction.strategy, {}, explain=False)]
        else:
            nodes = nodes_of(construction.grants())
            objective, starts = LexicographicObjective(indexed, nodes, UNLIMITED, placed), [construction]
        improved = self._improve(starts, objective)
        placed_after = [len(decisions) for decisions in improved.decisions]
        return improved if objective.placing(placed_after) > objective.placing(placed) else construction

    def _improve(self, starts: list[Construction], objective: LexicographicObjective) -> Construction:
        """Returns the best of the starts, the first of equals, improved by a search within its budget.

        Args:
            starts: greedy passes; the first keeps every replica that can stay, so that its moves do not count against
                `max_moves`.
            objective: the objective to improve.
        """
        rated = [start.worth(objective) for start in starts]
        best = starts[rated.index(max(rated))]
        budget = self.search_budget
        if not budget:
            if best.explain or not self.explain:
                return best
            return self._greedy_pass(best.strategy, best.standing, explain=True)
        unplaced = {(demand, index) for demand, indices in enumerate_demands(best.unplaced) for index in indices}
        search = RuinAndRecreate(self.indexed, objective, best.grants(), unplaced)
        ideal = ideal_point(self.indexed, limited=objective.limit is not None, floored=bool(objective.floors))
        self.listener(search.run(budget, ideal))
        improved = Construction(self.indexed, BEST_FIT, explain=self.explain).adopt(
            self.queue, settle(self.indexed, search.placed, self.standing), self.standing
        )
        repair(improved, self.queue, objective)
        return improved

    def _solve_exactly(self, start: Construction, objective: LexicographicObjective) -> Construction:
        """Returns the assignment of CP-SAT, which begins with `start` and is never worse, with its proofs."""
        from rohe_iac.planning.solvers.exact.solve import solve

        solution = solve(self.indexed, objective, start.grants())
        solved = Construction(self.indexed, BEST_FIT, explain=self.explain).adopt(
            self.queue, settle(self.indexed, solution.grants, self.standing), self.standing
        )
        solved.proofs = solution.proofs
        terms = [proof.term for proof in solution.proofs]
        before = set(terms[: terms.index("nodes")]) if "nodes" in terms else {"all"}
        # The limit of nodes is proven among plans that equal this one in the terms before it. It holds for all plans of
        # these replicas if those terms exclude none: all replicas are placed, and none had a node to move from.
        if not any(solved.unplaced) and before <= ({"placed"} if self.standing else {"placed", "stable", "moves"}):
            solved.least_nodes = solution.proofs[terms.index("nodes")].limit
        return solved

    def _moves(self, start: Construction) -> int:
        """Returns how many replicas are not on the node that they had."""
        return sum(
            replica in self.standing and self.standing[replica].node != grant.node
            for replica, grant in start.grants().items()
        )
