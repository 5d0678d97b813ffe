"""Node classes: nodes that are equal in all that rules and scores ask of one node alone, so that one stands for all."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TypeVar

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.placement.state.positions import NodeIndex, enumerate_nodes

Value = TypeVar("Value")

_NODE_FIELDS = attrgetter(
    "cpu",
    "rss",
    "vms",
    "cores",
    "cpu_used",
    "rss_used",
    "vms_used",
    "cores_used",
    "arch",
    "taints",
    "status",
    "disk",
    "network",
    "disk_used",
    "network_used",
)

_DEVICE_FIELDS = attrgetter("type", "model", "exclusive", "capacity", "used", "memory", "memory_used")


class NodeClasses:
    """Equivalence classes of a problem's nodes.

    Nomad computes such classes of nodes; Borg has equivalence classes of tasks (Verma et al., "Large-scale cluster
    management at Google with Borg", EuroSys 2015, section 3.4).

    Labels count only where a demand selects by them: names of hosts and zones would make every node a class.

    Attributes:
        class_of: Class of every node, by position.
        representative: First node of every class.
        size: Number of nodes of every class.
    """

    def __init__(self, nodes: Sequence[Supply], demands: Sequence[Demand], spare: frozenset[str]) -> None:
        """Sorts the nodes into classes. spare: names of nodes that are kept free."""
        selected = {key for demand in demands for key, _ in demand.selector}
        selected.update(match.key for demand in demands for match in demand.matches)
        # A demand that names nodes makes a class of each node that it names.
        named = {
            name for demand in demands for match in demand.matches if match.key == NODE_KEY for name in match.values
        }
        numbers: dict[tuple[object, ...], int] = {}
        self.class_of: list[int] = []
        self.representative: list[NodeIndex] = []
        self.size: list[int] = []
        devices: tuple[object, ...]
        for position, node in enumerate_nodes(nodes):
            labels = tuple([pair for pair in node.labels if pair[0] in selected]) if selected else ()
            devices = tuple(map(_DEVICE_FIELDS, node.devices)) if node.devices else ()
            name = node.name if node.name in named else ""
            key = (_NODE_FIELDS(node), devices, labels, bool(spare) and node.name in spare, name)
            number = numbers.get(key)
            if number is None:
                number = numbers[key] = len(numbers)
                self.representative.append(position)
                self.size.append(0)
            self.size[number] += 1
            self.class_of.append(number)

    def per_node(self, values: Sequence[Value]) -> list[Value]:
        """Returns the value of each node's class, by node."""
        return [values[number] for number in self.class_of]
