"""Writes nodes and services of a blueprint as node and service files of the original ROHE.

Fields that the original's format has come back unchanged when the files are imported again; all others are listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from rohe_iac.blueprint.language.accelerators.accelerator import Accelerator
from rohe_iac.blueprint.language.base import Metadata, Model
from rohe_iac.blueprint.language.inventory import DeviceType, Inventory, Node
from rohe_iac.blueprint.language.pipeline import Memory, Pipeline, Requests, SecretValue, Service
from rohe_iac.blueprint.linked.capacity import capacity_of
from rohe_iac.blueprint.linked.workload import with_alternative
from rohe_iac.importing.export.round_trip import LeftOut, WrittenService, changes_on_return
from rohe_iac.importing.foreign.naming import ORIGINAL_NAME, UniqueNames
from rohe_iac.importing.foreign.ports import port_name
from rohe_iac.importing.foreign.units import MEBIBYTE, round_up
from rohe_iac.importing.rohe.nodes import type_name
from rohe_iac.importing.rohe.services import SENSITIVITIES, SERVICE_ID, default_service_id

HEAD = "# Written by rohe export."
"""The first line of files that export writes; only a file that begins with it is overwritten."""


KEPT = frozenset(
    ("name", "image", "command", "args", "workingDir", "env", "replicas", "ports", "requests", "sensitivity")
)
"""Fields of a service that the original's format has."""


@dataclass
class ExportedFiles:
    """The content of the two files.

    Attributes:
        nodes: The content of the node file.
        services: The content of the service file.
        written: The services in the files, in order.
        left_out: The fields that are not in the files, in order.
    """

    nodes: dict[str, Any]
    services: dict[str, Any]
    written: list[WrittenService] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


NO_SUCH_FIELD = "the original has no such field"


def export_documents(inventory: Inventory, pipelines: Sequence[Pipeline]) -> ExportedFiles:
    """Returns the inventory's nodes and the pipelines' services in the original's format."""
    exported = ExportedFiles(
        {"command": "ADD NODE", "cores_unit": "percent", "data": {}},
        {"command": "ADD SERVICE", "cores_unit": "percent", "data": {}},
    )
    names = UniqueNames()
    for index, node in enumerate(inventory.spec.nodes):
        kind = inventory.spec.device_types.get(node.device_type or "")
        name = _name_on_return(_original(inventory.metadata, "node", node.name), node.name, "node", names, exported)
        exported.nodes["data"][f"node{index + 1}"] = _node(node, name, kind, exported)
    address = f"inventory/{inventory.metadata.name}"
    _list_metadata(address, inventory.metadata, exported)
    if inventory.spec.links:
        exported.left_out.append((address, "links", NO_SUCH_FIELD))
    unused = inventory.spec.device_types.keys() - {node.device_type for node in inventory.spec.nodes}
    exported.left_out += [(address, f"deviceTypes.{name}", "no node is of that type") for name in sorted(unused)]
    applications = UniqueNames()
    for pipeline in pipelines:
        address = f"pipeline/{pipeline.metadata.name}"
        original = _original(pipeline.metadata, "", pipeline.metadata.name)
        name = _name_on_return(original, pipeline.metadata.name, "pipeline", applications, exported)
        exported.services["data"][name] = _application(pipeline, name, exported)
        _list_metadata(address, pipeline.metadata, exported)
        exported.left_out += [
            (address, word, NO_SUCH_FIELD) for word in ("flow", "load") if getattr(pipeline.spec, word)
        ]
    exported.left_out += changes_on_return(
        inventory, exported.written, (exported.nodes, exported.services), exported.left_out
    )
    return exported


def _list_metadata(address: str, metadata: Metadata, exported: ExportedFiles) -> None:
    if metadata.labels:
        exported.left_out.append((address, "metadata.labels", NO_SUCH_FIELD))
    others = [key for key in metadata.annotations if not key.startswith((ORIGINAL_NAME, SERVICE_ID))]
    exported.left_out += [(address, f"metadata.annotations.{key}", NO_SUCH_FIELD) for key in others]


def _name_on_return(original: str, name: str, kind: str, names: UniqueNames, exported: ExportedFiles) -> str:
    """Returns the original name where an import makes the present name of it; else the present name.

    Args:
        original: The name in the file that the part was imported from.
        name: The present name.
        kind: What the part is, such as `node`.
        names: The names that an import has given before this part; added to.
        exported: The files; an original name that is lost is listed.
    """
    if original == name:
        names.give(name, kind)
        return name
    if names.peek(original, kind) == name:
        names.give(original, kind)
        return original
    names.give(name, kind)
    why = f"an import would make another name of '{original[:60]}'"
    exported.left_out.append((f"{kind}/{name}", "original name", why))
    return name


