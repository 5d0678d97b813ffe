"""Assigner: assigns all replicas by one strategy: a greedy pass, a search that starts from passes, or CP-SAT."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.model.strategies import (
    BEST_FIT,
    DOT_PRODUCT,
    EXACT,
    FIRST_FIT,
    FRAGMENTATION,
    PORTFOLIO,
    WORST_FIT,
)
from rohe_iac.planning.placement.objective.bounds import ideal_point, max_placeable
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.state.from_plan import nodes_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, ReplicaIndex, enumerate_demands
from rohe_iac.planning.solvers.construction.ejection import Ejection
from rohe_iac.planning.solvers.construction.evacuation import Evacuation
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.repair import repair
from rohe_iac.planning.solvers.construction.settle import settle
from rohe_iac.planning.solvers.local_search.outcome import SearchListener
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS
from rohe_iac.planning.solvers.local_search.search import RuinAndRecreate
from rohe_iac.planning.solvers.move_gain import is_worth_moving, move_gain, moves_of
from rohe_iac.planning.solvers.search_allowance import SearchAllowance

START_STRATEGIES = (BEST_FIT, FIRST_FIT, WORST_FIT, DOT_PRODUCT, FRAGMENTATION)
"""Strategies of the greedy passes that a search starts from; the last one only where nodes have devices."""


@dataclass(frozen=True, slots=True)
class Assigner:
    """Assigns all replicas of one indexed problem by the strategy that it asks for.

    Attributes:
        indexed: the problem.
        queue: the demands in service order.
        first: demands that have their turn before the others of the queue in a pass.
        standing: what each replica held by the previous plan.
        unplaced_before: number of replicas that the previous plan left unplaced.
        explain: whether decisions are explained.
        listener: is called with the statistics of each search.
        allowance: what all searches for the plan may spend together.
    """

    indexed: IndexedProblem
    queue: list[DemandIndex]
    standing: Mapping[ReplicaIndex, Grant]
    unplaced_before: int
    explain: bool
    listener: SearchListener
    first: Collection[DemandIndex] = ()
    allowance: SearchAllowance = field(default_factory=SearchAllowance)

    @property
    def search_budget(self) -> int:
        """Iterations that a search may spend; 0 for no search."""
        return min(self._own_budget, self.allowance.limit(self._own_budget + self._own_extension))

    @property
    def search_extension(self) -> int:
        """Iterations beyond the budget, for more places, fewer moves and nodes; 0 where the stack sets the budget."""
        return self.allowance.limit(self._own_budget + self._own_extension) - self.search_budget

    @property
    def _own_budget(self) -> int:
        """Iterations that a search may spend if it is the only one for the plan."""
        if self.indexed.settings.iterations is not None:
            return self.indexed.settings.iterations
        replicas = sum(demand.replicas for demand in self.indexed.demands)
        return DEFAULT_PARAMS.budget(len(self.indexed.nodes), replicas)

    @property
    def _own_extension(self) -> int:
        """Iterations beyond the budget if the search is the only one for the plan."""
        # For `survive`, a plan is made many times over.
        settings = self.indexed.settings
        if settings.iterations is not None or settings.survive or settings.survive_zones:
            return 0
        replicas = sum(demand.replicas for demand in self.indexed.demands)
        return DEFAULT_PARAMS.extension(len(self.indexed.nodes), replicas)

    @property
    def _moves_for_nodes(self) -> bool:
        """Whether fewer nodes count more than fewer moves."""
        terms = self.indexed.objective
        return "nodes" in terms and "stable" not in terms[: terms.index("nodes")]

    @property
    def _frees_nodes(self) -> bool:
        """Whether replicas that have a node may move for fewer nodes, and a search for that is affordable."""
        return bool(self.standing and self._moves_for_nodes and self.search_budget)

    def assign(self) -> Construction:
        """Returns the assignment of all replicas that find a node."""
        strategy = self.indexed.settings.strategy
        if strategy in (PORTFOLIO, EXACT):
            starts = self._starts()
            objective = LexicographicObjective(self.indexed, nodes_of(self.standing), self._moves(starts[0]))
            improved = self._improve(starts, objective)
            if strategy == EXACT:
                solved = self._solve_exactly(improved, objective)
                solved.gain = move_gain(objective, starts[0], solved)
                return solved
            if self._frees_nodes:
                improved = self._with_fewer_moves(starts[0], improved, objective)
            return self._weigh_moves(starts[0], improved, objective)
        construction = self._greedy_pass(strategy, self.standing, explain=self.explain)
        if self._may_place_more(construction) or self._may_move_less(construction):
            return self._place_more(construction)
        return construction

    def _starts(self) -> list[Construction]:
        """Returns the passes that a search starts from; one where it leaves nothing to improve."""
        first = self._greedy_pass(START_STRATEGIES[0], self.standing, explain=False)
        if self._stands(first):
            return [first]
        devices = any(node.devices for node in self.indexed.nodes)
        others = [name for name in START_STRATEGIES[1:] if devices or name != FRAGMENTATION]
        starts = [first, *(self._greedy_pass(name, self.standing, explain=False) for name in others)]
        if self.standing and self._moves_for_nodes:
            starts += [self._greedy_pass(name, {}, explain=False) for name in (START_STRATEGIES[0], *others)]
        if self._frees_nodes:
            evacuation = Evacuation(self.indexed, first.grants())
            evacuation.free_one_by_one(self.indexed.settings.max_moves)
            starts.append(self._adopted(evacuation.grants, explain=False))
        return starts

    def _stands(self, construction: Construction) -> bool:
        """Checks whether every replica keeps its node, and the objective weighs nothing before such stillness."""
        terms = self.indexed.objective
        return (
            "stable" in terms
            and {*terms[: terms.index("stable")]} <= {"placed"}
            and all(
                decision.kept or self.indexed.demands[decision.demand].room
                for decisions in construction.decisions
                for decision in decisions
            )
            and not any(construction.unplaced)
        )

    def _greedy_pass(self, strategy: str, standing: Mapping[ReplicaIndex, Grant], *, explain: bool) -> Construction:
        """Returns one greedy pass, repaired; by dot product the better of two where the first leaves replicas out."""
        queue = sorted(self.queue, key=lambda demand: demand not in self.first) if self.first else self.queue
        passes: list[Construction] = []
        # Nodes that are filled take replicas in an order of their own, and not those of a gang first.
        for fills_nodes in (not self.first, False):
            made = Construction(self.indexed, strategy, explain=explain, fills_nodes=fills_nodes).run(queue, standing)
            repair(made, queue)
            passes.append(made)
            if not made.filled or not any(made.unplaced):
                break
        if len(passes) == 1:
            return passes[0]
        placing = LexicographicObjective(self.indexed, {}).placing
        return max(passes, key=lambda made: placing([len(decisions) for decisions in made.decisions]))

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

    def _may_move_less(self, construction: Construction) -> bool:
        """Checks whether to search for a plan with fewer moves than a pass, which moves what does not fit any more."""
        return "stable" in self.indexed.objective and bool(self.search_budget and self._moves(construction))

    def _fits_when_empty(self, demand: DemandIndex) -> bool:
        """Checks whether a replica of the demand would fit on any node if nothing else were placed."""
        empty = Ledger(self.indexed)
        empty.pending = set(self.indexed.demand_indices)
        return any(not refusal(self.indexed, empty, demand, node) for node in self.indexed.node_indices)

    def _place_more(self, construction: Construction) -> Construction:
        """Returns the construction, or a search result that places more, or as much with fewer moves.

        A greedy pass is myopic: it cannot reserve links or a last core for services that come later. The search may
        move placed replicas; it un-places one only for a replica of higher priority.
        """
        indexed, standing = self.indexed, self.standing
        placed, moves = [len(decisions) for decisions in construction.decisions], self._moves(construction)
        if self.search_budget and not moves and sum(placed) == sum(max_placeable(indexed)):
            return construction
        if standing:
            objective = LexicographicObjective(indexed, nodes_of(standing), moves, placed)
            starts = [construction, self._greedy_pass(construction.strategy, {}, explain=False)]
        else:
            nodes = nodes_of(construction.grants())
            objective, starts = LexicographicObjective(indexed, nodes, UNLIMITED, placed), [construction]
        improved = self._improve(starts, objective)
        placed_after = [len(decisions) for decisions in improved.decisions]
        before, after = objective.placing(placed), objective.placing(placed_after)
        if (after, -self._moves(improved)) <= (before, -moves):
            return construction
        if standing:
            improved.gain = move_gain(LexicographicObjective(indexed, nodes_of(standing)), construction, improved)
        return improved

    def _improve(self, starts: list[Construction], objective: LexicographicObjective) -> Construction:
        """Returns the best of the starts, the first of equals, improved by a search within its budget.

        Args:
            starts: greedy passes; the first keeps every replica that can stay, so that its moves do not count against
                `max_moves`.
            objective: the objective to improve.
        """
        best, budget = _best(starts, objective), self.search_budget
        if budget and any(best.unplaced):
            best = _best([best, *(self._with_ejections(start) for start in (starts[0], best))], objective)
        if not budget or self._stands(best):
            if best.explain or not self.explain:
                return best
            return self._greedy_pass(best.strategy, best.standing, explain=True)
        unplaced = {(demand, index) for demand, indices in enumerate_demands(best.unplaced) for index in indices}
        # Where nothing stands, the nodes of a pass are no homes: the search may leave them as it likes.
        search = RuinAndRecreate(self.indexed, objective, best.grants(), unplaced, prefers_homes=bool(self.standing))
        ideal = ideal_point(self.indexed, limited=objective.limit is not None, floored=bool(objective.floors))
        forced = self._moves(starts[0]) if self.standing and not self._moves_for_nodes else None
        statistics = search.run(budget, ideal, self.search_extension, forced_moves=forced)
        self.allowance.spent += statistics.iterations
        self.listener(statistics)
        improved = Construction(self.indexed, BEST_FIT, explain=self.explain).adopt(
            self.queue, settle(self.indexed, search.placed, self.standing), self.standing
        )
        repair(improved, self.queue, objective)
        return improved

    def _with_ejections(self, start: Construction) -> Construction:
        """Returns the start with more replicas placed, for which a few others move on."""
        ejection = Ejection(self.indexed, start.grants())
        for demand in self.queue:
            for index in start.unplaced[demand]:
                if not ejection.place((demand, index)):
                    break
        if len(ejection.grants) == len(start.grants()):
            return start
        return self._adopted(ejection.grants, explain=False)

    def _with_fewer_moves(
        self, stayed: Construction, improved: Construction, objective: LexicographicObjective
    ) -> Construction:
        """Returns the construction, or one that uses the same nodes and is worth more, for fewer replicas move.

        Args:
            stayed: Has every replica that can stay on its node.
            improved: What the search has found.
            objective: The objective.
        """
        before, after = stayed.grants(), improved.grants()
        used = {grant.node for grant in after.values()}
        evacuation = Evacuation(self.indexed, before)
        freed = {grant.node for grant in before.values()} - used
        if before.keys() != after.keys() or not freed or not evacuation.free(freed):
            return improved
        found = self._adopted(evacuation.grants, explain=self.explain)
        return _best([improved, found], objective)

    def _adopted(self, grants: Mapping[ReplicaIndex, Grant], *, explain: bool) -> Construction:
        """Returns an assignment as a construction, with the cores and devices that replicas had where they fit."""
        settled = settle(self.indexed, grants, self.standing)
        return Construction(self.indexed, BEST_FIT, explain=explain).adopt(self.queue, settled, self.standing)

    def _weigh_moves(
        self, stayed: Construction, improved: Construction, objective: LexicographicObjective
    ) -> Construction:
        """Returns the improved construction, or the one where all stay that can if the moves gain too little."""
        improved.gain = move_gain(objective, stayed, improved)
        if improved.gain is None or is_worth_moving(improved.gain):
            return improved
        return self._greedy_pass(stayed.strategy, self.standing, explain=True) if self.explain else stayed

    def _solve_exactly(self, start: Construction, objective: LexicographicObjective) -> Construction:
        """Returns the assignment of CP-SAT, which begins with `start` and is never worse, with its proofs."""
        from rohe_iac.planning.solvers.exact.solve import solve

        solution = solve(self.indexed, objective, self._whole_grants(start))
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

    def _whole_grants(self, start: Construction) -> dict[ReplicaIndex, Grant]:
        """Returns what placed replicas hold, without pipelines that have to be whole and are not."""
        indexed, broken = self.indexed, set[DemandIndex]()
        for gang in indexed.gangs:
            if any(start.unplaced[demand] for demand in gang):
                broken.update(gang, indexed.rooms_of(indexed.demands[gang[0]].pipeline))
        return {replica: grant for replica, grant in start.grants().items() if replica[0] not in broken}

    def _moves(self, start: Construction) -> int:
        """Returns how many replicas are not on the node that they had."""
        return moves_of(start, nodes_of(self.standing))


def _best(starts: list[Construction], objective: LexicographicObjective) -> Construction:
    """Returns the first of those that are worth the most."""
    return max(starts, key=lambda start: start.worth(objective))
