"""What fits no node of an inventory at all; told as warnings, since it is the planner that refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rohe_iac.blueprint.finding import Document, Finding, Path
from rohe_iac.blueprint.inventory import Inventory
from rohe_iac.blueprint.pipeline import Pipeline, Requests, Service
from rohe_iac.blueprint.references import warning
from rohe_iac.foundation.quantities import shown_bytes, shown_cpu


@dataclass(frozen=True)
class Largest:
    """The most that any one node has of each, and all that nodes have between them. values: of each label, in order."""

    cpu: int
    rss: int
    cores: int
    types: frozenset[str]
    shown_types: str
    archs: frozenset[str]
    labels: frozenset[tuple[str, str]]
    values: dict[str, list[str]]


def check_fitting(document: Document, pipeline: Pipeline, largest: Largest) -> Iterator[Finding]:
    """A warning for every request that is larger than any node, and for every accelerator or label that none has."""
    for index, service in enumerate(pipeline.spec.services):
        at: Path = ("spec", "services", index)
        yield from _requests(document, (*at, "requests"), service.requests, largest)
        for part_index, variant in enumerate(service.variants):
            if variant.requests is not None:
                yield from _requests(document, (*at, "variants", part_index, "requests"), variant.requests, largest)
        for part_index, member in enumerate(service.ensemble.members if service.ensemble is not None else ()):
            if member.requests is not None:
                path = (*at, "ensemble", "members", part_index, "requests")
                yield from _requests(document, path, member.requests, largest)
        yield from _rules(document, at, service, largest)


def largest_of(inventory: Inventory) -> Largest:
    """What the nodes of an inventory have."""
    cpu = rss = cores = 0
    types: set[str] = set()
    archs: set[str] = set()
    labels: set[tuple[str, str]] = set()
    devices = inventory.spec.device_types
    for node in inventory.spec.nodes:
        device = devices.get(node.device_type or "")
        node_cpu = node.cpu if node.cpu is not None else device.cpu if device is not None else 0
        memory = node.memory or (device.memory if device is not None else None)
        node_cores = node.cores if node.cores is not None else device.cores if device is not None else None
        cpu = max(cpu, node_cpu)
        rss = max(rss, memory.rss if memory is not None else 0)
        cores = max(cores, len(node_cores) if node_cores is not None else -(-node_cpu // 1000))
        accelerators = (
            node.accelerators if node.accelerators is not None else device.accelerators if device is not None else {}
        )
        types.update(accelerator.type for accelerator in accelerators.values())
        arch = node.arch or (device.arch if device is not None else None)
        archs.add(arch or "")
        labels.update(node.labels.items())
    values: dict[str, list[str]] = {}
    for key, value in sorted(labels):
        values.setdefault(key, []).append(value)
    shown = ", ".join(sorted(types)[:12]) or "none at all"
    return Largest(cpu, rss, cores, frozenset(types), shown, frozenset(archs), frozenset(labels), values)


def _requests(document: Document, at: Path, requests: Requests, largest: Largest) -> Iterator[Finding]:
    if requests.cpu > largest.cpu:
        hint = f"did you mean {requests.cpu // 1000}m?" if requests.cpu >= 100_000 else "no replica of it can be placed"
        message = f"{shown_cpu(requests.cpu)} cores are more than the largest node has ({shown_cpu(largest.cpu)})"
        yield warning(document, (*at, "cpu"), "R301", message, hint)
    if requests.memory is not None and requests.memory.rss > largest.rss:
        wanted, most = shown_bytes(requests.memory.rss), shown_bytes(largest.rss)
        message = f"{wanted} of memory are more than the largest node has ({most})"
        yield warning(document, (*at, "memory", "rss"), "R301", message, "no replica of it can be placed")
    if len(requests.cores) > largest.cores:
        message = f"{len(requests.cores)} distinct cores are more than any node has ({largest.cores})"
        yield warning(document, (*at, "cores"), "R301", message, "no replica of it can be placed")
    for name in requests.accelerators:
        if name not in largest.types:
            message = f"no node has an accelerator of type '{name}'"
            yield warning(
                document,
                (*at, "accelerators", name),
                "R302",
                message,
                f"types of the inventory: {largest.shown_types}",
                on_key=True,
            )


def _rules(document: Document, at: Path, service: Service, largest: Largest) -> Iterator[Finding]:
    if service.arch and "" not in largest.archs and not set(service.arch) & largest.archs:
        found = ", ".join(sorted(largest.archs))
        message = f"no node is of architecture {' or '.join(service.arch)}"
        yield warning(document, (*at, "arch"), "R303", message, f"architectures of the inventory: {found}")
    for key, value in service.placement.node_selector.items():
        if (key, value) not in largest.labels:
            values = largest.values.get(key, [])[:8]
            hint = f"values of '{key}': {', '.join(values)}" if values else f"no node has a label '{key}'"
            path = (*at, "placement", "nodeSelector", key)
            yield warning(document, path, "R303", f"no node has the label {key}: {value}", hint)
