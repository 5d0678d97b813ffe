"""Fragments as published (FGD): how much of a node's free accelerators the expected replicas cannot use.

Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC
2023. A node's fragment is what is free on its devices, weighed over the kinds of replicas that are expected: all of it
for a kind that cannot run there at all, else what is free on devices that are too full for it. Replicas go where they
add the least. Amounts are whole numbers (basis points times replicas), so that they are exact.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

MILLION = 1_000_000

GRADES = tuple(sorted(round(math.log(100 / grade - 1) * MILLION) for grade in range(1, 100)))
"""Added fragments, in millionths of a device, at which the grade falls by one: floor(100 / (1 + e^added)).

The grades are those of the published scheduler. Nodes of one grade are left to the next scorer, so that a hair of a
fragment does not open a node.
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """Replicas that are expected: millicores, a share of one device or a count of whole ones, models, how many."""

    cpu: int
    share: int
    count: int
    models: frozenset[str]
    weight: int

    def runs(self, cpu: int, devices: tuple[int, ...], model: str, whole: int) -> bool:
        """Whether a node with so much free could take one."""
        if cpu < self.cpu or (self.models and model not in self.models):
            return False
        if self.count:
            return sum(free >= whole for free in devices) >= self.count
        return any(free >= self.share for free in devices)


class Fragmentation:
    """Fragments of nodes by their state; `whole` is the capacity of one device."""

    def __init__(self, kinds: Iterable[Kind], whole: int = 10_000) -> None:
        self.kinds = tuple(kinds)
        self.whole = whole
        self._steps = sorted({kind.cpu for kind in self.kinds})
        self._known: dict[tuple[int, str, tuple[int, ...]], int] = {}
        self.useless = sum(kind.weight for kind in self.kinds if not kind.share and not kind.count)
        self._asking = tuple(kind for kind in self.kinds if kind.share or kind.count)

    def amount(self, cpu: int, devices: tuple[int, ...], model: str) -> int:
        """The fragment of a node with `cpu` millicores and these free amounts (sorted) on devices of the model."""
        # Between two asked amounts of cpu nothing changes: states that differ in it alone are one.
        key = (bisect_right(self._steps, cpu), model, devices)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._amount(cpu, devices, model)
        return known

    def grade(self, added: int) -> int:
        """0 to 99, higher is better, for a fragment that grows by `added`."""
        weight = sum(kind.weight for kind in self.kinds) * self.whole
        return len(GRADES) - bisect_left(GRADES, added * MILLION // max(1, weight))

    def _amount(self, cpu: int, devices: tuple[int, ...], model: str) -> int:
        total = sum(devices)
        fragment = self.useless * total
        if not total:
            return 0
        for kind in self._asking:
            if kind.runs(cpu, devices, model, self.whole):
                least = kind.share or self.whole
                fragment += kind.weight * sum(free for free in devices if free < least)
            else:
                fragment += kind.weight * total
        return fragment
