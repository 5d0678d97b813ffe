"""Assignment: how many replicas of each demand are on each node, edited by ruin and recreate and undone exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rohe_iac.planning.placement.rules.affinity import near_holds
from rohe_iac.planning.placement.rules.filters import placement_refusal
from rohe_iac.planning.placement.rules.plugged import plugin_refusal
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, ReplicaIndex, enumerate_nodes
from rohe_iac.planning.solvers.local_search.packing.node_load import Item, NodeLoad, NodeLoads
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS, SearchParams


class AssignmentSnapshot(NamedTuple):
    """A copy of an assignment that later edits do not reach."""

    loads: list[NodeLoad]
    items: list[list[Item]]
    unplaced: list[int]
    grants: Mapping[tuple[NodeIndex, Item], list[Grant]]


class Assignment:
    """Items on nodes. Replicas of a demand are alike, so that no item says which of them it is.

    An edit begins with `begin`; until the next one, `undo` takes back whatever has changed since.

    Attributes:
        node_loads: All loads of the problem.
        ledger: What rules are asked of. Replicas of ruled demands are booked in it as they are; others are as at first.
        has_filters: Whether filters are plugged in.
        has_near: Whether any demand has to be near another.
        skewed: Demands whose numbers of replicas may differ only so far between domains.
        ruled: By demand, whether more than amounts decides where its replicas may be.
        usable: By demand, the nodes that its replicas may be on.
        pinned: By node, whether it keeps what it has: it is cordoned, and nothing that leaves it could come back.
        loads: By node, its load.
        items: By node, its items.
        unplaced: By demand, how many replicas have no place.
        open_nodes: How many nodes hold an item.
        max_open: At how many open nodes no further node is opened; not part of an edit or a snapshot.
        was_complete: Whether all replicas had a place when the edit began.
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        grants: Mapping[ReplicaIndex, Grant],
        missing: Iterable[ReplicaIndex],
        params: SearchParams = DEFAULT_PARAMS,
    ) -> None:
        """Makes the assignment of these grants, and of the replicas that have none."""
        self.indexed = indexed
        nodes, demands = indexed.node_indices, indexed.demand_indices
        self.has_filters = bool(indexed.plugins.filters)
        self.ruled = [self.has_filters or is_ruled(indexed, demand) for demand in demands]
        self.has_near = any(indexed.near)
        self.skewed = [demand for demand in demands if indexed.skews.required[demand]]
        self.usable = [[node for node in nodes if not indexed.static(demand)[node]] for demand in demands]
        self.node_loads = NodeLoads(indexed, Ledger(indexed), params)
        self.ledger = Ledger(indexed)
        for grant in grants.values():
            self.ledger.book(grant)
        self.items: list[list[Item]] = [[] for _ in nodes]
        self.unplaced = [0] * len(demands)
        self.pinned = [False] * len(nodes)
        # The grants of ruled demands, by node and item.
        self._grants: dict[tuple[NodeIndex, Item], list[Grant]] = {}
        for _, grant in sorted(grants.items()):
            item = (grant.demand, grant.cores, grant.devices)
            self.items[grant.node].append(item)
            if self.ruled[grant.demand]:
                self._grants.setdefault((grant.node, item), []).append(grant)
            self.pinned[grant.node] |= bool(indexed.static(grant.demand)[grant.node])
        self.loads = [
            self.node_loads.holding(node, self.ledger, [item[0] for item in self.items[node]]) for node in nodes
        ]
        for demand, _ in missing:
            self.unplaced[demand] += 1
        self.max_open = len(nodes)
        self.open_nodes = sum(1 for on_node in self.items if on_node)
        self.begin()

    def begin(self) -> None:
        """Begins an edit: `undo` comes back to the assignment as it is now."""
        self._nodes_before: dict[NodeIndex, tuple[NodeLoad, list[Item]]] = {}
        self._bookings: list[tuple[Grant, Item, bool]] = []
        self._unplaced_before, self._open_before = list(self.unplaced), self.open_nodes
        self.was_complete = not any(self.unplaced)

    def undo(self) -> None:
        """Takes back all that changed since the edit began, which goes on with no change."""
        for node, (load, items) in self._nodes_before.items():
            self.loads[node], self.items[node] = load, items
        self.unplaced[:], self.open_nodes = self._unplaced_before, self._open_before
        for grant, item, comes in reversed(self._bookings):
            self._book(grant, item, not comes)
        self._nodes_before.clear()
        self._bookings.clear()

    def snapshot(self) -> AssignmentSnapshot:
        """Returns a copy of the assignment."""
        grants = {key: list(held) for key, held in self._grants.items() if held}
        return AssignmentSnapshot(list(self.loads), [list(items) for items in self.items], list(self.unplaced), grants)

    def restore(self, snapshot: AssignmentSnapshot) -> None:
        """Makes the assignment what it was when the snapshot was taken, and begins an edit."""
        self.loads[:], self.unplaced[:] = snapshot.loads, snapshot.unplaced
        self.items[:] = [list(items) for items in snapshot.items]
        self.open_nodes = sum(1 for items in snapshot.items if items)
        for held in self._grants.values():
            for grant in held:
                self.ledger.release(grant)
        self._grants = {key: list(held) for key, held in snapshot.grants.items()}
        for held in snapshot.grants.values():
            for grant in held:
                self.ledger.book(grant)
        self.begin()

    def nodes_to_ruin(self) -> list[NodeIndex]:
        """Returns the nodes whose items may be taken off."""
        return [node for node, items in enumerate_nodes(self.items) if items and not self.pinned[node]]

    def empty(self, node: NodeIndex) -> None:
        """Takes all items off a node."""
        self._remember(node)
        self._release(node, self.items[node])
        self.open_nodes -= bool(self.items[node])
        self.items[node], self.loads[node] = [], self.node_loads.base[node]

    def remove(self, node: NodeIndex, leaves: Sequence[bool]) -> None:
        """Takes some items off a node. leaves: for each of its items whether it is taken off."""
        self._remember(node)
        kept = [item for item, left in zip(self.items[node], leaves, strict=True) if not left]
        removed = [item for item, left in zip(self.items[node], leaves, strict=True) if left]
        self._release(node, removed)
        load = self.loads[node]
        for item in removed:
            load = self.node_loads.without(load, item)
        self.open_nodes -= bool(removed) and not kept
        self.items[node], self.loads[node] = kept, load

    def remove_unsupported(self) -> None:
        """Takes off all items whose required neighbour is gone."""
        changed = self.has_near
        while changed:
            changed = False
            for node, items in enumerate_nodes(self.items):
                for item in list(items) if not self.pinned[node] else ():
                    if not self._is_supported(item[0], node):
                        self._take_off(node, item)
                        changed = True

    def remove_skewed(self) -> bool:
        """Takes off items of domains that have too many replicas beside the one with fewest; returns whether any was.

        What a node keeps because it is cordoned stays.
        """
        removed = False
        for demand in self.skewed:
            while (found := self.indexed.skews.overfull(self.ledger, demand)) is not None:
                domains = self.indexed.domains[found[0]]
                there = [
                    node for node in self.ledger.placed[demand] if domains[node] == found[1] and not self.pinned[node]
                ]
                if not there:
                    break
                node = max(there)
                item = next(item for item in self.items[node] if item[0] == demand)
                self._take_off(node, item)
                removed = True
        return removed

    def _take_off(self, node: NodeIndex, item: Item) -> None:
        """Takes one item off a node."""
        on_node = self._remember(node)
        on_node.remove(item)
        self._release(node, [item])
        self.loads[node] = self.node_loads.without(self.loads[node], item)
        self.open_nodes -= not on_node

    def _is_supported(self, demand: DemandIndex, node: NodeIndex) -> bool:
        """Checks whether a replica of the demand on the node has all neighbours that it has to be near."""
        rules = self.indexed.near[demand]
        return all(near_holds(self.indexed, self.ledger, demand, *rule, node, stands=True) for rule in rules)

    def is_refused(self, demand: DemandIndex, node: NodeIndex) -> bool:
        """Checks whether a rule other than those of amounts refuses one more replica of the demand on the node."""
        if placement_refusal(self.indexed, self.ledger, demand, node):
            return True
        return self.has_filters and bool(plugin_refusal(self.indexed, self.ledger, demand, node)[0])

    def place(self, node: NodeIndex, load: NodeLoad, item: Item) -> None:
        """Puts an item on a node. load: what the node's load is with it."""
        items = self._remember(node)
        self.open_nodes += not items
        items.append(item)
        self.loads[node] = load
        demand = item[0]
        self.unplaced[demand] -= 1
        if self.ruled[demand]:
            wires = self.ledger.wires_of(demand, node) if self.indexed.edges[demand] else ()
            self._change(Grant(demand, node, item[1], item[2], wires), item, comes=True)

    def repack(self, node: NodeIndex, load: NodeLoad, items: Sequence[Item], demand: DemandIndex) -> None:
        """Gives the items of a node other cores and devices, and puts one more on it.

        Args:
            node: The node.
            load: What its load is then.
            items: All its items then: of each demand as many as before, and one more of `demand`.
            demand: The demand of the new item.
        """
        before = self._remember(node)
        after = list(items)
        self.items[node] = after
        by_demand: dict[DemandIndex, list[Item]] = {}
        for item in items:
            by_demand.setdefault(item[0], []).append(item)
        for item in before:
            following = by_demand[item[0]].pop()
            if self.ruled[item[0]]:
                grant = self._grants[node, item][-1]
                self._change(grant, item, comes=False)
                again = Grant(grant.demand, node, following[1], following[2], grant.wires)
                self._change(again, following, comes=True)
        (added,) = by_demand[demand]
        after.remove(added)
        self.place(node, load, added)

    def _remember(self, node: NodeIndex) -> list[Item]:
        """Keeps a node as it was when the edit began; returns its items, which may be changed from then on."""
        items = self.items[node]
        if node not in self._nodes_before:
            self._nodes_before[node] = (self.loads[node], items)
            items = self.items[node] = list(items)
        return items

    def _release(self, node: NodeIndex, items: Iterable[Item]) -> None:
        """Counts items of a node as unplaced, and gives back the grants of those with rules."""
        for item in items:
            self.unplaced[item[0]] += 1
            if self.ruled[item[0]]:
                self._change(self._grants[node, item][-1], item, comes=False)

    def _change(self, grant: Grant, item: Item, *, comes: bool) -> None:
        """Books or releases a grant, to be undone."""
        self._book(grant, item, comes)
        self._bookings.append((grant, item, comes))

    def _book(self, grant: Grant, item: Item, comes: bool) -> None:
        """Books a grant that comes, or releases one that goes."""
        if comes:
            self.ledger.book(grant)
            self._grants.setdefault((grant.node, item), []).append(grant)
        else:
            self.ledger.release(grant)
            self._grants[grant.node, item].remove(grant)


def is_ruled(indexed: IndexedProblem, demand: DemandIndex) -> bool:
    """Checks whether more than amounts decides where replicas of the demand may be."""
    return bool(
        indexed.host_ports[demand]
        or indexed.numbered[demand]
        or indexed.watched[demand]
        or indexed.demands[demand].spread
        or indexed.avoid[demand]
        or indexed.avoid_keys[demand]
        or indexed.near[demand]
        or indexed.edges[demand]
        or indexed.paths[demand]
    )
