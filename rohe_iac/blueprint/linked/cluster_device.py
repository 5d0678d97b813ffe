"""Cluster device: one accelerator of a node, as a Kubernetes cluster knows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rohe_iac.blueprint.language.accelerators.accelerator import Accelerator
from rohe_iac.blueprint.language.accelerators.kubernetes_device import AttributeValue, KubernetesDevice
from rohe_iac.blueprint.language.inventory import DeviceType, Inventory, Node
from rohe_iac.blueprint.linked.capacity import capacity_of


@dataclass(frozen=True, slots=True)
class ClusterDevice:
    """One device of a node.

    Attributes:
        name: Its name on the node, as plans have it (`GPU0`; `GPU0-3` where the entry has a count).
        type: The type that requests name.
        known: How clusters know it; None where the inventory does not say it.
        value: Its value of the attribute in which the node's devices differ.
        memory, share: The capacities that claims take memory and shares from; "" where they take none.
    """

    name: str
    type: str
    known: KubernetesDevice | None
    value: AttributeValue
    memory: str = ""
    share: str = ""


def is_given_whole(accelerator: Accelerator) -> bool:
    """Checks whether a cluster gives out the whole device or nothing: it counts it, or a claim allocates it alone."""
    known = accelerator.kubernetes
    return accelerator.mode == "exclusive" or (known is not None and known.capacity is None)


def devices_of_node(node: Node, kind: DeviceType | None) -> dict[str, ClusterDevice]:
    """Returns the devices of a node by name. kind: the node's device type, if any."""
    return {
        device.name: device
        for entry, accelerator in capacity_of(node, kind).accelerators.items()
        for device in devices_of_entry(entry, accelerator)
    }


def devices_of_inventory(inventory: Inventory) -> Mapping[str, Mapping[str, ClusterDevice]]:
    """Returns the devices of every node that has any, by node and name."""
    spec = inventory.spec
    shared: dict[str, dict[str, ClusterDevice]] = {}
    found: dict[str, dict[str, ClusterDevice]] = {}
    for node in spec.nodes:
        kind = node.device_type or ""
        if node.accelerators is not None:
            devices = devices_of_node(node, spec.device_types.get(kind))
        else:
            if kind not in shared:
                shared[kind] = devices_of_node(node, spec.device_types.get(kind))
            devices = shared[kind]
        if devices:
            found[node.name] = devices
    return found


def devices_of_entry(entry: str, accelerator: Accelerator) -> Iterator[ClusterDevice]:
    """Yields the devices of one entry of the accelerators of a node."""
    known = accelerator.kubernetes
    memory, share = consumed_names(accelerator)
    for number in range(accelerator.count):
        name = entry if accelerator.count == 1 else f"{entry}-{number}"
        value = known.values[number] if known is not None and known.values else name
        yield ClusterDevice(name, accelerator.type, known, value, memory, share)


def consumed_names(accelerator: Accelerator) -> tuple[str, str]:
    """Returns the names of the capacities that claims take memory and shares from; "" for what they take none of."""
    capacity = accelerator.kubernetes.capacity if accelerator.kubernetes is not None else None
    if capacity is None:
        return "", ""
    memory, share = capacity.memory or "", capacity.share or ""
    if memory and memory == share:  # a bare name
        return (memory, "") if accelerator.memory is not None else ("", share)
    return memory, share
