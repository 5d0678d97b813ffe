"""Finds the fields that have another value after exported files are imported again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.inventory import DeviceType, Inventory, Node
from rohe_iac.blueprint.language.pipeline import Memory, Pipeline, Requests, SecretValue, Service
from rohe_iac.blueprint.linked.capacity import capacity_of
from rohe_iac.importing.foreign.yaml_text import document_text
from rohe_iac.importing.import_texts import import_texts

BATCH = 1000
"""The most nodes, or services of one application, that are imported at once."""


LeftOut = tuple[str, str, str]
"""What the files do not hold: address, field and reason."""


@dataclass(frozen=True, slots=True)
class WrittenService:
    """A service in the files, with the name of its pipeline and the address that messages name it by."""

    pipeline: str
    address: str
    service: Service


def changes_on_return(
    inventory: Inventory,
    services: Sequence[WrittenService],
    files: Sequence[dict[str, Any]],
    left_out: Sequence[LeftOut],
) -> list[LeftOut]:
    """Returns every field to which an import of the files gives another value.

    Args:
        inventory: The inventory that was exported.
        services: The services in the files, in order.
        files: The content of the files.
        left_out: Fields that are known not to be in the files; they are not returned again.
    """
    texts = [document_text(part) for file in files for part in _batches(file) if part["data"]]
    sources = [SourceText(f"exported-{index}", text) for index, text in enumerate(texts)]
    documents = import_texts(sources, name=inventory.metadata.name).documents
    inventories = [Inventory.model_validate(document) for document in documents if document["kind"] == "Inventory"]
    pipelines = [Pipeline.model_validate(document) for document in documents if document["kind"] == "Pipeline"]
    found: list[LeftOut] = []
    known = {(address, field.partition(".")[0]) for address, field, _ in left_out}
    pairs: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    returned_nodes = [node for returned in inventories for node in returned.spec.nodes]
    for before, after in zip(inventory.spec.nodes, returned_nodes, strict=True):
        kinds = inventories[0].spec.device_types
        pairs.append((f"node/{before.name}", _node(before, inventory.spec.device_types), _node(after, kinds)))
    returned_services = [
        (pipeline.metadata.name, service) for pipeline in pipelines for service in pipeline.spec.services
    ]
    for written, (pipeline, service) in zip(services, returned_services, strict=True):
        found += _variables(written, service)
        before_export = {"pipeline": written.pipeline, **_service(written.service)}
        pairs.append((written.address, before_export, {"pipeline": pipeline, **_service(service)}))
    for address, old, new in pairs:
        found += [
            (address, field, f"an import of the file gives {_text_of(new[field])} instead of {_text_of(old[field])}")
            for field in old
            if old[field] != new[field] and (address, field) not in known
        ]
    return found


def _batches(file: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields the file in parts small enough for one import; together they mean the same."""
    data: dict[str, Any] = file["data"]
    if all("node_name" in entry for entry in data.values()):
        for begin in range(0, len(data), BATCH):
            yield {**file, "data": dict(list(data.items())[begin : begin + BATCH])}
        return
    for application, entries in data.items():
        for begin in range(0, len(entries), BATCH):
            yield {**file, "data": {application: dict(list(entries.items())[begin : begin + BATCH])}}


def _node(node: Node, kinds: dict[str, DeviceType]) -> dict[str, Any]:
    """Returns the fields of a node to compare, with the figures of its device type."""
    capacity = capacity_of(node, kinds.get(node.device_type or ""))
    return {
        "name": node.name,
        "deviceType": node.device_type,
        "mac": node.mac,
        "status": node.status,
        "labels": node.labels,
        "cpu": capacity.cpu,
        "cores": capacity.cores,
        "memory": capacity.memory,
        "accelerators": capacity.accelerators,
        "frequency": capacity.frequency,
        "arch": capacity.arch,
        "used": {
            "cpu": node.used.cpu,
            "cores": (*node.used.cores, *[0] * (len(capacity.cores) - len(node.used.cores))),
            "memory": _sizes(node.used.memory),
            "accelerators": {name: taken.share for name, taken in node.used.accelerators.items() if taken.share},
        },
    }


def _service(service: Service) -> dict[str, Any]:
    """Returns the fields of a service to compare."""
    return {
        "name": service.name,
        "image": service.image,
        "command": service.command,
        "args": service.args,
        "workingDir": service.working_dir,
        "replicas": service.replicas,
        "ports": {port.name: port for port in service.ports},
        "requests": _requests(service.requests),
        "sensitivity": service.sensitivity,
    }


def _variables(written: WrittenService, returned: Service) -> Iterator[LeftOut]:
    """Yields variables that come back with another value; no value is shown, for it may be meant as a secret."""
    for name, value in written.service.env.items():
        new_value = returned.env.get(name)
        if new_value is None:
            yield written.address, f"env.{name}", "an import of the file gives a secret for env:NAME alone"
        elif new_value != value and isinstance(new_value, SecretValue):
            yield written.address, f"env.{name}", "it looks like a secret, so an import of the file makes one of it"
        elif new_value != value:
            yield written.address, f"env.{name}", "an import of the file gives it another value"


def _requests(requests: Requests) -> dict[str, Any]:
    # A single whole device equals a share of 100 %, and a request for nothing equals no request.
    shares = {
        kind: (request.share, request.models) if request.count != 1 else (10000, request.models)
        for kind, request in requests.accelerators.items()
        if request.count is not None or request.share
    }
    counts = {kind: request.count for kind, request in requests.accelerators.items() if (request.count or 0) > 1}
    return {
        "cpu": requests.cpu,
        "cores": tuple(core for core in requests.cores if core),
        "memory": _sizes(requests.memory),
        "accelerators": (shares, counts),
    }


def _sizes(memory: Memory | None) -> tuple[int, int]:
    return (0, 0) if memory is None else (memory.rss, memory.vms or 0)


def _text_of(value: Any) -> str:
    """Returns a value of any field as text for people."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_text_of(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_text_of, value)) + "]"
    if isinstance(value, Model):
        return _text_of({name: part for name, part in value.model_dump(by_alias=True).items() if part is not None})
    return "nothing" if value is None else str(value)
