"""Search: from a first assignment to a better one by taking nodes apart and filling them anew.

Each iteration takes the replicas off a few nodes (all of one, some of others), adds those without a place, and inserts
them in one of several orders at the best node, now and then passing one over. This is relocate, swap and eject in one
move (ruin and recreate: Schrimpf et al. 2000; blinks: Christiaens and Vanden Berghe 2020). A little worse is kept too,
less and less of it (threshold accepting: Dueck and Scheuer 1990), and the best that was seen is what counts. Every
other round may open one node fewer than the best, and looks for places for those that lost theirs.

It begins with the assignment it is given or, where that is better, with nodes filled one by one (see bin_slack).

Replicas of a class are alike, so that parts of nodes are searched; who is who is settled at the end, in favour of those
that stay where they were. The budget counts iterations, never time, and the numbers drawn come from a generator of our
own, so that the same problem gives the same plan everywhere.
"""

from __future__ import annotations

from rohe_iac.planning.placement.objective.objective import LexicographicObjective, Worth
from rohe_iac.planning.placement.rules.affinity import near_holds
from rohe_iac.planning.placement.rules.filters import placement_refusal
from rohe_iac.planning.placement.rules.plugged import plugin_refusal
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.solvers.local_search.guide import UNIT, SearchCost, is_ruled
from rohe_iac.planning.solvers.local_search.lcg import drawing
from rohe_iac.planning.solvers.local_search.min_bin_slack import BinSlack
from rohe_iac.planning.solvers.local_search.node_load import FULL, Item, NodeLoad, NodeLoads
from rohe_iac.planning.solvers.local_search.replica_assignment import assign_replicas

Replica = tuple[int, int]


Kept = tuple[list[NodeLoad], list[list[Item]], list[int], dict[tuple[int, Item], list[Grant]]]

ROUND = 300
"""Iterations of one round; each starts from the best that was found."""

INITIAL_THRESHOLD = 3 * UNIT // 2
"""How much worse may be kept at the start of a round."""

NODES = 3
"""How many nodes an iteration takes replicas off, at most."""

RESTART = 400
"""One iteration of so many takes everything off all nodes."""

LARGE = 100_000
"""More than all points by what is left of a node."""