def _original(metadata: Metadata, part: str, name: str) -> str:
    return metadata.annotations.get(ORIGINAL_NAME + (f".{part}.{name}" if part else ""), name)


def _node(node: Node, name: str, kind: DeviceType | None, exported: ExportedFiles) -> dict[str, Any]:
    address = f"node/{node.name}"
    capacity = capacity_of(node, kind)
    cores, used = capacity.cores, node.used
    entry: dict[str, Any] = {"node_name": name}
    if node.mac is not None:
        entry["MAC"] = node.mac
    else:
        exported.left_out.append((address, "mac", "there is none, and the original identifies a node by it"))
    entry["status"] = node.status
    if capacity.frequency is not None:
        # A bare figure above 100 would be read as MHz.
        gigahertz = Fraction(capacity.frequency, 10**9)
        entry["frequency"] = _number(gigahertz) if gigahertz <= 100 else f"{capacity.frequency}Hz"
    else:
        exported.left_out.append((address, "frequency", "there is none, and the original wants one"))
    entry["accelerator"] = {
        name: _device(device, used.accelerators[name].share if name in used.accelerators else 0)
        for name, device in capacity.accelerators.items()
    }
    for device_name, taken in used.accelerators.items():
        if taken.memory:
            exported.left_out.append((address, f"used.accelerators.{device_name}.memory", NO_SUCH_FIELD))
    entry["cpu"] = {"capacity": capacity.cpu, "used": used.cpu}
    entry["memory"] = {"capacity": _sizes(capacity.memory), "used": _sizes(used.memory)}
    used_cores = [*used.cores[: len(cores)], *[0] * (len(cores) - len(used.cores))]
    entry["processor"] = {
        "capacity": [_percent(core) for core in cores],
        "used": [_percent(core) for core in used_cores],
    }
    # The original ignores fields that it does not know, and an import reads them again.
    if node.device_type not in (None, type_name(name)):
        entry["device_type"] = node.device_type
    if capacity.arch is not None:
        entry["arch"] = capacity.arch
    if node.labels:
        entry["labels"] = dict(node.labels)
    for word in ("disk", "network"):
        if getattr(used, word):
            exported.left_out.append((address, f"used.{word}", NO_SUCH_FIELD))
    for word in ("cost", "taints", "disk", "network"):
        if getattr(node, word) or (kind is not None and getattr(kind, word, None)):
            exported.left_out.append((address, word, NO_SUCH_FIELD))
    return entry


def _device(device: Accelerator, used: int) -> dict[str, Any]:
    """Returns an accelerator in the original's format. used: in basis points."""
    entry: dict[str, Any] = {
        "mode": "nonpre-emptive" if device.mode == "exclusive" else "pre-emptive",
        "type": device.type,
    }
    if device.cores is not None:
        entry["core"] = device.cores
    entry |= {"capacity": _number(Fraction(device.capacity, 100)), "used": _number(Fraction(used, 100))}
    if device.model is not None:
        entry["model"] = device.model
    if device.count != 1:
        entry["count"] = device.count
    if device.memory is not None:
        entry["memory"] = _megabytes(device.memory)
    return entry


def _application(pipeline: Pipeline, application: str, exported: ExportedFiles) -> dict[str, Any]:
    """Returns the services of one pipeline by their keys; each member of an ensemble is a service."""
    entries: dict[str, Any] = {}
    names = UniqueNames()
    for service in pipeline.spec.services:
        address = f"service/{pipeline.metadata.name}:{service.name}"
        original = _original(pipeline.metadata, "service", service.name)
        if service.variants:
            why = "the original has no alternatives; the service itself is written"
            exported.left_out.append((address, "variants", why))
        if service.ensemble is None:
            name = _name_on_return(original, service.name, "service", names, exported)
            default = default_service_id(application, name)
            identity = pipeline.metadata.annotations.get(f"{SERVICE_ID}.{service.name}", default)
            parts = [(name, identity, address, service)]
        else:
            why = "the original has no ensembles; each member is a service of its own"
            exported.left_out.append((address, "ensemble", why))
            parts = []
            for member in service.ensemble.members:
                name = f"{original}_{member.name}"
                whole = with_alternative(service, member).model_copy(update={"name": names.give(name, "service")})
                parts.append((name, default_service_id(application, name), f"{address}/{member.name}", whole))
        for name, identity, where, whole in parts:
            key = name if name not in entries else whole.name
            entries[key] = _service(whole, name, identity, where, exported)
            exported.written.append(WrittenService(pipeline.metadata.name, where, whole))
    return entries


