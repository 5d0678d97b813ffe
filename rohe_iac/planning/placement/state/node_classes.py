"""Kinds: nodes that are equal in all that rules and scores ask of one node alone, so that they are looked at once."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TypeVar

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.supply import Supply

Value = TypeVar("Value")

_ASKED = attrgetter(
    "cpu", "rss", "vms", "cores", "cpu_used", "rss_used", "vms_used", "cores_used", "arch", "taints", "status"
)


_DEVICE = attrgetter("type", "model", "exclusive", "capacity", "used")


class NodeClasses:
    """of: the kind of every node, by position. examples: the first node of every kind. members: how many are of it.

    Labels count only where a service selects by them: names of hosts and zones would tell all nodes apart. spare: names
    of nodes that are kept free.
    """

    def __init__(self, nodes: Sequence[Supply], demands: Sequence[Demand], spare: frozenset[str]) -> None:
        selected = {key for demand in demands for key, _ in demand.selector}
        numbers: dict[tuple[object, ...], int] = {}
        self.class_of: list[int] = []
        self.representative: list[int] = []
        self.size: list[int] = []
        devices: tuple[object, ...]
        for position, node in enumerate(nodes):
            labels = tuple([pair for pair in node.labels if pair[0] in selected]) if selected else ()
            devices = tuple(map(_DEVICE, node.devices)) if node.devices else ()
            key = (_ASKED(node), devices, labels, bool(spare) and node.name in spare)
            number = numbers.get(key)
            if number is None:
                number = numbers[key] = len(numbers)
                self.representative.append(position)
                self.size.append(0)
            self.size[number] += 1
            self.class_of.append(number)

    def per_node(self, values: Sequence[Value]) -> list[Value]:
        """The value of each node's kind, by node."""
        return [values[kind] for kind in self.class_of]
