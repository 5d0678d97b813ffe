"""Checks of demands that no node of an inventory meets: warnings, since refusing them is for the planner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from rohe_iac.blueprint.checks.domains import UNPLACEABLE, Domains, check_flow_keys, check_topology_keys
from rohe_iac.blueprint.checks.pipeline import IMPLAUSIBLE_CPU
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import guessed_name, warning
from rohe_iac.blueprint.hints.foreign_terms import VALUES
from rohe_iac.blueprint.hints.writing import quoted_text
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.pipeline import AcceleratorRequest, Pipeline, Requests, Service
from rohe_iac.blueprint.language.placement import LabelCondition, WantedLabel, requirements_of
from rohe_iac.blueprint.linked.machine import Machine, machines_of
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.foundation.quantities import bandwidths_alike, shown_bytes, shown_cpu


@dataclass(frozen=True)
class Fleet:
    """The nodes of an inventory, with the most that any node has and all that they have together."""

    machines: tuple[Machine, ...]

    @cached_property
    def cpu(self) -> int:
        """Returns the most CPU of any node, in millicores."""
        return max((machine.cpu for machine in self.machines), default=0)

    @cached_property
    def rss(self) -> int:
        """Returns the most memory of any node, in bytes."""
        return max((machine.rss for machine in self.machines), default=0)

    @cached_property
    def disk(self) -> int:
        """Returns the most disk of any node, in bytes."""
        return max((machine.disk for machine in self.machines), default=0)

    @cached_property
    def network(self) -> int:
        """Returns the most bandwidth of any node's interface, in bits a second."""
        return max((machine.network for machine in self.machines), default=0)

    @cached_property
    def cores(self) -> int:
        """Returns the largest number of cores of any node."""
        return max((machine.cores for machine in self.machines), default=0)

    @cached_property
    def models(self) -> dict[str, set[str]]:
        """Returns the models of accelerators by their type."""
        models: dict[str, set[str]] = {}
        for devices in {machine.devices for machine in self.machines}:
            for device in devices:
                models.setdefault(device.type, set()).add(device.model)
        return models

    @cached_property
    def _by_devices(self) -> tuple[Machine, ...]:
        """Returns one node of each group of nodes with the same accelerators."""
        return tuple({machine.devices: machine for machine in self.machines}.values())

    @cached_property
    def _most_by_request(self) -> dict[tuple[str, tuple[str, ...], bool, int], int]:
        return {}

    def most(self, kind: str, request: AcceleratorRequest) -> int:
        """Returns the whole devices, or basis points of one, that the best node has for a request; cached."""
        key = (kind, request.models, request.count is not None, request.memory or 0)
        if key not in self._most_by_request:
            self._most_by_request[key] = max(machine.most_available(kind, request) for machine in self._by_devices)
        return self._most_by_request[key]

    def most_memory(self, kind: str, request: AcceleratorRequest) -> int:
        """Returns the most memory, in bytes, of any device that is of the type and models asked for."""
        return max(machine.most_memory(kind, request) for machine in self._by_devices)

    @cached_property
    def archs(self) -> set[str]:
        """Returns the architectures of the nodes; "" stands for nodes that state none."""
        return {machine.arch for machine in self.machines}

    @cached_property
    def values(self) -> dict[str, set[str]]:
        """Returns the values of each label."""
        values: dict[str, set[str]] = {}
        for machine in self.machines:
            for key, value in machine.labels.items():
                values.setdefault(key, set()).add(value)
        return values

    @cached_property
    def names(self) -> set[str]:
        """Returns the names of the nodes."""
        return {machine.name for machine in self.machines}

    @cached_property
    def labels(self) -> frozenset[str]:
        """Returns the names of all labels."""
        return frozenset(self.values)

    @cached_property
    def some_values(self) -> dict[str, str]:
        """Returns the first values of each label, as hints list them."""
        return {key: _first_names(values) for key, values in self.values.items()}