def _service(service: Service, name: str, identity: str, address: str, exported: ExportedFiles) -> dict[str, Any]:
    requests = service.requests
    replicas = service.replicas
    if not isinstance(replicas, int):
        exported.left_out.append((address, "replicas", f"the original has a number: 1 is written for {replicas}"))
        replicas = 1
    entry: dict[str, Any] = {
        "service_name": name,
        "service_id": identity,
        "node": {},
        "status": "queueing",
        "instance_ids": [],
        "running": 0,
    }
    if service.image is not None:
        entry["image"] = service.image
    else:
        exported.left_out.append((address, "image", "there is none, and the original runs images only"))
    for word, line in (("command", service.command), ("args", service.args)):
        if line:
            entry[word] = list(line)
    if service.working_dir != ".":
        entry["working_dir"] = service.working_dir
    variables = {name: _variable(value) for name, value in service.env.items()}
    if service.env:
        entry["environment"] = {name: text for name, text in variables.items() if text is not None}
    entry |= _ports(service, address, exported)
    entry["cpu"] = requests.cpu
    entry["accelerator"] = _accelerators(requests, address, exported)
    for word in ("disk", "network"):
        if getattr(requests, word):
            exported.left_out.append((address, f"requests.{word}", NO_SUCH_FIELD))
    entry["memory"] = _sizes(requests.memory)
    entry["processor"] = [_percent(core) for core in requests.cores]
    entry["sensitivity"] = SENSITIVITIES.index(service.sensitivity)
    entry["replicas"] = replicas
    exported.left_out += [(address, word, NO_SUCH_FIELD) for word in _set_fields(service) if word not in KEPT]
    return entry


def _variable(value: str | SecretValue) -> str | None:
    """Returns a variable in Compose's notation, which an import reads; None for a secret that is not `env:NAME`."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    secret = value.secret
    return f"${{{secret.removeprefix('env:')}}}" if isinstance(secret, str) and secret.startswith("env:") else None


def _set_fields(model: Model) -> list[str]:
    """Returns the names in YAML of fields that are not the default, but for variants and ensemble, listed elsewhere."""
    fields = type(model).model_fields
    return [
        info.alias or name
        for name, info in fields.items()
        if name not in ("variants", "ensemble") and getattr(model, name) != info.get_default(call_default_factory=True)
    ]


def _ports(service: Service, address: str, exported: ExportedFiles) -> dict[str, Any]:
    container_ports: list[int] = []
    mapping: list[dict[str, Any]] = []
    for port in service.ports:
        if port.container_port is None:
            exported.left_out.append((address, f"ports.{port.name}", "it has no containerPort"))
            continue
        container_ports.append(port.container_port)
        if port.host_port is not None:
            exported.left_out.append((address, f"ports.{port.name}.hostPort", NO_SUCH_FIELD))
        default_name = port_name(port.container_port, port.protocol)
        if port.service_port is None:
            if port.name != default_name or port.protocol != "TCP":
                exported.left_out.append((address, f"ports.{port.name}", "only its containerPort is written"))
            continue
        entry: dict[str, Any] = {"con_port": port.container_port, "phy_port": port.service_port}
        if port.name != default_name:
            entry["name"] = port.name
        if port.protocol != "TCP":
            entry["protocol"] = port.protocol
        mapping.append(entry)
    return {"ports": list(dict.fromkeys(container_ports)), "port_mapping": mapping}


def _accelerators(requests: Requests, address: str, exported: ExportedFiles) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for kind, request in requests.accelerators.items():
        if request.models:
            exported.left_out.append((address, f"requests.accelerators.{kind}.models", NO_SUCH_FIELD))
        if request.memory:
            exported.left_out.append((address, f"requests.accelerators.{kind}.memory", NO_SUCH_FIELD))
        entries[kind] = request.count * 100 if request.count is not None else _number(Fraction(request.share or 0, 100))
    # The original places a service without accelerators nowhere.
    return entries or {"gpu": 0}


def _sizes(memory: Memory | None) -> dict[str, Any]:
    """Returns rss and vms in MB, or in bytes where a figure in MB would not be exact; absent ones are 0."""
    rss, vms = (0, 0) if memory is None else (memory.rss, memory.vms or 0)
    return {"rss": _megabytes(rss), "vms": _megabytes(vms)}


def _megabytes(amount: int) -> int | float | str:
    written = _number(Fraction(amount, MEBIBYTE))
    return written if round_up(Fraction(str(written)) * MEBIBYTE) == amount else f"{amount}B"


def _percent(amount: int) -> int | float:
    return _number(Fraction(amount, 10))


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)
