"""Fill: what is free on a node, as a value, so that what was worked out once is never worked out again.

A search tries the same replicas on the same nodes over and over. Nodes of one kind with as much free share a fill, and
a fill remembers where each class of replicas leads from it; to undo is to put the fill before back in its place.
"""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.placement.state.core_assignment import tightest_cores
from rohe_iac.planning.placement.state.device_assignment import choose_devices
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.local_search.core_packing import pack_cores

REMEMBERED = 200_000
"""How many fills are kept before all are forgotten."""

TRIES, TRIES_OF_FEW, FEW_REPLICAS = 60, 3000, 32
"""Chunks that are set before a packing of cores is given up. Most are packed at the first try and some after many; with
more than a few replicas the search does better to go on than to try long.
"""

FULL = -(1 << 60)
"""Less than what is left on any node."""

Free = tuple[int, int, int, tuple[int, ...], tuple[int, ...]]
"""Cpu, rss, vms, cores and devices (both by position)."""

Item = tuple[int, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
"""A replica on a node: its demand, (core, millicores) and (device, basis points)."""


class NodeLoad:
    """What is free on a node of one kind.

    left: shares of what the node offers that are free, summed, in thousandths. load: the same of cpu, memory and cores
    that are taken. rows: free cores, largest first; spare: their sum. rests, sums, steps: what was found out about one
    more replica of a class.
    """

    __slots__ = ("free", "kind", "load", "residual", "residuals_after", "rows", "spare", "steps", "sums")

    def __init__(self, kind: int, free: Free, left: int, load: int) -> None:
        self.kind, self.free, self.residual, self.load = kind, free, left, load
        self.rows = sorted(free[3], reverse=True)
        self.spare = sum(self.rows)
        self.residuals_after: dict[int, int] = {}
        self.sums: dict[int, bool] = {}
        self.steps: dict[int, tuple[NodeLoad, Item]] = {}


class NodeLoads:
    """All fills of a layout.

    base: each node's fill with nothing of the layout on it. takes: what a replica takes from `left`, by kind and
    demand.
    """

    def __init__(self, indexed: IndexedProblem, ledger: Ledger) -> None:
        self.indexed = indexed
        self._known: dict[tuple[int, Free], NodeLoad] = {}
        self._packed: dict[tuple[NodeLoad, tuple[int, ...]], tuple[NodeLoad, list[Item]] | None] = {}
        self._needs = [(one.cpu, one.rss, one.vms or 0, sum(one.cores)) for one in indexed.resources]
        replicas = sum(demand.replicas for demand in indexed.demands)
        self._tries = TRIES if replicas > FEW_REPLICAS else TRIES_OF_FEW
        self._example: list[int] = []
        self.classes: list[int] = []
        numbers: dict[tuple[object, ...], int] = {}
        for position, node in enumerate(indexed.nodes):
            devices = tuple((one.type, one.model, one.exclusive, one.capacity) for one in node.devices)
            key = (node.cpu, node.rss, node.vms, node.cores, devices)
            if key not in numbers:
                numbers[key] = len(numbers)
                self._example.append(position)
            self.classes.append(numbers[key])
        self._loads = [[self._load(node, demand) for demand in indexed.resources] for node in self._example]
        self.takes = [
            [load + self._more(node, demand) for load, demand in zip(loads, indexed.resources, strict=True)]
            for loads, node in zip(self._loads, self._example, strict=True)
        ]
        self.base = []
        for position, kind in enumerate(self.classes):
            free = _free(ledger, position)
            self.base.append(self._fill(kind, free, *self._measured(kind, free)))

    def _load(self, node: int, asked: Resources) -> int:
        supply = self.indexed.nodes[node]
        cores = max(1, sum(supply.cores))
        return (
            asked.cpu * 1000 // max(1, supply.cpu)
            + asked.rss * 1000 // max(1, supply.rss)
            + sum(asked.cores) * 1000 // cores
        )

    def _more(self, node: int, asked: Resources) -> int:
        supply, total = self.indexed.nodes[node], 0
        if supply.vms:
            total += (asked.vms or 0) * 1000 // supply.vms
        for request in asked.devices:
            capacities = [device.capacity for device in supply.devices if device.type == request.type]
            share = request.count * max(capacities, default=0) or request.share
            total += share * 1000 // max(1, sum(device.capacity for device in supply.devices))
        return total

    def _measured(self, kind: int, free: Free) -> tuple[int, int]:
        supply = self.indexed.nodes[self._example[kind]]
        cpu, rss, vms, cores, devices = free
        left = cpu * 1000 // max(1, supply.cpu) + rss * 1000 // max(1, supply.rss)
        left += sum(cores) * 1000 // max(1, sum(supply.cores))
        load = 3000 - left
        if supply.vms:
            left += vms * 1000 // supply.vms
        if devices:
            left += sum(devices) * 1000 // max(1, sum(device.capacity for device in supply.devices))
        return left, load

    def holding(self, node: int, ledger: Ledger, demands: Sequence[int]) -> NodeLoad:
        """The fill of a node as a ledger tells it, with replicas of these demands."""
        kind, base = self.classes[node], self.base[node]
        left = base.residual - sum(self.takes[kind][demand] for demand in demands)
        load = base.load + sum(self._loads[kind][demand] for demand in demands)
        return self._fill(kind, _free(ledger, node), left, load)

    def _fill(self, kind: int, free: Free, left: int, load: int) -> NodeLoad:
        known = self._known.get((kind, free))
        if known is None:
            if len(self._known) > REMEMBERED:
                for one in self._known.values():
                    one.steps.clear()
                self._known.clear()
                self._packed.clear()
            known = self._known[kind, free] = NodeLoad(kind, free, left, load)
        return known

    def residual_after(self, fill: NodeLoad, demand: int) -> int:
        """What is `left` with one more replica of the demand, FULL where it does not fit by its amounts; remembered."""
        found = fill.residual - self.takes[fill.kind][demand] if self._fitting(fill, demand) else FULL
        fill.residuals_after[demand] = found
        return found

    def _fitting(self, fill: NodeLoad, demand: int) -> bool:
        asked = self.indexed.resources[demand]
        cpu, rss, vms, cores, devices = fill.free
        if asked.cpu > cpu or asked.rss > rss or (asked.vms is not None and asked.vms > vms):
            return False
        if len(asked.cores) > len(cores):
            return False
        for chunk, one in zip(asked.cores, fill.rows, strict=False):
            if chunk > one:
                return False
        for request in asked.devices:
            if choose_devices(self.indexed, list(devices), self._example[fill.kind], request) is None:
                return False
        return True

    def step(self, fill: NodeLoad, demand: int) -> tuple[NodeLoad, Item]:
        """The fill with one more replica of the demand, which fits, and what it gets."""
        known = fill.steps.get(demand)
        if known is not None:
            return known
        asked = self.indexed.resources[demand]
        cpu, rss, vms, cores, devices = fill.free
        taken: tuple[tuple[int, int], ...] = ()
        given: tuple[tuple[int, int], ...] = ()
        if asked.cores:
            row = list(cores)
            taken = tightest_cores(row, asked.cores)
            for core, amount in taken:
                row[core] -= amount
            cores = tuple(row)
        if asked.devices:
            left = list(devices)
            for request in asked.devices:
                found = choose_devices(self.indexed, left, self._example[fill.kind], request) or []
                for device, amount in found:
                    left[device] -= amount
                given += tuple(found)
            devices = tuple(left)
        free = (cpu - asked.cpu, rss - asked.rss, vms - (asked.vms or 0), cores, devices)
        after = self._moved(fill, free, demand, 1)
        made = fill.steps[demand] = (after, (demand, taken, given))
        return made

    def _moved(self, fill: NodeLoad, free: Free, demand: int, by: int) -> NodeLoad:
        kind = fill.kind
        left = fill.residual - by * self.takes[kind][demand]
        return self._fill(kind, free, left, fill.load + by * self._loads[kind][demand])

    def without(self, fill: NodeLoad, part: Item) -> NodeLoad:
        """The fill without a part of what is on the node."""
        demand, taken, given = part
        asked = self.indexed.resources[demand]
        cpu, rss, vms, cores, devices = fill.free
        if taken:
            row = list(cores)
            for core, amount in taken:
                row[core] += amount
            cores = tuple(row)
        if given:
            left = list(devices)
            for device, amount in given:
                left[device] += amount
            devices = tuple(left)
        free = (cpu + asked.cpu, rss + asked.rss, vms + (asked.vms or 0), cores, devices)
        return self._moved(fill, free, demand, -1)

    def holds_in_sum(self, fill: NodeLoad, demand: int) -> bool:
        """Whether one more replica, which asks for cores, would fit were all that is on the node set anew on its cores.

        Only what fails by the order in which cores were taken can be mended so. Remembered in `sums`.
        """
        needs, (cpu, rss, vms, _, _) = self._needs[demand], fill.free
        found = 0 < needs[3] <= fill.spare and needs[0] <= cpu and needs[1] <= rss and needs[2] <= vms
        fill.sums[demand] = found
        return found

    def repack(self, base: NodeLoad, parts: Sequence[Item], demand: int) -> tuple[NodeLoad, list[Item]] | None:
        """All parts and one more replica on the cores of an empty node, or None where none is found."""
        wanted = [part[0] for part in parts]
        wanted.append(demand)
        wanted.sort()
        key = (base, tuple(wanted))
        known = self._packed.get(key, 0)
        if known != 0:
            return known  # type: ignore[return-value]
        found = self._packed[key] = self.with_cores(base, wanted, self._tries)
        return found

    def with_cores(
        self, base: NodeLoad, wanted: Sequence[int], tries: int = TRIES_OF_FEW
    ) -> tuple[NodeLoad, list[Item]] | None:
        """Replicas of these demands, which fit in sum, on an empty node, or None where no way is found."""
        resources = self.indexed.resources
        rows = pack_cores(base.free[3], [resources[demand].cores for demand in wanted], tries)
        if rows is None:
            return None
        parts: list[Item] = []
        cpu, rss, vms, cores, devices = base.free
        free, left = list(cores), list(devices)
        for demand, row in zip(wanted, rows, strict=True):
            asked = resources[demand]
            cpu, rss, vms = cpu - asked.cpu, rss - asked.rss, vms - (asked.vms or 0)
            given: list[tuple[int, int]] = []
            for request in asked.devices:
                found = choose_devices(self.indexed, left, self._example[base.kind], request)
                if found is None:
                    return None
                for device, amount in found:
                    left[device] -= amount
                given += found
            for core, amount in row:
                free[core] -= amount
            parts.append((demand, row, tuple(given)))
        kind = base.kind
        taken = sum(self.takes[kind][demand] for demand in wanted)
        load = base.load + sum(self._loads[kind][demand] for demand in wanted)
        return self._fill(kind, (cpu, rss, vms, tuple(free), tuple(left)), base.residual - taken, load), parts


def _free(ledger: Ledger, node: int) -> Free:
    cores, devices = tuple(ledger.cores[node]), tuple(ledger.devices[node])
    return (ledger.cpu[node], ledger.rss[node], ledger.vms[node], cores, devices)
