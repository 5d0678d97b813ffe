"""Machine: the capacity of one node with the defaults of its device type, and why a service does not fit there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rohe_iac.blueprint.language.inventory import Inventory, Node, Taint
from rohe_iac.blueprint.language.pipeline import AcceleratorRequest, Requests, Service
from rohe_iac.blueprint.language.placement import Toleration, requirements_of
from rohe_iac.blueprint.linked.capacity import capacity_of

UNKNOWN_AMOUNT = 2**63
"""The substitute for an amount that is reported as implausible, so that nothing follows from it."""


MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True)
class DeviceGroup:
    """Accelerators of one node that are alike.

    Attributes:
        type: The type of accelerator, as requests name it.
        model: The model; "" where none is stated.
        capacity: What can be given out of each device, in basis points.
        count: Number of devices.
        memory: Bytes of memory of each; UNKNOWN_AMOUNT where none is stated.
    """

    type: str
    model: str
    capacity: int
    count: int
    memory: int = UNKNOWN_AMOUNT


@dataclass(frozen=True, slots=True)
class Machine:
    """One node of an inventory.

    Attributes:
        name: The node's name.
        arch: The architecture; "" where none is stated.
        cpu: Millicores, without those that others use.
        rss: Bytes of memory, without those that others use.
        cores: Number of cores.
        devices: The accelerators.
        labels: The node's labels.
        taints: The taints that keep replicas off.
        status: running, cordoned or down.
        disk, network: Bytes, and bits a second, without those that others use; UNKNOWN_AMOUNT where none are stated.
    """

    name: str
    arch: str
    cpu: int
    rss: int
    cores: int
    devices: tuple[DeviceGroup, ...]
    labels: dict[str, str]
    taints: tuple[Taint, ...]
    status: str
    disk: int = UNKNOWN_AMOUNT
    network: int = UNKNOWN_AMOUNT

    def domain(self, key: str) -> str | None:
        """Returns the value of a topologyKey here; None where the node has no such label."""
        return self.name if key == "node" else self.labels.get(key)

    def most_available(self, kind: str, request: AcceleratorRequest) -> int:
        """Returns the number of whole devices, or the basis points of the best one, that suit a request."""
        fitting = [device for device in self._of_kind(kind, request) if (request.memory or 0) <= device.memory]
        if request.count is not None:
            return sum(device.count for device in fitting)
        return max((device.capacity for device in fitting), default=0)

    def most_memory(self, kind: str, request: AcceleratorRequest) -> int:
        """Returns the most memory of the devices of the type and models that a request names, in bytes."""
        return max((device.memory for device in self._of_kind(kind, request)), default=0)

    def _of_kind(self, kind: str, request: AcceleratorRequest) -> list[DeviceGroup]:
        return [
            device
            for device in self.devices
            if device.type == kind and (not request.models or device.model in request.models)
        ]

    def exclusion(self, service: Service) -> str:
        """Returns why no replica can be on this node whatever it asks for; "" where one can."""
        rules = service.placement
        keys = [rule.topology_key for rule in rules.spread if rule.required]
        keys += [rule.topology_key for rule in (*rules.avoid, *rules.near) if rule.required]
        if self.status != "running":
            return self.status
        if not all(wanted.holds(self.domain(wanted.key)) for wanted in requirements_of(rules.node_selector)):
            return "without the labels of nodeSelector"
        if service.arch and self.arch and self.arch not in service.arch:
            return f"of architecture {self.arch}"
        for taint in self.taints:
            if not any(_tolerates(toleration, taint) for toleration in rules.tolerations):
                return f"tainted {taint.key}"
        for key in keys:
            if self.domain(key) is None:
                return f"without a label {key}"
        return ""

    def refusal(self, service: Service, requests: Requests) -> str:
        """Returns why no replica with these requests can be on this node, even an empty one; "" where one can."""
        excluded = self.exclusion(service)
        if excluded:
            return excluded
        if requests.cpu > self.cpu or len(requests.cores) > self.cores:
            return "with too little cpu"
        if requests.memory is not None and requests.memory.rss > self.rss:
            return "with too little memory"
        if requests.disk > self.disk:
            return "with too little disk"
        if requests.network > self.network:
            return "with too little network bandwidth"
        for kind, request in requests.accelerators.items():
            if self.most_available(kind, request) < (request.count or request.share or 0):
                return f"without such {kind}"
        return ""


def machines_of(inventory: Inventory) -> Iterator[Machine]:
    """Yields the machines of an inventory in the order of its nodes."""
    for node in inventory.spec.nodes:
        yield _machine_of(inventory, node)


def _machine_of(inventory: Inventory, node: Node) -> Machine:
    device_type = inventory.spec.device_types.get(node.device_type or "")
    cpu = node.cpu if node.cpu is not None else device_type.cpu if device_type is not None else 0
    memory = node.memory or (device_type.memory if device_type is not None else None)
    # A node that overrides cpu alone does not keep the type's cores.
    cores = (
        node.cores
        if node.cores is not None
        else device_type.cores
        if device_type is not None and node.cpu is None
        else None
    )
    devices = (
        node.accelerators
        if node.accelerators is not None
        else device_type.accelerators
        if device_type is not None
        else {}
    )
    capacity = capacity_of(node, device_type)
    rss = memory.rss if memory is not None else 0
    used = node.used
    return Machine(
        name=node.name,
        arch=node.arch or (device_type.arch if device_type is not None else None) or "",
        cpu=cpu - used.cpu if cpu > 0 else UNKNOWN_AMOUNT,
        rss=rss - (used.memory.rss if used.memory is not None else 0) if rss >= MEBIBYTE else UNKNOWN_AMOUNT,
        cores=len(cores) if cores is not None else cpu // 1000 if cpu > 0 else UNKNOWN_AMOUNT,
        devices=tuple(
            DeviceGroup(
                device.type,
                device.model or "",
                device.capacity,
                device.count,
                UNKNOWN_AMOUNT if device.memory is None else device.memory,
            )
            for device in devices.values()
        ),
        labels=node.labels,
        taints=tuple(taint for taint in node.taints if taint.effect != "PreferNoSchedule"),
        status=node.status,
        disk=UNKNOWN_AMOUNT if capacity.disk is None else capacity.disk - used.disk,
        network=UNKNOWN_AMOUNT if capacity.network is None else capacity.network - used.network,
    )


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect is not None and toleration.effect != taint.effect:
        return False
    if toleration.operator == "Exists":
        return toleration.key in ("", taint.key)
    return toleration.key == taint.key and toleration.value == taint.value
