"""Fragmentation: what the expected replicas will use of a node's free accelerators.

The idea is that of fragmentation gradient descent (Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing
Workloads with Fragmentation Gradient Descent", USENIX ATC 2023): what is free is weighed over the kinds of replicas
that are expected, and replicas go where the least of it is lost. There, a kind finds useful all that is free on devices
that hold one more replica of it. Here it is what is expected to be used in the end:

- On one device replicas of the kinds that fit come one after the other, each as often as it is expected, until none
  fits or nobody comes any more: W(free) is the sum of p * (share + W(free - share)) over the kinds that fit, by the sum
  of their p and the chance of the end. A piece that only rare kinds fit is worth little.
- On one node no more is used than its cpu serves, and than its memory serves, at what each kind asks for; the mean over
  the kinds of which one more fits.

Amounts are whole numbers, so that they are exact. Units: millicores, KiB, basis points of a device.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import gcd

from rohe_iac.planning.model.supply import Device
from rohe_iac.planning.placement.scoring.piecewise_linear import Slopes

WHOLE = 10_000
"""What a request for a whole device is reckoned as."""

END = 32
"""One of so many arrivals is the last that a device sees; with half or twice as many little changes."""

FINE = 1024
"""Parts of a basis point in which is reckoned."""

GRID = 25
"""Basis points in which shares are told apart at most, rounded up, and what is free, rounded down."""

MOST_KINDS = 128
"""How many kinds are weighed; of more, so many that lie evenly among the replicas stand for all."""


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """Replicas that are expected: a share of one device or a count of whole ones, models, millicores, KiB, how many.

    refused: the kinds of nodes that do not take them.
    """

    share: int
    count: int
    models: tuple[str, ...]
    cpu: int
    rss: int
    weight: int
    refused: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Sort:
    """Devices of one node that are alike: where, what one offers, what an idle one is worth, and by what is free."""

    positions: tuple[int, ...]
    model: str
    exclusive: bool
    capacity: int
    idle: int
    worth: tuple[int, ...]


class Fragmentation:
    """What is expected to be used of nodes, by how they stand; of one type of device.

    offers: the devices of each kind of node, of all types.
    """

    def __init__(self, kinds: Collection[Kind], offers: Sequence[Sequence[Device]], type_: str) -> None:
        self._kinds = sampled(kinds)
        self._weight = sum(kind.weight for kind in self._kinds)
        shares = {kind.share for kind in self._kinds}
        self._grid = max(GRID, gcd(*shares, *(device.capacity for devices in offers for device in devices)))
        self._sorts: list[list[Sort]] = []
        for node, devices in enumerate(offers):
            alike: dict[tuple[str, bool, int], list[int]] = {}
            for position, device in enumerate(devices):
                if device.type == type_:
                    alike.setdefault((device.model, device.exclusive, device.capacity), []).append(position)
            self._sorts.append([self._sort(node, tuple(where), *key) for key, where in alike.items()])
        self._known: dict[tuple[int, tuple[int, ...]], tuple[int, tuple[Slopes, Slopes]]] = {}
        self._slopes: dict[tuple[int, tuple[tuple[int, int], ...]], tuple[Slopes, Slopes]] = {}
        self._alike: dict[tuple[Kind, ...], tuple[Slopes, Slopes]] = {}

    def usable(self, node: int, cpu: int, rss: int, devices: tuple[int, ...]) -> int:
        """Basis points (in FINE parts) that are expected to be used of a kind of node with so much free."""
        known = self._known.get((node, devices))
        if known is None:
            known = self._known[node, devices] = self._seen(node, devices)
        useful, (by_cpu, by_rss) = known
        if not useful:
            return 0
        return min(by_cpu.sum(useful, cpu), by_rss.sum(useful, rss)) // self._weight

    def _sort(self, node: int, positions: tuple[int, ...], model: str, exclusive: bool, capacity: int) -> Sort:
        able = [kind for kind in self._kinds if _takes(kind, node, model)]
        grid, worth = self._grid, [0]
        shares: dict[int, int] = {}
        for kind in able:
            if not kind.count:
                amount = capacity if exclusive else -(-kind.share // grid)
                shares[amount] = shares.get(amount, 0) + kind.weight
        if exclusive:
            ordered: list[tuple[int, int]] = []
            whole = sum(kind.weight for kind in able if kind.share <= capacity)
        else:
            ordered = sorted(shares.items())
            whole = sum(kind.weight for kind in able if kind.count)
        for free in range(1, capacity // grid + 1):
            worth.append(self._worth(ordered, free, worth, 0, 0))
        idle = self._worth(ordered, capacity // grid, worth, whole, capacity)
        return Sort(positions, model, exclusive, capacity, idle, tuple(worth))

    def _worth(self, shares: Sequence[tuple[int, int]], free: int, worth: list[int], whole: int, capacity: int) -> int:
        """W(free) from that of less; whole: the weight of those who take the device as a whole."""
        used, fitting = whole * capacity * FINE, whole
        for share, weight in shares:
            if share > free:
                break
            used += weight * (share * self._grid * FINE + worth[free - share])
            fitting += weight
        return END * used // (END * fitting + self._weight) if fitting else 0

    def _seen(self, node: int, devices: tuple[int, ...]) -> tuple[int, tuple[Slopes, Slopes]]:
        """What the devices are worth together, and what cpu and memory serve of the kinds that they hold."""
        useful, most = 0, []
        for sort in self._sorts[node]:
            largest = idle = 0
            for position in sort.positions:
                free = devices[position]
                if free == sort.capacity:
                    idle += 1
                    useful += sort.idle
                elif sort.exclusive:
                    continue
                else:
                    useful += sort.worth[free // self._grid]
                largest = max(largest, free)
            most.append((largest, idle))
        key = (node, tuple(most))
        slopes = self._slopes.get(key)
        if slopes is None:
            slopes = self._slopes[key] = self._fitting(node, most)
        return useful, slopes

    def _fitting(self, node: int, most: Sequence[tuple[int, int]]) -> tuple[Slopes, Slopes]:
        held = []
        for kind in self._kinds:
            able = [one for one, sort in zip(most, self._sorts[node], strict=True) if _takes(kind, node, sort.model)]
            if kind.count:
                fits = sum(idle for _, idle in able) >= kind.count
            else:
                fits = any(largest >= kind.share for largest, _ in able)
            if fits:
                held.append(kind)
        key = tuple(held)
        if key not in self._alike:
            uses = [FINE * (kind.share or kind.count * WHOLE) for kind in held]
            self._alike[key] = (
                Slopes([(kind.cpu, use, kind.weight) for kind, use in zip(held, uses, strict=True)]),
                Slopes([(kind.rss, use, kind.weight) for kind, use in zip(held, uses, strict=True)]),
            )
        return self._alike[key]


def sampled(kinds: Collection[Kind]) -> tuple[Kind, ...]:
    """The kinds, or of more than MOST_KINDS so many of them, at even steps through the replicas in their order."""
    ordered = sorted(kinds)
    if len(ordered) <= MOST_KINDS:
        return tuple(ordered)
    total = sum(kind.weight for kind in ordered)
    found: list[Kind] = []
    passed = 0
    for kind in ordered:
        # How many of the steps, each in the middle of its part, lie within the kind.
        before = (2 * MOST_KINDS * passed + total) // (2 * total)
        passed += kind.weight
        steps = (2 * MOST_KINDS * passed + total) // (2 * total) - before
        if steps:
            found.append(replace(kind, weight=steps))
    return tuple(found)


def _takes(kind: Kind, node: int, model: str) -> bool:
    return node not in kind.refused and (not kind.models or model in kind.models)