def fleet_of(inventory: Inventory) -> Fleet:
    """Returns the fleet of an inventory."""
    return Fleet(tuple(machines_of(inventory)))


def check_fitting(document: Document, pipeline: Pipeline, fleet: Fleet) -> Iterator[Finding]:
    """Yields a warning for every demand that no node meets, or for demands that no node meets together."""
    yield from check_flow_keys(document, pipeline, fleet.labels)
    domains = Domains(fleet.machines, document, pipeline)
    for index, service in enumerate(pipeline.spec.services):
        base: Path = ("spec", "services", index)
        findings = [*check_requests(document, (*base, "requests"), service.requests, fleet)]
        for part_index, variant in enumerate(service.variants):
            if variant.requests is not None:
                path: Path = (*base, "variants", part_index, "requests")
                findings += check_requests(document, path, variant.requests, fleet)
        for part_index, member in enumerate(service.ensemble.members if service.ensemble is not None else ()):
            path = (*base, "ensemble", "members", part_index)
            if member.requests is not None:
                findings += check_requests(document, (*path, "requests"), member.requests, fleet)
            if member.arch is not None or member.placement is not None:
                own = Service.model_construct(name=member.name, arch=member.arch or ())
                own = own if member.placement is None else own.model_copy(update={"placement": member.placement})
                findings += check_rules(document, path, own, fleet)
        findings += check_rules(document, base, service, fleet)
        yield from findings or domains.check(document, base, service)


def check_requests(document: Document, base: Path, requests: Requests, fleet: Fleet) -> Iterator[Finding]:
    """Yields a warning for every request that is more than any node has."""
    if fleet.cpu < requests.cpu < IMPLAUSIBLE_CPU:
        hint = f"did you mean {requests.cpu // 1000}m?" if requests.cpu >= 100_000 else UNPLACEABLE
        message = f"{shown_cpu(requests.cpu)} cores are more than the largest node has ({shown_cpu(fleet.cpu)})"
        yield warning(document, (*base, "cpu"), "R301", message, hint)
    if requests.memory is not None and requests.memory.rss > fleet.rss:
        wanted, most = shown_bytes(requests.memory.rss), shown_bytes(fleet.rss)
        message = f"{wanted} of memory are more than the largest node has ({most})"
        yield warning(document, (*base, "memory", "rss"), "R301", message, UNPLACEABLE)
    if requests.disk > fleet.disk:
        wanted, most = shown_bytes(requests.disk), shown_bytes(fleet.disk)
        message = f"{wanted} of disk are more than the largest node has ({most})"
        yield warning(document, (*base, "disk"), "R301", message, UNPLACEABLE)
    if requests.network > fleet.network:
        wanted, most = bandwidths_alike(requests.network, fleet.network)
        message = f"{wanted} of network are more than any node's interface has ({most})"
        yield warning(document, (*base, "network"), "R301", message, UNPLACEABLE)
    if len(requests.cores) > fleet.cores:
        message = f"{len(requests.cores)} distinct cores are more than any node has ({fleet.cores})"
        yield warning(document, (*base, "cores"), "R301", message, UNPLACEABLE)
    for kind, request in requests.accelerators.items():
        yield from _check_accelerator(document, (*base, "accelerators", kind), kind, request, fleet)


