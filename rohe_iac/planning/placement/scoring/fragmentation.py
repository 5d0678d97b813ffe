"""Fragmentation: what the expected replicas will use of a node's free accelerators.

Amounts are whole numbers, so that they are exact. Units: millicores, KiB, basis points of a device.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import gcd

from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.model.supply import Device
from rohe_iac.planning.placement.scoring.fixed_point import MEMORY_SHIFT
from rohe_iac.planning.placement.scoring.piecewise_linear import PiecewiseLinearSum

WHOLE_DEVICE = 10_000
"""Basis points that each whole device of a request counts."""

END_ODDS = 32
"""One of so many arrivals is the last that a device sees; with half or twice as many little changes."""

FINE = 1024
"""Parts of a basis point, the unit of usable amounts."""

MIN_GRID = 25
"""Least step in basis points by which shares are distinguished, rounded up, and free amounts, rounded down."""

MAX_KINDS = 128
"""Kinds of replicas that are weighed; of more, a sample of this size stands for all."""

Served = tuple[PiecewiseLinearSum, PiecewiseLinearSum]
"""What an amount of cpu, and one of memory, serves of the kinds that fit."""


@dataclass(frozen=True, slots=True, order=True)
class ExpectedReplicas:
    """One kind of replicas that are expected.

    Attributes:
        share: Basis points of one device; 0 for a request of whole ones.
        count: Whole devices; 0 for a share.
        models: Models that serve; empty: any.
        cpu: Millicores.
        rss: KiB of memory.
        weight: How many are expected.
        refused: Node classes that do not take them.
        memory: KiB of each device's memory.
    """

    share: int
    count: int
    models: tuple[str, ...]
    cpu: int
    rss: int
    weight: int
    refused: tuple[int, ...] = ()
    memory: int = 0

    def fits_model(self, node_class: int, model: str) -> bool:
        """Checks whether a device of the model on a node of the class may serve them."""
        return node_class not in self.refused and (not self.models or model in self.models)


@dataclass(frozen=True, slots=True)
class DeviceClass:
    """Equal devices of one node.

    Attributes:
        positions: Their positions on the node.
        model: Their model.
        exclusive: Whether each is given out whole.
        capacity: Basis points of one.
        idle: Usable amount of an idle one, in FINE parts.
        usable: Usable amount by how much is free, in steps of the grid.
        by_memory: What the memory of one serves of the kinds that fit, and their weight; None where none is asked for.
    """

    positions: tuple[int, ...]
    model: str
    exclusive: bool
    capacity: int
    idle: int
    usable: tuple[int, ...]
    by_memory: tuple[PiecewiseLinearSum, int] | None = None


class Fragmentation:
    """What is expected to be used of one type of device, by what is free on a node.

    The idea is that of fragmentation gradient descent (Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing
    Workloads with Fragmentation Gradient Descent", USENIX ATC 2023): what is free is weighed over the kinds of replicas
    that are expected, and replicas go where the least of it is lost. There, a kind finds useful all that is free on
    devices that hold one more replica of it. Here it is what is expected to be used in the end:

    - On one device replicas of the kinds that fit come one after the other, each as often as it is expected, until none
      fits or no more come: W(free) is the sum of p * (share + W(free - share)) over the kinds that fit, by the sum of
      their p and the chance of the end. A piece that only rare kinds fit is worth little.
    - On one node no more is used than its cpu serves, and than its memory serves, at what each kind asks for; the mean
      over the kinds of which one more fits. Of one device no more is used than its own memory serves.
    """

    def __init__(
        self,
        kinds: Collection[ExpectedReplicas],
        devices_of: Sequence[Sequence[Device]],
        device_type: str,
        memory_offset: int = 0,
    ) -> None:
        """Works out what every device is worth by how much of it is free.

        Args:
            kinds: Kinds of replicas that ask for the type.
            devices_of: Devices of each node class, of all types.
            device_type: The type.
            memory_offset: Where memory begins in rows of devices; 0: no replica asks for any.
        """
        self._offset = memory_offset
        self._kinds = sampled(kinds)
        self._weight = sum(kind.weight for kind in self._kinds)
        shares = {kind.share for kind in self._kinds}
        self._grid = max(MIN_GRID, gcd(*shares, *(device.capacity for devices in devices_of for device in devices)))
        self._groups: list[list[DeviceClass]] = []
        for node_class, devices in enumerate(devices_of):
            equal: dict[tuple[str, bool, int, int], list[int]] = {}
            for position, device in enumerate(devices):
                if device.type == device_type:
                    # Devices of one share differ in memory, so that each is a group of its own.
                    own = position if memory_offset else -1
                    equal.setdefault((device.model, device.exclusive, device.capacity, own), []).append(position)
            self._groups.append([self._group(node_class, tuple(where), *key[:3]) for key, where in equal.items()])
        self._by_devices: dict[tuple[int, tuple[int, ...]], tuple[int, Served]] = {}
        self._by_room: dict[tuple[int, tuple[tuple[int, int, int], ...]], Served] = {}
        self._by_kinds: dict[tuple[ExpectedReplicas, ...], Served] = {}

    def usable(self, node_class: int, cpu: int, rss: int, devices: tuple[int, ...]) -> int:
        """Returns the basis points, in FINE parts, that are expected to be used of a node with so much free.

        Args:
            node_class: The node's class.
            cpu: Free millicores.
            rss: Free KiB.
            devices: Free basis points of each device, and bytes of their memory, as in the ledger.
        """
        known = self._by_devices.get((node_class, devices))
        if known is None:
            known = self._by_devices[node_class, devices] = self._usable_devices(node_class, devices)
        useful, (by_cpu, by_rss) = known
        if not useful:
            return 0
        return min(by_cpu.sum(useful, cpu), by_rss.sum(useful, rss)) // self._weight

    def _group(
        self, node_class: int, positions: tuple[int, ...], model: str, exclusive: bool, capacity: int
    ) -> DeviceClass:
        """Returns the group of equal devices with what they are worth."""
        able = [kind for kind in self._kinds if kind.fits_model(node_class, model)]
        grid, usable = self._grid, [0]
        weights: dict[int, int] = {}
        for kind in able:
            if not kind.count:
                steps = capacity if exclusive else -(-kind.share // grid)
                weights[steps] = weights.get(steps, 0) + kind.weight
        if exclusive:
            shares: list[tuple[int, int]] = []
            whole = sum(kind.weight for kind in able if kind.share <= capacity)
        else:
            shares = sorted(weights.items())
            whole = sum(kind.weight for kind in able if kind.count)
        for free in range(1, capacity // grid + 1):
            usable.append(self._expected_use(shares, free, usable, 0, 0))
        idle = self._expected_use(shares, capacity // grid, usable, whole, capacity)
        by_memory = None
        if self._offset:
            uses = [(kind.memory, FINE * (kind.share or WHOLE_DEVICE), kind.weight) for kind in able]
            by_memory = (PiecewiseLinearSum(uses), max(1, sum(kind.weight for kind in able)))
        return DeviceClass(positions, model, exclusive, capacity, idle, tuple(usable), by_memory)

    def _expected_use(
        self, shares: Sequence[tuple[int, int]], free: int, usable: list[int], whole: int, capacity: int
    ) -> int:
        """Returns W(free) from that of less.

        Args:
            shares: (steps of the grid, weight) of the shares, in order.
            free: Free steps of the grid.
            usable: W of fewer steps.
            whole: Weight of the kinds that take the device as a whole.
            capacity: Basis points that they take.
        """
        used, fitting = whole * capacity * FINE, whole
        for share, weight in shares:
            if share > free:
                break
            used += weight * (share * self._grid * FINE + usable[free - share])
            fitting += weight
        return END_ODDS * used // (END_ODDS * fitting + self._weight) if fitting else 0

    def _usable_devices(self, node_class: int, devices: tuple[int, ...]) -> tuple[int, Served]:
        """Returns what the devices are worth together, and what cpu and memory serve of the kinds that they hold."""
        useful, room = 0, []
        for group in self._groups[node_class]:
            largest = idle = 0
            memory = UNLIMITED
            for position in group.positions:
                free = devices[position]
                if free == group.capacity:
                    idle += 1
                    share = group.idle
                elif group.exclusive:
                    continue
                else:
                    share = group.usable[free // self._grid]
                if group.by_memory is not None:
                    memory = devices[self._offset + position] >> MEMORY_SHIFT
                    by_memory, weight = group.by_memory
                    share = by_memory.sum(share, max(1, memory)) // weight
                useful += share
                largest = max(largest, free)
            room.append((largest, idle, memory))
        key = (node_class, tuple(room))
        served = self._by_room.get(key)
        if served is None:
            served = self._by_room[key] = self._served(node_class, room)
        return useful, served

    def _served(self, node_class: int, room: Sequence[tuple[int, int, int]]) -> Served:
        """Returns what cpu and memory serve of the kinds that fit.

        Args:
            node_class: The node's class.
            room: By group of devices, the most that is free of one, how many are idle, and KiB of memory.
        """
        fitting = []
        for kind in self._kinds:
            groups = zip(room, self._groups[node_class], strict=True)
            able = [
                free for free, group in groups if kind.fits_model(node_class, group.model) and kind.memory <= free[2]
            ]
            if kind.count:
                fits = sum(idle for _, idle, _ in able) >= kind.count
            else:
                fits = any(largest >= kind.share for largest, _, _ in able)
            if fits:
                fitting.append(kind)
        key = tuple(fitting)
        if key not in self._by_kinds:
            uses = [FINE * (kind.share or kind.count * WHOLE_DEVICE) for kind in fitting]
            self._by_kinds[key] = (
                PiecewiseLinearSum([(kind.cpu, use, kind.weight) for kind, use in zip(fitting, uses, strict=True)]),
                PiecewiseLinearSum([(kind.rss, use, kind.weight) for kind, use in zip(fitting, uses, strict=True)]),
            )
        return self._by_kinds[key]


def sampled(kinds: Collection[ExpectedReplicas]) -> tuple[ExpectedReplicas, ...]:
    """Returns the kinds, or of more than MAX_KINDS so many of them, at even steps through the replicas in order."""
    ordered = sorted(kinds)
    if len(ordered) <= MAX_KINDS:
        return tuple(ordered)
    total = sum(kind.weight for kind in ordered)
    found: list[ExpectedReplicas] = []
    passed = 0
    for kind in ordered:
        # How many of the steps, each in the middle of its part, lie within the kind.
        before = (2 * MAX_KINDS * passed + total) // (2 * total)
        passed += kind.weight
        steps = (2 * MAX_KINDS * passed + total) // (2 * total) - before
        if steps:
            found.append(replace(kind, weight=steps))
    return tuple(found)