class RuinAndRecreate:
    """Improves an assignment of a layout. `placed`: grants by replica; `missing`: replicas without a place."""

    def __init__(
        self,
        indexed: IndexedProblem,
        objective: LexicographicObjective,
        grants: dict[Replica, Grant],
        missing: set[Replica],
    ) -> None:
        self.indexed, self.objective = indexed, objective
        self.placed, self.missing = dict(grants), set(missing)
        self.tally = SearchCost(indexed, objective.before, objective.limit, objective.floors)
        self.below, self.several = drawing(len(grants) + 17)
        demands, nodes = range(len(indexed.demands)), range(len(indexed.nodes))
        self.usable = [[node for node in nodes if not indexed.static(demand)[node]] for demand in demands]
        self._filters = bool(indexed.plugins.filters)
        self.ruled = [self._filters or is_ruled(indexed, demand) for demand in demands]
        self.fills = NodeLoads(indexed, Ledger(indexed))
        self.ledger = Ledger(indexed)
        for grant in grants.values():
            self.ledger.book(grant)
        self.content: list[list[Item]] = [[] for _ in nodes]
        self.waiting = [0] * len(demands)
        self.pinned = [False] * len(nodes)
        # Grants of those that rules ask about, by part and node; the ledger is kept for them alone from here on.
        self.held: dict[tuple[int, Item], list[Grant]] = {}
        for _, grant in sorted(grants.items()):
            part = (grant.demand, grant.cores, grant.devices)
            self.content[grant.node].append(part)
            if self.ruled[grant.demand]:
                self.held.setdefault((grant.node, part), []).append(grant)
            # A cordoned node keeps what it has: nothing that leaves it could come back.
            self.pinned[grant.node] |= bool(indexed.static(grant.demand)[grant.node])
        self.fill = [self.fills.holding(node, self.ledger, [part[0] for part in self.content[node]]) for node in nodes]
        for demand, _ in missing:
            self.waiting[demand] += 1
        self.limit = len(nodes)
        self.opened = sum(1 for parts in self.content if parts)
        self.touched: dict[int, tuple[NodeLoad, list[Item]]] = {}
        self.changes: list[tuple[Grant, Item, bool]] = []
        self.mends = self._lacks = False
        self.distance = 0
        self._orders = self._keys()
        self._ranks = [-demand.priority for demand in indexed.demands]
        by_size = sorted(nodes, key=lambda node: (indexed.nodes[node].cpu, indexed.nodes[node].rss, -node))
        self._large_first = [0] * len(nodes)
        for rank, node in enumerate(by_size):
            self._large_first[node] = rank * LARGE

    def _keys(self) -> list[list[int]]:
        asked = self.indexed.resources
        largest = [-size for size in self.tally.sizes]
        cores = [-(sum(one.cores) * 8 + 8000 * len(one.cores)) for one in asked]
        memory = [-one.rss for one in asked]
        found = [largest, cores, memory, [-one.cpu for one in asked]]
        # Where not everything fits, the small ones first place more.
        return found + [[-key for key in keys] for keys in found]

    def worth(self) -> Worth:
        """What the present assignment is worth."""
        return self.tally.worth(self.content, self.waiting)

    def run(self, iterations: int, enough: Worth | None = None) -> int:
        """Spends the budget, or stops when the worth reaches `enough`; says how many iterations were used."""
        best, kept = self._begin(enough)
        squeezes = "nodes" in self.tally.terms or "cost" in self.tally.terms
        spent = turn = 0
        while spent < iterations and (enough is None or best < enough):
            length = min(ROUND, iterations - spent)
            turn += 1
            self.limit = len(self.fill)
            self.distance = self._measure()
            # Where some have no place, that comes first.
            if squeezes and turn % (4 if any(self.waiting) else 2) == 0:
                self._close_one()
            for step in range(length):
                spent += 1
                if self._iterate(INITIAL_THRESHOLD * (length - step) // length):
                    found = self.worth()
                    if found > best:
                        best, kept = found, self._snapshot()
                        if enough is not None and best >= enough:
                            break
                        if self.limit < len(self.fill):
                            self._close_one()
            self._restore(kept)
        self._restore(kept)
        self.placed, self.missing = assign_replicas(self.indexed, self.objective.before, self.content)
        return spent

    def _begin(self, enough: Worth | None) -> tuple[Worth, Kept]:
        """The best of the first assignment and, where nothing stands and nobody needs a neighbour, of filled nodes."""
        best, kept = self.worth(), self._snapshot()
        if self.tally.had or any(self.pinned) or self._filters or any(self.indexed.near):
            return best, kept
        for fill, content in BinSlack(self.indexed, self.fills, self.usable, [not one for one in self.ruled]).starts():
            if enough is not None and best >= enough:
                break
            waiting = [demand.replicas for demand in self.indexed.demands]
            for parts in content:
                for part in parts:
                    waiting[part[0]] -= 1
            self._restore((fill, content, waiting, {}))
            self.touched, self.changes, self._lacks = {}, [], any(waiting)
            self._recreate()
            found = self.worth()
            if found > best:
                best, kept = found, self._snapshot()
        self._restore(kept)
        return best, kept

    def _measure(self) -> int:
        return self.tally.guide(self.content, self.fill, self.waiting)

    def _snapshot(self) -> Kept:
        held = {key: list(grants) for key, grants in self.held.items() if grants}
        return list(self.fill), [list(parts) for parts in self.content], list(self.waiting), held

    def _restore(self, kept: Kept) -> None:
        fill, content, waiting, held = kept
        self.fill, self.content, self.waiting = list(fill), [list(parts) for parts in content], list(waiting)
        self.opened = sum(1 for parts in content if parts)
        for grants in self.held.values():
            for grant in grants:
                self.ledger.release(grant)
        self.held = {key: list(grants) for key, grants in held.items()}
        for grants in held.values():
            for grant in grants:
                self.ledger.book(grant)

    def _close_one(self) -> None:
        """Allows one node fewer than are open, and takes everything off one of those with the most left."""
        nodes = [node for node, parts in enumerate(self.content) if parts and not self.pinned[node]]
        if not nodes:
            return
        self.limit = self.opened - 1
        nodes.sort(key=lambda node: (-self.fill[node].residual, node))
        self.touched, self.changes = {}, []
        self._take_off(nodes[min(self.below(len(nodes)), self.below(len(nodes)))], whole=True)
        self.distance = self._measure()

    def _iterate(self, warmth: int) -> bool:
        """One exchange; whether it was kept."""
        self.touched, self.changes = {}, []
        waiting, opened = list(self.waiting), self.opened
        self._lacks = any(waiting)
        self.mends = not self._filters and self.below(2) == 0
        self._ruin()
        self._recreate()
        distance = self._measure()
        if distance <= self.distance + self.below(warmth + 1):
            self.distance = distance
            return True
        for node, (fill, parts) in self.touched.items():
            self.fill[node], self.content[node] = fill, parts
        self.waiting, self.opened = waiting, opened
        for grant, part, came in reversed(self.changes):
            self._book(grant, part, not came)
        return False

    def _book(self, grant: Grant, part: Item, comes: bool) -> None:
        if comes:
            self.ledger.book(grant)
            self.held.setdefault((grant.node, part), []).append(grant)
        else:
            self.ledger.release(grant)
            self.held[grant.node, part].remove(grant)

    def _change(self, grant: Grant, part: Item, *, comes: bool) -> None:
        self._book(grant, part, comes)
        self.changes.append((grant, part, comes))

    def _touch(self, node: int) -> list[Item]:
        """The parts of a node, of which the state before is remembered; they may be changed."""
        parts = self.content[node]
        if node not in self.touched:
            self.touched[node] = (self.fill[node], parts)
            parts = self.content[node] = list(parts)
        return parts

    def _take_off(self, node: int, *, whole: bool) -> None:
        parts = self._touch(node)
        kept: list[Item] = []
        fill = self.fills.base[node] if whole else self.fill[node]
        for part in parts:
            if not whole and self.below(2):
                kept.append(part)
                continue
            self.waiting[part[0]] += 1
            if self.ruled[part[0]]:
                self._change(self.held[node, part][-1], part, comes=False)
            if not whole:
                fill = self.fills.without(fill, part)
        if parts and not kept:
            self.opened -= 1
        self.content[node], self.fill[node] = kept, fill

    def _ruin(self) -> None:
        below = self.below
        nodes = [node for node, parts in enumerate(self.content) if parts and not self.pinned[node]]
        if not nodes:
            return
        number = len(nodes) if below(RESTART) == 0 else 1 + below(min(NODES, len(nodes)))
        for turn in range(number):
            node = nodes.pop(below(len(nodes)))
            self._take_off(node, whole=turn == 0 or below(2) == 1)
        if any(self.indexed.near):
            self._take_off_lonely()

    def _take_off_lonely(self) -> None:
        """Those whose required neighbour has left lose their places too."""
        changed = True
        while changed:
            changed = False
            for node, parts in enumerate(self.content):
                for part in list(parts):
                    if self._lonely(part[0], node) and not self.pinned[node]:
                        self._touch(node).remove(part)
                        self.waiting[part[0]] += 1
                        self._change(self.held[node, part][-1], part, comes=False)
                        self.fill[node] = self.fills.without(self.fill[node], part)
                        self.opened -= not self.content[node]
                        changed = True

    def _lonely(self, demand: int, node: int) -> bool:
        rules = self.indexed.near[demand]
        return not all(near_holds(self.indexed, self.ledger, demand, *rule, node, stands=True) for rule in rules)

    def _recreate(self) -> None:
        below, waiting, ranks = self.below, self.waiting, self._ranks
        half = len(self._orders) // 2
        key = self._orders[below(half) + (half if below(2) and self._lacks else 0)]
        left = [(demand, number) for demand, number in enumerate(waiting) if number]
        if below(3) == 0:
            queue = [(ranks[one], drawn, one, 1) for one, number in left for drawn in self.several(number, 1 << 30)]
        else:
            queue = [(ranks[one], key[one], one, number) for one, number in left]
        queue.sort()
        by_near = any(self.indexed.near)
        if by_near:
            self.ledger.pending = {demand for demand, _ in left}
        bias = self._bias()
        refused: set[int] = set()
        for _, _, demand, number in queue:
            if demand in refused:
                continue
            for _ in range(number):
                if not self._insert(demand, *bias):
                    refused.add(demand)
                    break
        if by_near:
            self.ledger.pending = set()
            self._take_off_lonely()

    def _bias(self) -> tuple[list[int], int]:
        """Points of nodes, and how many a thousandth of what is left of the node takes from them."""
        below, number = self.below, len(self.fill)
        mode = below(6)
        if mode < 2:
            # Open nodes first, as they are before the first insertion.
            return [LARGE if parts else 0 for parts in self.content], 1
        if mode == 2:
            return self._large_first, 0
        if mode < 5:
            return self.several(number, 400), 1 if self.tally.consolidates or mode == 3 else -1
        ranks = [node * LARGE for node in range(number)]
        for position in range(number - 1, 0, -1):
            other = below(position + 1)
            ranks[position], ranks[other] = ranks[other], ranks[position]
        return ranks, 0

    def _insert(self, demand: int, bias: list[int], weight: int) -> bool:
        fill, content, fills, below = self.fill, self.content, self.fills, self.below
        ruled, closed = self.ruled[demand], self.opened >= self.limit
        best, most = -1, -1 << 60
        for node in self.usable[demand]:
            now = fill[node]
            rest = now.residuals_after.get(demand)
            if rest is None:
                rest = fills.residual_after(now, demand)
            if rest == FULL or (closed and not content[node]):
                continue
            points = bias[node] - weight * rest
            if points <= most or (ruled and self._refused(demand, node)):
                continue
            if best < 0 or below(20):
                best, most = node, points
        if best < 0:
            return self.mends and self._mend(demand)
        self._put(best, *fills.step(fill[best], demand))
        return True

    def _refused(self, demand: int, node: int) -> bool:
        if placement_refusal(self.indexed, self.ledger, demand, node):
            return True
        return self._filters and bool(plugin_refusal(self.indexed, self.ledger, demand, node)[0])

    def _put(self, node: int, fill: NodeLoad, part: Item) -> None:
        parts = self._touch(node)
        self.opened += not parts
        parts.append(part)
        self.fill[node] = fill
        demand = part[0]
        self.waiting[demand] -= 1
        if self.ruled[demand]:
            wires = tuple(sorted(self.ledger.loads(demand, node).items())) if self.indexed.edges[demand] else ()
            self._change(Grant(demand, node, part[1], part[2], wires), part, comes=True)

    def _mend(self, demand: int) -> bool:
        """Finds a place by setting all that is on a node on its cores anew."""
        fills = self.fills
        for node in self.usable[demand]:
            parts, fill = self.content[node], self.fill[node]
            holds = fill.sums.get(demand)
            if holds is None:
                holds = fills.holds_in_sum(fill, demand)
            if not holds or not parts or self.pinned[node]:
                continue
            found = fills.repack(fills.base[node], parts, demand)
            if found is None or (self.ruled[demand] and self._refused(demand, node)):
                continue
            self._deal_anew(node, found[1], demand)
            self.fill[node] = found[0]
            return True
        return False

    def _deal_anew(self, node: int, parts: list[Item], extra: int) -> None:
        """Gives those on a node other cores, and one more its first ones."""
        had = list(self._touch(node))
        new = list(parts)
        self.content[node] = new
        by_demand: dict[int, list[Item]] = {}
        for part in parts:
            by_demand.setdefault(part[0], []).append(part)
        for part in had:
            following = by_demand[part[0]].pop()
            if self.ruled[part[0]]:
                grant = self.held[node, part][-1]
                self._change(grant, part, comes=False)
                again = Grant(grant.demand, node, following[1], following[2], grant.wires)
                self._change(again, following, comes=True)
        (last,) = by_demand[extra]
        new.remove(last)
        self._put(node, self.fill[node], last)
