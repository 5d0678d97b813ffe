"""Node load: what is free on a node, as a value, so that what was worked out once is never worked out again.

A search tries the same replicas on the same nodes over and over. Nodes of one class with as much free share a load, and
a load remembers where one more replica of each demand leads; to undo is to put the load before back in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.model.node_interference import Crowd, joined
from rohe_iac.planning.placement.state.core_assignment import tightest_cores
from rohe_iac.planning.placement.state.core_packing import pack_cores
from rohe_iac.planning.placement.state.device_assignment import choose_devices
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.node_amounts import lacking_extra, less_extras
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, enumerate_nodes
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS, SearchParams

FULL = -(1 << 60)
"""The residual of a node that one more replica does not fit; less than that of any other."""

FreeOnNode = tuple[int, int, int, tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""Cpu (millicores), rss (bytes), vms (bytes), cores (millicores by position), devices (by position) and extras."""

Item = tuple[DemandIndex, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
"""A replica on a node: its demand, its (core, millicores) and its (device, basis points)."""


class NodeLoad:
    """What is free on a node of one class.

    Attributes:
        node_class: Number of the class of nodes with equal capacities.
        free: The free amounts.
        residual: Free shares of cpu, rss, cores, vms and devices, summed, in thousandths of the node.
        crowd: What interference is worked out from (see node_interference.py); empty without any.
        interference: What sensitive replicas of the node lose to neighbours, in percent of one replica's time.
        load: Taken shares of cpu, rss and cores, summed, in thousandths of the node; 0 to 3000.
        sorted_cores: Free millicores of each core, the largest first.
        free_cores: Their sum.
        residuals_after: By demand, the residual with one more of its replicas, or FULL; filled by `residual_after`.
        in_sum: By demand, whether one more of its replicas fits but for the cores that were chosen; see `fits_in_sum`.
        added_interference: By demand, how many percent of interference one more of its replicas adds; filled by
            `interference_of`.
        steps: By demand, the load with one more of its replicas and its item; filled by `step`.
    """

    __slots__ = (
        "added_interference",
        "crowd",
        "free",
        "free_cores",
        "in_sum",
        "interference",
        "load",
        "node_class",
        "residual",
        "residuals_after",
        "sorted_cores",
        "steps",
    )

    def __init__(
        self, node_class: int, free: FreeOnNode, crowd: Crowd, residual: int, load: int, interference: int
    ) -> None:
        self.node_class, self.free, self.residual, self.load = node_class, free, residual, load
        self.crowd, self.interference = crowd, interference
        self.sorted_cores = sorted(free[3], reverse=True)
        self.free_cores = sum(self.sorted_cores)
        self.residuals_after: dict[DemandIndex, int] = {}
        self.in_sum: dict[DemandIndex, bool] = {}
        self.added_interference: dict[DemandIndex, int] = {}
        self.steps: dict[DemandIndex, tuple[NodeLoad, Item]] = {}


class NodeLoads:
    """All loads of the nodes of a problem; each exists once.

    Attributes:
        classes: By node, the number of its class.
        base: By node, the load with no replica of the problem on it.
        shares: By class and demand, what one replica takes from `residual`, in thousandths of the node.
    """

    def __init__(self, indexed: IndexedProblem, ledger: Ledger, params: SearchParams = DEFAULT_PARAMS) -> None:
        self.indexed = indexed
        self._interference = indexed.interference
        self._known: dict[tuple[int, FreeOnNode, Crowd], NodeLoad] = {}
        # By empty node and demands; False where no packing was found.
        self._repacked: dict[
            tuple[NodeLoad, tuple[DemandIndex, ...]], tuple[NodeLoad, list[Item]] | Literal[False]
        ] = {}
        self._amounts = [(asked.cpu, asked.rss, asked.vms or 0, sum(asked.cores)) for asked in indexed.resources]
        replicas = sum(demand.replicas for demand in indexed.demands)
        self._max_cached, self._start_tries = params.max_cached_loads, params.repack_tries_few
        self._tries = params.repack_tries if replicas > params.few_replicas else params.repack_tries_few
        self._representative: list[NodeIndex] = []
        self.classes: list[int] = []
        numbers: dict[tuple[object, ...], int] = {}
        for position, node in enumerate_nodes(indexed.nodes):
            devices = tuple(
                (device.type, device.model, device.exclusive, device.capacity, device.memory) for device in node.devices
            )
            key = (node.cpu, node.rss, node.vms, node.cores, devices, node.disk, node.network)
            if key not in numbers:
                numbers[key] = len(numbers)
                self._representative.append(position)
            self.classes.append(numbers[key])
        self._shared = [self._interference.capacity[node] for node in self._representative]
        self._load_shares = [
            [self._load_share(node, asked) for asked in indexed.resources] for node in self._representative
        ]
        self.shares = [
            [share + self._other_share(node, asked) for share, asked in zip(shares, indexed.resources, strict=True)]
            for shares, node in zip(self._load_shares, self._representative, strict=True)
        ]
        self.base = []
        for position, node_class in enumerate_nodes(self.classes):
            free = _free_on(ledger, position)
            crowd = self._interference.empty[position]
            self.base.append(self._load_of(node_class, free, crowd, *self._residual_and_load(node_class, free)))

    def _load_share(self, node: NodeIndex, asked: Resources) -> int:
        """Returns the shares of cpu, rss and cores of the node that are asked for, summed, in thousandths."""
        supply = self.indexed.nodes[node]
        cores = max(1, sum(supply.cores))
        return (
            asked.cpu * 1000 // max(1, supply.cpu)
            + asked.rss * 1000 // max(1, supply.rss)
            + sum(asked.cores) * 1000 // cores
        )

    def _other_share(self, node: NodeIndex, asked: Resources) -> int:
        """Returns the shares of vms and devices of the node that are asked for, summed, in thousandths."""
        supply, total = self.indexed.nodes[node], 0
        if supply.vms:
            total += (asked.vms or 0) * 1000 // supply.vms
        for request in asked.devices:
            capacities = [device.capacity for device in supply.devices if device.type == request.type]
            share = request.count * max(capacities, default=0) or request.share
            total += share * 1000 // max(1, sum(device.capacity for device in supply.devices))
        return total

    def _residual_and_load(self, node_class: int, free: FreeOnNode) -> tuple[int, int]:
        """Returns `residual` and `load` of a node of the class with so much free."""
        supply = self.indexed.nodes[self._representative[node_class]]
        cpu, rss, vms, cores, devices, _ = free
        residual = cpu * 1000 // max(1, supply.cpu) + rss * 1000 // max(1, supply.rss)
        residual += sum(cores) * 1000 // max(1, sum(supply.cores))
        load = 3000 - residual
        if supply.vms:
            residual += vms * 1000 // supply.vms
        if devices:
            shares = sum(devices[: len(supply.devices)])
            residual += shares * 1000 // max(1, sum(device.capacity for device in supply.devices))
        return residual, load

    def holding(self, node: NodeIndex, ledger: Ledger, demands: Sequence[DemandIndex]) -> NodeLoad:
        """Returns the load of a node that holds replicas of these demands, with what the ledger has free there."""
        node_class, base = self.classes[node], self.base[node]
        residual = base.residual - sum(self.shares[node_class][demand] for demand in demands)
        load = base.load + sum(self._load_shares[node_class][demand] for demand in demands)
        crowd = self._crowd_with(base, demands)
        return self._load_of(node_class, _free_on(ledger, node), crowd, residual, load)

    def _load_of(self, node_class: int, free: FreeOnNode, crowd: Crowd, residual: int, load: int) -> NodeLoad:
        """Returns the one load of the class with so much free and that crowd."""
        known = self._known.get((node_class, free, crowd))
        if known is None:
            if len(self._known) > self._max_cached:
                for cached in self._known.values():
                    cached.steps.clear()
                self._known.clear()
                self._repacked.clear()
            lost = self._interference.percent(self._shared[node_class], crowd) if crowd else 0
            known = NodeLoad(node_class, free, crowd, residual, load, lost)
            self._known[node_class, free, crowd] = known
        return known

    def residual_after(self, load: NodeLoad, demand: DemandIndex) -> int:
        """Returns the residual with one more replica of the demand, FULL where it does not fit by its amounts.

        The load remembers it in `residuals_after`, where a hot loop looks first.
        """
        found = load.residual - self.shares[load.node_class][demand] if self._fits(load, demand) else FULL
        load.residuals_after[demand] = found
        return found

    def _fits(self, load: NodeLoad, demand: DemandIndex) -> bool:
        """Checks whether one more replica of the demand fits by its amounts."""
        asked = self.indexed.resources[demand]
        cpu, rss, vms, cores, devices, extras = load.free
        if asked.cpu > cpu or asked.rss > rss or (asked.vms is not None and asked.vms > vms):
            return False
        if extras and lacking_extra(asked, extras):
            return False
        if len(asked.cores) > len(cores):
            return False
        for chunk, core in zip(asked.cores, load.sorted_cores, strict=False):
            if chunk > core:
                return False
        for request in asked.devices:
            if choose_devices(self.indexed, list(devices), self._representative[load.node_class], request) is None:
                return False
        return True

    def step(self, load: NodeLoad, demand: DemandIndex) -> tuple[NodeLoad, Item]:
        """Returns the load with one more replica of the demand, which has to fit, and the item of that replica."""
        known = load.steps.get(demand)
        if known is not None:
            return known
        asked = self.indexed.resources[demand]
        cpu, rss, vms, cores, devices, extras = load.free
        taken_cores: tuple[tuple[int, int], ...] = ()
        taken_devices: tuple[tuple[int, int], ...] = ()
        if asked.cores:
            row = list(cores)
            taken_cores = tightest_cores(row, asked.cores)
            for core, amount in taken_cores:
                row[core] -= amount
            cores = tuple(row)
        if asked.devices:
            free_devices = list(devices)
            for request in asked.devices:
                node = self._representative[load.node_class]
                found = choose_devices(self.indexed, free_devices, node, request) or []
                for device, amount in found:
                    free_devices[device] -= amount
                taken_devices += tuple(found)
            devices = tuple(free_devices)
        extras = less_extras(extras, asked) if extras else extras
        free = (cpu - asked.cpu, rss - asked.rss, vms - (asked.vms or 0), cores, devices, extras)
        made = load.steps[demand] = (self._neighbour(load, free, demand, 1), (demand, taken_cores, taken_devices))
        return made

    def _neighbour(self, load: NodeLoad, free: FreeOnNode, demand: DemandIndex, by: int) -> NodeLoad:
        """Returns the load with so much free, which is that many (1 or -1) replicas of the demand away."""
        node_class = load.node_class
        residual = load.residual - by * self.shares[node_class][demand]
        crowd = joined(load.crowd, self._interference.of_replica[demand], by) if load.crowd else load.crowd
        return self._load_of(node_class, free, crowd, residual, load.load + by * self._load_shares[node_class][demand])

    def interference_of(self, load: NodeLoad, demand: DemandIndex) -> int:
        """Returns how many percent of interference one more replica adds; the load remembers it."""
        found = self._interference.added(demand, self._shared[load.node_class], load.crowd)
        load.added_interference[demand] = found
        return found

    def without(self, load: NodeLoad, item: Item) -> NodeLoad:
        """Returns the load without one of the items on the node."""
        demand, taken_cores, taken_devices = item
        asked = self.indexed.resources[demand]
        cpu, rss, vms, cores, devices, extras = load.free
        if taken_cores:
            row = list(cores)
            for core, amount in taken_cores:
                row[core] += amount
            cores = tuple(row)
        if taken_devices:
            free_devices = list(devices)
            for device, amount in taken_devices:
                free_devices[device] += amount
            devices = tuple(free_devices)
        extras = less_extras(extras, asked, -1) if extras else extras
        free = (cpu + asked.cpu, rss + asked.rss, vms + (asked.vms or 0), cores, devices, extras)
        return self._neighbour(load, free, demand, -1)

    def fits_in_sum(self, load: NodeLoad, demand: DemandIndex) -> bool:
        """Checks whether one more replica might fit if all cores of the node were dealt out anew.

        The demand has to ask for cores, and the node has to have as much free in sum. The answer is kept in `in_sum`.
        """
        asked, (cpu, rss, vms, _, _, extras) = self._amounts[demand], load.free
        found = 0 < asked[3] <= load.free_cores and asked[0] <= cpu and asked[1] <= rss and asked[2] <= vms
        if found and extras and lacking_extra(self.indexed.resources[demand], extras):
            found = False
        load.in_sum[demand] = found
        return found

    def repack(self, base: NodeLoad, items: Sequence[Item], demand: DemandIndex) -> tuple[NodeLoad, list[Item]] | None:
        """Returns a node's load and items with these items and one more replica on it; None where no packing is found.

        Args:
            base: The load of the node when it is empty.
            items: What is on the node.
            demand: The demand of the replica.
        """
        wanted = [item[0] for item in items]
        wanted.append(demand)
        wanted.sort()
        key = (base, tuple(wanted))
        known = self._repacked.get(key)
        if known is None:
            known = self._repacked[key] = self.pack(base, wanted, self._tries) or False
        return known or None

    def pack(
        self, base: NodeLoad, wanted: Sequence[DemandIndex], tries: int | None = None
    ) -> tuple[NodeLoad, list[Item]] | None:
        """Returns an empty node's load and items with replicas of these demands; None where no packing is found.

        Args:
            base: The load of the empty node.
            wanted: The demand of each replica; cpu, rss and vms have to fit in sum.
            tries: How many chunks of cores may be set before it is given up; by default as many as a start has.
        """
        resources = self.indexed.resources
        chunks = [resources[demand].cores for demand in wanted]
        rows = pack_cores(base.free[3], chunks, self._start_tries if tries is None else tries)
        if rows is None:
            return None
        items: list[Item] = []
        cpu, rss, vms, cores, devices, extras = base.free
        free_cores, free_devices = list(cores), list(devices)
        node_class = base.node_class
        for demand, row in zip(wanted, rows, strict=True):
            asked = resources[demand]
            cpu, rss, vms = cpu - asked.cpu, rss - asked.rss, vms - (asked.vms or 0)
            if extras and lacking_extra(asked, extras):
                return None
            extras = less_extras(extras, asked) if extras else extras
            taken_devices: list[tuple[int, int]] = []
            for request in asked.devices:
                found = choose_devices(self.indexed, free_devices, self._representative[node_class], request)
                if found is None:
                    return None
                for device, amount in found:
                    free_devices[device] -= amount
                taken_devices += found
            for core, amount in row:
                free_cores[core] -= amount
            items.append((demand, row, tuple(taken_devices)))
        residual = base.residual - sum(self.shares[node_class][demand] for demand in wanted)
        load = base.load + sum(self._load_shares[node_class][demand] for demand in wanted)
        free = (cpu, rss, vms, tuple(free_cores), tuple(free_devices), extras)
        return self._load_of(node_class, free, self._crowd_with(base, wanted), residual, load), items

    def _crowd_with(self, load: NodeLoad, demands: Sequence[DemandIndex]) -> Crowd:
        """Returns the crowd of a load with replicas of these demands more."""
        crowd = load.crowd
        for demand in demands if crowd else ():
            crowd = joined(crowd, self._interference.of_replica[demand])
        return crowd


def _free_on(ledger: Ledger, node: NodeIndex) -> FreeOnNode:
    """Returns the free amounts of a node in the order of the load."""
    cores, devices = tuple(ledger.cores[node]), tuple(ledger.devices[node])
    return (ledger.cpu[node], ledger.rss[node], ledger.vms[node], cores, devices, ledger.extras[node])
