"""Capacity: what a node offers, the figures of its device type where the node has none of its own."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.blueprint.language.accelerators.accelerator import Accelerator
from rohe_iac.blueprint.language.inventory import DeviceType, Node
from rohe_iac.blueprint.language.pipeline import Memory


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a node offers, the part that others use included.

    Attributes:
        cpu: In millicores; 0 where neither the node nor its device type has any.
        cores: In millicores, one entry a core.
        memory: None where neither the node nor its device type has any.
        accelerators: By name.
        frequency: In hertz, or None.
        arch: The processor architecture, or None.
        cost: Per hour, or None.
        disk: In bytes, or None.
        network: In bits a second, each way, or None.
    """

    cpu: int
    cores: tuple[int, ...]
    memory: Memory | None
    accelerators: dict[str, Accelerator]
    frequency: int | None
    arch: str | None
    cost: float | None
    disk: int | None = None
    network: int | None = None


def capacity_of(node: Node, kind: DeviceType | None) -> Capacity:
    """Returns the capacity of a node. kind: the node's device type, if any."""
    cpu = node.cpu if node.cpu is not None else kind.cpu if kind is not None else 0
    # A node that overrides cpu alone does not keep the type's cores.
    cores = node.cores if node.cores is not None else kind.cores if kind is not None and node.cpu is None else None
    accelerators = node.accelerators if node.accelerators is not None or kind is None else kind.accelerators
    return Capacity(
        cpu=cpu,
        cores=cores if cores is not None else (1000,) * (cpu // 1000),
        memory=node.memory if node.memory is not None or kind is None else kind.memory,
        accelerators=accelerators or {},
        frequency=node.frequency if node.frequency is not None or kind is None else kind.frequency,
        arch=node.arch if node.arch is not None or kind is None else kind.arch,
        cost=node.cost if node.cost is not None or kind is None else kind.cost,
        disk=node.disk if node.disk is not None or kind is None else kind.disk,
        network=node.network if node.network is not None or kind is None else kind.network,
    )
