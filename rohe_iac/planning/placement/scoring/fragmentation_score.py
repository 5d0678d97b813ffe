"""Score of fragmentation: how little of what the expected replicas will use of a node's accelerators a placement costs.

The loss is counted in grades of 2 % of a device; see fragmentation.py for what will be used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.scoring.fixed_point import MEMORY_SHIFT
from rohe_iac.planning.placement.scoring.fragmentation import FINE, ExpectedReplicas, Fragmentation
from rohe_iac.planning.placement.state.amounts import Row
from rohe_iac.planning.placement.state.device_assignment import device_step
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, enumerate_demands

MAX_REMEMBERED = 500_000
"""Usable amounts that are remembered before all are forgotten."""

GRADE_LOSS = 200 * FINE
"""Two percent of a device, the loss of one grade; how full nodes of one grade are decides between them."""

GRADE = 1000
"""Score of one grade, in millionths."""

GAIN_GRADES = 50
"""Grades that are kept for placements by which a node's devices become worth more."""


def fragmentation_by_type(indexed: IndexedProblem) -> dict[str, Fragmentation]:
    """Returns what the demands will use of each type of device that any demand asks for."""
    found = {}
    offers = [indexed.nodes[node].devices for node in indexed.node_classes.representative]
    for device_type in indexed.device_types:
        weights: Counter[ExpectedReplicas] = Counter()
        for position, (demand, asked) in enumerate_demands(zip(indexed.demands, indexed.resources, strict=True)):
            refused = tuple([number for number, rule in enumerate(indexed.static_by_class(position)) if rule])
            for request in asked.devices:
                if request.type == device_type and demand.replicas:
                    rss = asked.rss >> MEMORY_SHIFT
                    memory = request.memory >> MEMORY_SHIFT
                    kind = ExpectedReplicas(
                        request.share, request.count, request.models, asked.cpu, rss, 1, refused, memory
                    )
                    weights[kind] += demand.replicas
        if weights:
            kinds = [replace(kind, weight=weight) for kind, weight in weights.items()]
            found[device_type] = Fragmentation(kinds, offers, device_type, indexed.memory_offset)
    return found


class FragmentationScore:
    """Scores of nodes by what a replica takes from the others' use of accelerators.

    Attributes:
        fragmentation: What will be used of nodes, by type of device.
    """

    def __init__(self, indexed: IndexedProblem, ledger: Ledger, fragmentation: Mapping[str, Fragmentation]) -> None:
        self.indexed, self.ledger, self.fragmentation = indexed, ledger, fragmentation
        self._usable_at: dict[tuple[int, int, int, Row], int] = {}
        self._devices_after: dict[tuple[tuple[DeviceRequest, ...], int, Row], Row] = {}

    def score(self, demand: DemandIndex, node: NodeIndex) -> int:
        """Returns the score in [0, MILLION]: the less others can use of the node's devices afterwards, the lower."""
        ledger, asked = self.ledger, self.indexed.resources[demand]
        devices = ledger.devices[node]
        if not devices:
            return MILLION - GRADE * GAIN_GRADES
        node_class, cpu, rss = self.indexed.node_classes.class_of[node], ledger.cpu[node], ledger.rss[node]
        after = self._devices_left(asked.devices, node, devices)
        lost = self._usable(node_class, cpu, rss, devices)
        lost -= self._usable(node_class, cpu - asked.cpu, rss - asked.rss, after)
        return MILLION - GRADE * max(0, min(MILLION // GRADE, lost // GRADE_LOSS + GAIN_GRADES))

    def _devices_left(self, requests: tuple[DeviceRequest, ...], node: NodeIndex, devices: Row) -> Row:
        """Returns the free amounts of a node's devices once the requests, which fit, are served."""
        if not requests:
            return devices
        key = (requests, self.indexed.node_classes.class_of[node], devices)
        known = self._devices_after.get(key)
        if known is None:
            step = device_step(self.indexed, devices, node, requests)
            known = self._devices_after[key] = devices if step is None else step[1]
        return known

    def _usable(self, node_class: int, cpu: int, rss: int, devices: Row) -> int:
        """Returns the basis points (in FINE parts) that will be used of all types of devices together."""
        key = (node_class, cpu, rss, devices)
        known = self._usable_at.get(key)
        if known is None:
            if len(self._usable_at) > MAX_REMEMBERED:
                self._usable_at.clear()
                self._devices_after.clear()
            kib = rss >> MEMORY_SHIFT
            usable = [by_type.usable(node_class, cpu, kib, devices) for by_type in self.fragmentation.values()]
            known = self._usable_at[key] = sum(usable)
        return known
