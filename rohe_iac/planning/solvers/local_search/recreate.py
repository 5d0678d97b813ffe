"""Recreate: inserts the replicas without a place, one after the other, each on the best node."""

from __future__ import annotations

from rohe_iac.planning.placement.state.positions import NO_NODE, DemandIndex, NodeIndex, enumerate_demands
from rohe_iac.planning.solvers.local_search.assignment import Assignment
from rohe_iac.planning.solvers.local_search.lcg import LinearCongruentialGenerator
from rohe_iac.planning.solvers.local_search.packing.node_load import FULL
from rohe_iac.planning.solvers.local_search.params import SearchParams
from rohe_iac.planning.solvers.local_search.repack import Repack
from rohe_iac.planning.solvers.local_search.search_cost import SearchCost

NodeOrder = tuple[list[int], int]
"""A score of each node, and how much of its residual (in thousandths) a node with one replica more loses of it."""


class Recreate:
    """Greedy insertion in one of several orders of replicas and of nodes, with blinks.

    J. Christiaens and G. Vanden Berghe, "Slack induction by string removals for vehicle routing problems",
    Transportation Science 54, 2020: now and then a better node is passed over (a blink), so that the greedy choice does
    not always end in the same place.
    """

    def __init__(
        self,
        assignment: Assignment,
        random: LinearCongruentialGenerator,
        params: SearchParams,
        search_cost: SearchCost,
        *,
        prefers_homes: bool = True,
    ) -> None:
        self._assignment, self._params = assignment, params
        self._below, self._several = random.below, random.several
        self._repack, self._repacks = Repack(assignment), False
        self._consolidates = search_cost.consolidates
        self._any_sensitive, self._penalty = search_cost.interference.any, 0
        self._homes: list[list[tuple[NodeIndex, int]]] = [[] for _ in assignment.indexed.demands]
        for (demand, node), number in sorted(search_cost.had.items()) if prefers_homes else ():
            if not assignment.indexed.static(demand)[node]:
                self._homes[demand].append((node, number))
        indexed = assignment.indexed
        self._ranks = [-demand.rank for demand in indexed.demands]
        asked = indexed.resources
        self._large_first = [
            [-size for size in search_cost.sizes],
            [-(sum(request.cores) + params.chunk_weight * len(request.cores)) for request in asked],
            [-request.rss for request in asked],
            [-request.cpu for request in asked],
        ]
        self._small_first = [[-key for key in keys] for keys in self._large_first]
        by_size = sorted(
            indexed.node_indices, key=lambda node: (indexed.nodes[node].cpu, indexed.nodes[node].rss, -node)
        )
        self._large_nodes = [0] * len(by_size)
        for rank, node in enumerate(by_size):
            self._large_nodes[node] = rank * params.rank_step

    def apply(self, *, repacks: bool) -> None:
        """Inserts the replicas without a place, as part of the edit that has begun.

        Args:
            repacks: Whether a replica that fits nowhere makes a node deal out its cores anew.
        """
        assignment, self._repacks = self._assignment, repacks
        queue = self._queue()
        if assignment.has_near:
            assignment.ledger.pending = {
                demand for demand, missing in enumerate_demands(assignment.unplaced) if missing
            }
        order, weight = self._node_order()
        self._penalty = self._interference_penalty()
        refused: set[DemandIndex] = set()
        for _, _, demand, number in queue:
            if demand in refused:
                continue
            for _ in range(number):
                if not self._insert(demand, order, weight):
                    refused.add(demand)
                    break
        if assignment.has_near:
            assignment.ledger.pending = set()
            assignment.remove_unsupported()
        while assignment.skewed and assignment.remove_skewed():
            assignment.remove_unsupported()

    def _queue(self) -> list[tuple[int, int, DemandIndex, int]]:
        """Returns the replicas without a place in a drawn order, as rank, key within it, demand and number."""
        below, params, ranks = self._below, self._params, self._ranks
        number = below(len(self._large_first))
        small = below(params.small_first_one_in) == params.small_first_one_in - 1
        # Where not everything fits, the small ones first place more.
        key = (self._small_first if small and not self._assignment.was_complete else self._large_first)[number]
        left = [(demand, missing) for demand, missing in enumerate_demands(self._assignment.unplaced) if missing]
        if below(params.shuffle_one_in) == 0:
            several, keys = self._several, params.shuffle_keys
            queue = [(ranks[demand], drawn, demand, 1) for demand, missing in left for drawn in several(missing, keys)]
        else:
            queue = [(ranks[demand], key[demand], demand, missing) for demand, missing in left]
        queue.sort()
        return queue

    def _node_order(self) -> NodeOrder:
        """Returns a drawn order of the nodes, the one with the highest score first."""
        below, params, number = self._below, self._params, len(self._large_nodes)
        drawn = below(params.node_order_weights) - params.open_first_weight
        if drawn < 0:
            # Nodes that are open now, before the first insertion.
            return [params.rank_step if items else 0 for items in self._assignment.items], 1
        drawn -= params.large_first_weight
        if drawn < 0:
            return self._large_nodes, 0
        drawn -= params.fullest_weight
        if drawn < params.objective_weight:
            noise = self._several(number, params.residual_noise)
            return noise, 1 if self._consolidates or drawn < 0 else -1
        ranks = [node * params.rank_step for node in range(number)]
        for position in range(number - 1, 0, -1):
            other = below(position + 1)
            ranks[position], ranks[other] = ranks[other], ranks[position]
        return ranks, 0

    def _interference_penalty(self) -> int:
        """Returns what one percent of interference counts against a node: more than any order, or now and then 0."""
        params = self._params
        if not self._any_sensitive or self._below(params.ignore_interference_one_in) == 0:
            return 0
        return params.rank_step * (len(self._large_nodes) + 1)

    def _insert(self, demand: DemandIndex, order: list[int], weight: int) -> bool:
        """Places one replica of the demand on the best node; returns whether there was any. A hot loop."""
        assignment, below, blinks = self._assignment, self._below, self._params.blink_one_in
        if self._homes[demand] and self._insert_at_home(demand):
            return True
        loads, items, node_loads = assignment.loads, assignment.items, assignment.node_loads
        ruled, closed = assignment.ruled[demand], assignment.open_nodes >= assignment.max_open
        penalty = self._penalty
        best, highest = NO_NODE, -1 << 60
        for node in assignment.usable[demand]:
            load = loads[node]
            residual = load.residuals_after.get(demand)
            if residual is None:
                residual = node_loads.residual_after(load, demand)
            if residual == FULL or (closed and not items[node]):
                continue
            score = order[node] - weight * residual
            if penalty:
                added = load.added_interference.get(demand)
                score -= penalty * (node_loads.interference_of(load, demand) if added is None else added)
            if score <= highest or (ruled and assignment.is_refused(demand, node)):
                continue
            if best < 0 or below(blinks):
                best, highest = node, score
        if best < 0:
            return self._repacks and self._repack.insert(demand, assignment.usable[demand])
        assignment.place(best, *node_loads.step(loads[best], demand))
        return True

    def _insert_at_home(self, demand: DemandIndex) -> bool:
        """Places one replica of the demand on a node that had more of them than it has now; returns whether it fits."""
        assignment, below, node_loads = self._assignment, self._below, self._assignment.node_loads
        closed = assignment.open_nodes >= assignment.max_open
        homes = [
            node
            for node, number in self._homes[demand]
            if number > sum(item[0] == demand for item in assignment.items[node])
            and not (closed and not assignment.items[node])
        ]
        for node in homes:
            load = assignment.loads[node]
            if (
                node_loads.residual_after(load, demand) != FULL
                and not (assignment.ruled[demand] and assignment.is_refused(demand, node))
                and below(self._params.blink_one_in)
            ):
                assignment.place(node, *node_loads.step(load, demand))
                return True
        return self._repacks and self._repack.insert(demand, homes)
