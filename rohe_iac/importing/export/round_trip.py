"""What comes back otherwise than it was when exported files are imported again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.inventory import DeviceType, Inventory, Node
from rohe_iac.blueprint.language.pipeline import Memory, Pipeline, Requests, SecretValue, Service
from rohe_iac.importing.foreign.yaml_text import document_text
from rohe_iac.importing.import_texts import import_texts

AT_ONCE = 1000
"""So many nodes or services of one application are imported at once."""


Lost = tuple[str, str, str]
"""Address, field, why it is not in the files."""


@dataclass(frozen=True, slots=True)
class Written:
    """A service that was written. pipeline: the name of its own; address: as messages have it."""

    pipeline: str
    address: str
    service: Service


def lost_on_return(
    inventory: Inventory, services: Sequence[Written], files: Sequence[dict[str, Any]], told: Sequence[Lost]
) -> list[Lost]:
    """Every field that an import of the files gives another value, but for those that are told already."""
    texts = [document_text(part) for file in files for part in _parts(file) if part["data"]]
    sources = [SourceText(f"exported-{index}", text) for index, text in enumerate(texts)]
    documents = import_texts(sources, name=inventory.metadata.name).documents
    inventories = [Inventory.model_validate(document) for document in documents if document["kind"] == "Inventory"]
    pipelines = [Pipeline.model_validate(document) for document in documents if document["kind"] == "Pipeline"]
    found: list[Lost] = []
    known = {(address, field.partition(".")[0]) for address, field, _ in told}
    pairs: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    for before, after in zip(
        inventory.spec.nodes, [node for one in inventories for node in one.spec.nodes], strict=True
    ):
        kinds = inventories[0].spec.device_types
        pairs.append((f"node/{before.name}", _node(before, inventory.spec.device_types), _node(after, kinds)))
    again = [(one.metadata.name, service) for one in pipelines for service in one.spec.services]
    for written, (pipeline, service) in zip(services, again, strict=True):
        found += _variables(written, service)
        was = {"pipeline": written.pipeline, **_service(written.service)}
        pairs.append((written.address, was, {"pipeline": pipeline, **_service(service)}))
    for address, was, now in pairs:
        found += [
            (address, field, f"{_shown(was[field])} comes back as {_shown(now[field])}")
            for field in was
            if was[field] != now[field] and (address, field) not in known
        ]
    return found


def _parts(file: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The file in parts that are no larger than what an import reads at once; together they mean the same."""
    data: dict[str, Any] = file["data"]
    if all("node_name" in entry for entry in data.values()):
        for begin in range(0, len(data), AT_ONCE):
            yield {**file, "data": dict(list(data.items())[begin : begin + AT_ONCE])}
        return
    for application, entries in data.items():
        for begin in range(0, len(entries), AT_ONCE):
            yield {**file, "data": {application: dict(list(entries.items())[begin : begin + AT_ONCE])}}


def resolved(node: Node, kind: DeviceType | None) -> dict[str, Any]:
    """What a node offers, its device type's figures where it has none of its own; as in planning."""

    def of(name: str) -> Any:
        own = getattr(node, name)
        return own if own is not None or kind is None else getattr(kind, name)

    cpu = of("cpu") or 0
    # A node that overrides cpu alone does not keep the type's cores.
    cores = node.cores if node.cores is not None else kind.cores if kind is not None and node.cpu is None else None
    return {
        "cpu": cpu,
        "cores": cores if cores is not None else (1000,) * (cpu // 1000),
        "memory": of("memory"),
        "accelerators": of("accelerators") or {},
        "frequency": of("frequency"),
        "arch": of("arch"),
    }


def _node(node: Node, kinds: dict[str, DeviceType]) -> dict[str, Any]:
    offers = resolved(node, kinds.get(node.device_type or ""))
    cores = len(offers["cores"])
    used = {
        "cpu": node.used.cpu,
        "cores": (*node.used.cores, *[0] * (cores - len(node.used.cores))),
        "memory": _sizes(node.used.memory),
        "accelerators": {name: share for name, share in node.used.accelerators.items() if share},
    }
    named = {"name": node.name, "deviceType": node.device_type, "mac": node.mac, "status": node.status}
    return {**named, "labels": node.labels, **offers, "used": used}


def _service(service: Service) -> dict[str, Any]:
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


def _variables(written: Written, again: Service) -> Iterator[Lost]:
    """Variables that come back otherwise; no value is told, for it may be one that is meant to be a secret."""
    for name, value in written.service.env.items():
        now = again.env.get(name)
        if now is None:
            yield written.address, f"env.{name}", "a secret comes back where it is env:NAME"
        elif now != value and isinstance(now, SecretValue):
            yield written.address, f"env.{name}", "it looks like a secret, and comes back as one"
        elif now != value:
            yield written.address, f"env.{name}", "it comes back with another value"


def _requests(requests: Requests) -> dict[str, Any]:
    # One whole device is a share of 100 %, a request for nothing is none.
    asked = {
        kind: (one.share, one.models) if one.count != 1 else (10000, one.models)
        for kind, one in requests.accelerators.items()
        if one.count is not None or one.share
    }
    counts = {kind: one.count for kind, one in requests.accelerators.items() if (one.count or 0) > 1}
    return {
        "cpu": requests.cpu,
        "cores": tuple(core for core in requests.cores if core),
        "memory": _sizes(requests.memory),
        "accelerators": (asked, counts),
    }


def _sizes(memory: Memory | None) -> tuple[int, int]:
    return (0, 0) if memory is None else (memory.rss, memory.vms or 0)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_shown(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, Model):
        return _shown({name: part for name, part in value.model_dump(by_alias=True).items() if part is not None})
    return "nothing" if value is None else str(value)
