"""Minimum bin slack: first assignments for a search, made by filling one node after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, enumerate_demands, enumerate_nodes
from rohe_iac.planning.solvers.local_search.packing.node_load import FULL, Item, NodeLoad, NodeLoads
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS, SearchParams

Amounts = tuple[int, int, int, int]
"""Cpu (millicores), rss (bytes), vms (bytes) and the sum of the cores (millicores)."""

FILLED_AMOUNTS = (3, 0, 1)
"""Positions in Amounts of what nodes are filled up by: cores, cpu or rss; of equally scarce ones the first."""

FilledNode = tuple[NodeLoad, list[Item]]
"""The load of a node and the items on it."""

Start = tuple[list[NodeLoad], list[list[Item]]]
"""The loads and the items of all nodes."""


class MinBinSlack:
    """Fills each node with the replicas that leave the least of one amount over, and makes starts for a search so.

    J. N. D. Gupta and J. C. Ho, "A new heuristic algorithm for the one-dimensional bin-packing problem", Production
    Planning & Control 10, 1999. Here replicas of a demand are alike, so that their numbers are tried and not subsets,
    and all other amounts are limits. Where not everything fits in sum, the smallest replicas that do are chosen.
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        node_loads: NodeLoads,
        usable: Sequence[Sequence[NodeIndex]],
        unruled: Sequence[bool],
        params: SearchParams = DEFAULT_PARAMS,
    ) -> None:
        """Prepares the starts.

        Args:
            indexed: The problem.
            node_loads: Its node loads.
            usable: By demand, the nodes that its replicas may be on.
            unruled: By demand, whether nothing but amounts decides where its replicas fit; others are left out.
            params: How much is tried.
        """
        self.indexed, self.node_loads = indexed, node_loads
        self._demands_of: list[list[DemandIndex]] = [[] for _ in node_loads.base]
        for demand, nodes in enumerate_demands(usable):
            for node in nodes if unruled[demand] else ():
                self._demands_of[node].append(demand)
        self._nodes = [node for node, demands in enumerate_nodes(self._demands_of) if demands]
        nodes_filled = max(1, len(self._nodes))
        self._max_amounts = params.start_amounts
        self._max_counts = min(params.start_counts_per_node, params.start_counts // nodes_filled)
        self._max_packings = max(1, min(params.start_packings_per_node, params.start_packings // nodes_filled))
        self._amounts: list[Amounts] = [
            (asked.cpu, asked.rss, asked.vms or 0, sum(asked.cores)) for asked in indexed.resources
        ]
        self._replicas = [demand.replicas if unruled[number] else 0 for number, demand in enumerate(indexed.demands)]
        # What the best filling of the node at hand leaves over.
        self._slack = 0
        self._max_on: dict[tuple[NodeLoad, DemandIndex], int] = {}

    def starts(self) -> Iterator[Start]:
        """Yields a start for each of the scarcest amounts.

        The larger nodes are filled first where everything fits in sum, else the smaller ones.
        """
        free = [sum(self._free(node)[amount] for node in self._nodes) for amount in range(4)]
        asked = [
            sum(amounts[amount] * number for amounts, number in zip(self._amounts, self._replicas, strict=True))
            for amount in range(4)
        ]
        scarcest = sorted(
            (amount for amount in FILLED_AMOUNTS if free[amount]),
            key=lambda amount: -asked[amount] * 1000 // free[amount],
        )
        order = sorted(self._nodes, key=lambda node: (self._free(node), node))
        for amount in scarcest[: self._max_amounts]:
            chosen = self._choose(amount, free[amount])
            yield self._fill_all(amount, order[::-1] if chosen == self._replicas else order, chosen)

    def _free(self, node: NodeIndex) -> Amounts:
        """Returns what is free on an empty node."""
        load = self.node_loads.base[node]
        return (load.free[0], load.free[1], load.free[2], load.free_cores)

    def _choose(self, amount: int, free: int) -> list[int]:
        """Returns how many replicas of each demand are placed: by priority the smallest, while they fit in sum."""
        chosen = [0] * len(self._replicas)
        demands = self.indexed.demands
        order = sorted(
            self.indexed.demand_indices,
            key=lambda demand: (-demands[demand].rank, self._amounts[demand][amount], demand),
        )
        for demand in order:
            size = self._amounts[demand][amount]
            chosen[demand] = min(self._replicas[demand], free // size) if size else self._replicas[demand]
            free -= chosen[demand] * size
        return chosen

    def _fill_all(self, amount: int, order: Sequence[NodeIndex], left: list[int]) -> Start:
        """Returns the start of filling the nodes in this order. left: replicas to place by demand; it is changed."""
        loads = list(self.node_loads.base)
        items: list[list[Item]] = [[] for _ in loads]
        for node in order:
            loads[node], items[node] = self._fill(node, amount, left)
            for item in items[node]:
                left[item[0]] -= 1
        return loads, items

    def _max_replicas_on(self, base: NodeLoad, demand: DemandIndex) -> int:
        """Returns how many replicas of one demand fit on an empty node."""
        known = self._max_on.get((base, demand))
        if known is None:
            known, load = 0, base
            while known < self._replicas[demand] and self.node_loads.residual_after(load, demand) != FULL:
                load = self.node_loads.step(load, demand)[0]
                known += 1
            self._max_on[base, demand] = known
        return known

    def _fill(self, node: NodeIndex, amount: int, left: Sequence[int]) -> FilledNode:
        """Returns the node with the replicas that leave the least of the amount over, of all counts that are tried.

        left: how many replicas of each demand have no place yet.
        """
        base, amounts = self.node_loads.base[node], self._amounts
        demands = [demand for demand in self._demands_of[node] if left[demand] and self._max_replicas_on(base, demand)]
        demands.sort(key=lambda demand: (-amounts[demand][amount], demand))
        limits = [min(left[demand], self._max_replicas_on(base, demand)) for demand in demands]
        best = self._fill_greedily(base, demands, limits)
        self._slack = self._free(node)[amount] - sum(amounts[item[0]][amount] for item in best[1])
        fillings = self._counts(self._free(node), [amounts[demand] for demand in demands], limits, amount)
        for counts, slack in islice(fillings, self._max_packings):
            wanted = [demand for demand, count in zip(demands, counts, strict=True) for _ in range(count)]
            found = self.node_loads.pack(base, wanted)
            if found is not None:
                best, self._slack = found, slack
        return best

    def _counts(
        self, free: Amounts, amounts: Sequence[Amounts], limits: Sequence[int], amount: int
    ) -> Iterator[tuple[list[int], int]]:
        """Yields counts of replicas that the node holds in sum with less slack than the best so far, and their slack.

        Args:
            free: What is free on the node.
            amounts: What one replica of each demand asks for.
            limits: How many replicas of each demand are left and fit.
            amount: Position in Amounts of what is filled up.
        """
        # How much the demands from each position on could fill at most.
        beyond = [0] * (len(amounts) + 1)
        for position in range(len(amounts) - 1, -1, -1):
            beyond[position] = beyond[position + 1] + limits[position] * amounts[position][amount]
        counts, residuals = [0] * len(amounts), [free]
        for _ in range(self._max_counts):
            position = len(residuals) - 1
            if residuals[-1][amount] - beyond[position] < self._slack:
                if position < len(amounts):
                    counts[position] = _max_count(residuals[-1], amounts[position], limits[position])
                    residuals.append(_residual(residuals[-1], amounts[position], counts[position]))
                    continue
                yield counts, residuals[-1][amount]
            residuals.pop()
            while residuals and not counts[len(residuals) - 1]:
                residuals.pop()
            if not residuals:
                return
            counts[len(residuals) - 1] -= 1
            residuals.append(_residual(residuals[-1], amounts[len(residuals) - 1], counts[len(residuals) - 1]))

    def _fill_greedily(self, base: NodeLoad, demands: Sequence[DemandIndex], limits: Sequence[int]) -> FilledNode:
        """Returns an empty node with as many replicas of each demand as fit, one demand after the other."""
        load = base
        items: list[Item] = []
        for demand, limit in zip(demands, limits, strict=True):
            for _ in range(limit):
                if self.node_loads.residual_after(load, demand) == FULL:
                    break
                load, item = self.node_loads.step(load, demand)
                items.append(item)
        return load, items


def _max_count(free: Amounts, asked: Amounts, limit: int) -> int:
    """Returns how many replicas that ask for so much fit in sum, at most the limit."""
    return min([limit, *(room // size for room, size in zip(free, asked, strict=True) if size)])


def _residual(free: Amounts, asked: Amounts, count: int) -> Amounts:
    """Returns what so many replicas leave free."""
    cpu, rss, vms, cores = asked
    return (free[0] - count * cpu, free[1] - count * rss, free[2] - count * vms, free[3] - count * cores)