def _check_accelerator(
    document: Document, base: Path, kind: str, request: AcceleratorRequest, fleet: Fleet
) -> Iterator[Finding]:
    if kind not in fleet.models:
        hint = f"types of the inventory: {', '.join(sorted(fleet.models)[:12]) or 'none at all'}"
        yield warning(document, base, "R302", f"no node has an accelerator of type '{kind}'", hint, on_key=True)
        return
    if request.models and not fleet.models[kind].intersection(request.models):
        known_models = ", ".join(sorted(filter(None, fleet.models[kind]))[:12])
        hint = f"models of the inventory: {known_models or 'none is stated'}"
        message = f"no node has a {kind} of model {' or '.join(request.models)}"
        yield warning(document, (*base, "models"), "R302", message, hint)
        return
    if request.memory and request.memory > (most_memory := fleet.most_memory(kind, request)):
        wanted, largest = shown_bytes(request.memory), shown_bytes(most_memory)
        message = f"{wanted} of {kind} memory are more than any such device has ({largest})"
        yield warning(document, (*base, "memory"), "R301", message, UNPLACEABLE)
        return
    most = fleet.most(kind, request)
    if request.count is not None and request.count > most:
        message = f"{request.count} whole devices are more than any node has ({most})"
        yield warning(document, (*base, "count"), "R301", message, UNPLACEABLE)
    elif request.share is not None and request.share > most:
        message = f"{request.share / 100:g}% of a device are more than the largest gives out ({most / 100:g}%)"
        yield warning(document, (*base, "share"), "R301", message, UNPLACEABLE)


def check_rules(document: Document, base: Path, service: Service, fleet: Fleet) -> Iterator[Finding]:
    """Yields a warning for every label, value and architecture that rules ask for and no node has."""
    if service.arch and "" not in fleet.archs and fleet.archs.isdisjoint(service.arch):
        known_names = [(i, VALUES[arch]) for i, arch in enumerate(service.arch) if VALUES.get(arch) in fleet.archs]
        path: Path = (*base, "arch", *(known_names[0][:1] if known_names else ()))
        hint = (
            f"did you mean '{known_names[0][1]}'?"
            if known_names
            else f"architectures of the inventory: {_first_names(fleet.archs)}"
        )
        message = f"no node is of architecture {' or '.join(service.arch)}"
        yield warning(document, path, "R303", message, hint)
    for key, wanted in service.placement.node_selector.items():
        yield from _check_label(document, (*base, "placement", "nodeSelector", key), key, wanted, fleet)
    for index, preferred in enumerate(service.placement.prefer):
        for key, wanted in preferred.node_selector.items():
            path = (*base, "placement", "prefer", index, "nodeSelector", key)
            yield from _check_label(document, path, key, wanted, fleet, "preferred ")
    yield from check_topology_keys(document, base, service, fleet.labels)


def _check_label(
    document: Document, path: Path, key: str, wanted: WantedLabel, fleet: Fleet, kind: str = ""
) -> Iterator[Finding]:
    """Yields a warning for each value of a selector that no node has, and for a condition that no node meets.

    Args:
        document: The document of the selector.
        path: The path of the label in it.
        key: The label; `node` is the node's name.
        wanted: What is asked of the label.
        fleet: The nodes.
        kind: What precedes the word label in messages: nothing, or "preferred ".
    """
    if key == "node":
        values, what, hint = fleet.names, "is named", f"nodes: {_first_names(fleet.names)}"
    else:
        values, what = fleet.values.get(key, set()), f"has the {kind}label {key}:"
        hint = f"values of '{key}': {fleet.some_values[key]}" if values else f"no node has a label '{key}'"
    if isinstance(wanted, LabelCondition):
        (requirement,) = requirements_of({key: wanted})
        if not any(requirement.holds(machine.domain(key)) for machine in fleet.machines):
            yield warning(document, path, "R303", f"no node meets what is asked of the {kind}label {key}", hint)
        return
    several = not isinstance(wanted, str)
    for index, value in enumerate([wanted] if isinstance(wanted, str) else wanted):
        if value not in values:
            place = (*path, index) if several else path
            if not values and (near := guessed_name(document, key, sorted(fleet.labels))):
                # Of a label that no node has, its name is misspelt.
                message, hint = f"no node {what} {value}", f"did you mean {quoted_text(near)}?"
                yield warning(document, path, "R303", message, hint, on_key=True)
                return
            yield warning(document, place, "R303", f"no node {what} {value}", hint)


def _first_names(names: set[str]) -> str:
    return ", ".join(sorted(names)[:8])
