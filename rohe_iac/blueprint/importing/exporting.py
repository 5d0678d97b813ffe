"""Back to the original's format: nodes and services of a blueprint as its node and service files.

What that format has, comes back unchanged when the files are imported again; what it has not, is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from rohe_iac.blueprint.base import Metadata, Model
from rohe_iac.blueprint.importing.naming import ORIGINAL_NAME
from rohe_iac.blueprint.importing.services import SENSITIVITIES, SERVICE_ID, made_service_id, port_name
from rohe_iac.blueprint.importing.units import MEBIBYTE
from rohe_iac.blueprint.inventory import Accelerator, DeviceType, Inventory, Node
from rohe_iac.blueprint.pipeline import Memory, Pipeline, Requests, Service
from rohe_iac.blueprint.workload import effective

HEAD = "# Written by rohe export."
"""The first line of what export writes; only a file that begins with it is written over."""
KEPT = frozenset(("name", "image", "replicas", "ports", "requests", "sensitivity"))


@dataclass
class Exported:
    """The content of the two files. left_out: (address, field, why it is not in them), in order."""

    nodes: dict[str, Any]
    services: dict[str, Any]
    left_out: list[tuple[str, str, str]] = field(default_factory=list)


NO_SUCH_FIELD = "the original has no such field"


def export_documents(inventory: Inventory, pipelines: Sequence[Pipeline]) -> Exported:
    """The inventory's nodes and the pipelines' services as the original writes them."""
    done = Exported(
        {"command": "ADD NODE", "cores_unit": "percent", "data": {}},
        {"command": "ADD SERVICE", "cores_unit": "percent", "data": {}},
    )
    for index, node in enumerate(inventory.spec.nodes):
        kind = inventory.spec.device_types.get(node.device_type or "")
        done.nodes["data"][f"node{index + 1}"] = _node(node, kind, inventory.metadata, done)
    if inventory.spec.links:
        done.left_out.append((f"inventory/{inventory.metadata.name}", "links", NO_SUCH_FIELD))
    for pipeline in pipelines:
        name = _original(pipeline.metadata, "", pipeline.metadata.name)
        services: dict[str, Any] = {}
        for service in pipeline.spec.services:
            services |= _services(service, name, pipeline.metadata, done)
        done.services["data"][name] = services
        for word in ("flow", "load"):
            if getattr(pipeline.spec, word):
                done.left_out.append((f"pipeline/{pipeline.metadata.name}", word, NO_SUCH_FIELD))
    return done


def _original(metadata: Metadata, part: str, name: str) -> str:
    return metadata.annotations.get(ORIGINAL_NAME + (f".{part}.{name}" if part else ""), name)


def _node(node: Node, kind: DeviceType | None, metadata: Metadata, done: Exported) -> dict[str, Any]:
    address = f"node/{node.name}"
    cpu = node.cpu if node.cpu is not None else kind.cpu if kind is not None else 0
    # As in planning: a node that overrides cpu alone does not keep the type's cores.
    cores = node.cores if node.cores is not None else kind.cores if kind is not None and node.cpu is None else None
    cores = cores if cores is not None else (1000,) * (cpu // 1000)
    memory = node.memory or (kind.memory if kind is not None else None)
    devices = node.accelerators if node.accelerators is not None else kind.accelerators if kind is not None else {}
    frequency = node.frequency or (kind.frequency if kind is not None else None)
    used = node.used
    made: dict[str, Any] = {"node_name": _original(metadata, "node", node.name)}
    if node.mac is not None:
        made["MAC"] = node.mac
    else:
        done.left_out.append((address, "mac", "there is none, and the original knows a node by it"))
    made["status"] = node.status
    if frequency is not None:
        made["frequency"] = _number(Fraction(frequency, 10**9))
    else:
        done.left_out.append((address, "frequency", "there is none, and the original wants one"))
    made["accelerator"] = {name: _device(item, used.accelerators.get(name, 0)) for name, item in devices.items()}
    made["cpu"] = {"capacity": cpu, "used": used.cpu}
    made["memory"] = {"capacity": _sizes(memory), "used": _sizes(used.memory)}
    taken = [*used.cores[: len(cores)], *[0] * (len(cores) - len(used.cores))]
    made["processor"] = {"capacity": [_percent(core) for core in cores], "used": [_percent(core) for core in taken]}
    for name in ("arch", "cost"):
        if getattr(node, name) or (kind is not None and getattr(kind, name)):
            done.left_out.append((address, name, NO_SUCH_FIELD))
    for name in ("labels", "taints"):
        if getattr(node, name):
            done.left_out.append((address, name, NO_SUCH_FIELD))
    return made


def _device(device: Accelerator, used: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "mode": "nonpre-emptive" if device.mode == "exclusive" else "pre-emptive",
        "type": device.type,
    }
    if device.cores is not None:
        made["core"] = device.cores
    made |= {"capacity": _number(Fraction(device.capacity, 100)), "used": _number(Fraction(used, 100))}
    # The original passes over what it does not know, and an import reads it again.
    if device.model is not None:
        made["model"] = device.model
    if device.count != 1:
        made["count"] = device.count
    return made


def _services(service: Service, application: str, metadata: Metadata, done: Exported) -> dict[str, Any]:
    original = _original(metadata, "service", service.name)
    address = f"service/{metadata.name}:{service.name}"
    if service.variants:
        done.left_out.append((address, "variants", "the original has no alternatives; the service itself is written"))
    if service.ensemble is None:
        identity = metadata.annotations.get(f"{SERVICE_ID}.{service.name}", made_service_id(application, original))
        return {original: _service(service, original, identity, address, done)}
    done.left_out.append((address, "ensemble", "the original has no ensembles; each member is a service of its own"))
    found: dict[str, Any] = {}
    for member in service.ensemble.members:
        name = f"{original}_{member.name}"
        whole = effective(service, member)
        found[name] = _service(whole, name, made_service_id(application, name), f"{address}/{member.name}", done)
    return found


def _service(service: Service, name: str, identity: str, address: str, done: Exported) -> dict[str, Any]:
    requests = service.requests
    replicas = service.replicas
    if replicas == "auto":
        done.left_out.append((address, "replicas", "the original has a number: 1 is written for auto"))
        replicas = 1
    made: dict[str, Any] = {
        "service_name": name,
        "service_id": identity,
        "node": {},
        "status": "queueing",
        "instance_ids": [],
        "running": 0,
    }
    if service.image is not None:
        made["image"] = service.image
    else:
        done.left_out.append((address, "image", "there is none, and the original runs images only"))
    made |= _ports(service, address, done)
    made["cpu"] = requests.cpu
    made["accelerator"] = _accelerators(requests, address, done)
    made["memory"] = _sizes(requests.memory)
    made["processor"] = [_percent(core) for core in requests.cores]
    made["sensitivity"] = SENSITIVITIES.index(service.sensitivity)
    made["replicas"] = replicas
    done.left_out += [(address, word, NO_SUCH_FIELD) for word in _set(service) if word not in KEPT]
    return made


def _set(model: Model) -> list[str]:
    """The fields that say something, as YAML names them, but for those told of elsewhere."""
    fields = type(model).model_fields
    return [
        info.alias or name
        for name, info in fields.items()
        if name not in ("variants", "ensemble") and getattr(model, name) != info.get_default(call_default_factory=True)
    ]


def _ports(service: Service, address: str, done: Exported) -> dict[str, Any]:
    listed: list[int] = []
    mapping: list[dict[str, Any]] = []
    for port in service.ports:
        if port.container_port is None:
            done.left_out.append((address, f"ports.{port.name}", "it has no containerPort"))
            continue
        listed.append(port.container_port)
        if port.host_port is not None:
            done.left_out.append((address, f"ports.{port.name}.hostPort", NO_SUCH_FIELD))
        usual = port_name(port.container_port, port.protocol)
        if port.service_port is None:
            if port.name != usual or port.protocol != "TCP":
                done.left_out.append((address, f"ports.{port.name}", "only its containerPort is written"))
            continue
        entry: dict[str, Any] = {"con_port": port.container_port, "phy_port": port.service_port}
        if port.name != usual:
            entry["name"] = port.name
        if port.protocol != "TCP":
            entry["protocol"] = port.protocol
        mapping.append(entry)
    return {"ports": list(dict.fromkeys(listed)), "port_mapping": mapping}


def _accelerators(requests: Requests, address: str, done: Exported) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for kind, request in requests.accelerators.items():
        if request.models:
            done.left_out.append((address, f"requests.accelerators.{kind}.models", NO_SUCH_FIELD))
        asked[kind] = request.count * 100 if request.count is not None else _number(Fraction(request.share or 0, 100))
    # The original places a service nowhere that says nothing of accelerators.
    return asked or {"gpu": 0}


def _sizes(memory: Memory | None) -> dict[str, Any]:
    """rss and vms in MB; what is not there, is 0."""
    rss, vms = (0, 0) if memory is None else (memory.rss, memory.vms or 0)
    return {"rss": _number(Fraction(rss, MEBIBYTE)), "vms": _number(Fraction(vms, MEBIBYTE))}


def _percent(amount: int) -> int | float:
    return _number(Fraction(amount, 10))


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)
