"""Back to the original's format: nodes and services of a blueprint as its node and service files.

What that format has, comes back unchanged when the files are imported again; what it has not, is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from rohe_iac.blueprint.language.base import Metadata, Model
from rohe_iac.blueprint.language.inventory import Accelerator, DeviceType, Inventory, Node
from rohe_iac.blueprint.language.pipeline import Memory, Pipeline, Requests, SecretValue, Service
from rohe_iac.blueprint.linked.workload import with_alternative
from rohe_iac.importing.export.round_trip import Lost, Written, lost_on_return, resolved
from rohe_iac.importing.foreign.naming import ORIGINAL_NAME, Names
from rohe_iac.importing.foreign.units import MEBIBYTE, rounded
from rohe_iac.importing.rohe.nodes import type_name
from rohe_iac.importing.rohe.services import SENSITIVITIES, SERVICE_ID, made_service_id, port_name

HEAD = "# Written by rohe export."
"""The first line of what export writes; only a file that begins with it is written over."""


RUN = ("image", "command", "args", "workingDir", "env")


KEPT = frozenset(("name", *RUN, "replicas", "ports", "requests", "sensitivity"))


@dataclass
class Exported:
    """The content of the two files. written: every service in them; left_out: what is not in them, in order."""

    nodes: dict[str, Any]
    services: dict[str, Any]
    written: list[Written] = field(default_factory=list)
    left_out: list[Lost] = field(default_factory=list)


NO_SUCH_FIELD = "the original has no such field"


def export_documents(inventory: Inventory, pipelines: Sequence[Pipeline]) -> Exported:
    """The inventory's nodes and the pipelines' services as the original writes them."""
    done = Exported(
        {"command": "ADD NODE", "cores_unit": "percent", "data": {}},
        {"command": "ADD SERVICE", "cores_unit": "percent", "data": {}},
    )
    names = Names()
    for index, node in enumerate(inventory.spec.nodes):
        kind = inventory.spec.device_types.get(node.device_type or "")
        name = _returning(_original(inventory.metadata, "node", node.name), node.name, "node", names, done)
        done.nodes["data"][f"node{index + 1}"] = _node(node, name, kind, done)
    address = f"inventory/{inventory.metadata.name}"
    _about(address, inventory.metadata, done)
    if inventory.spec.links:
        done.left_out.append((address, "links", NO_SUCH_FIELD))
    unused = inventory.spec.device_types.keys() - {node.device_type for node in inventory.spec.nodes}
    done.left_out += [(address, f"deviceTypes.{name}", "no node is of that type") for name in sorted(unused)]
    applications = Names()
    for pipeline in pipelines:
        address = f"pipeline/{pipeline.metadata.name}"
        original = _original(pipeline.metadata, "", pipeline.metadata.name)
        name = _returning(original, pipeline.metadata.name, "pipeline", applications, done)
        done.services["data"][name] = _application(pipeline, name, done)
        _about(address, pipeline.metadata, done)
        done.left_out += [(address, word, NO_SUCH_FIELD) for word in ("flow", "load") if getattr(pipeline.spec, word)]
    done.left_out += lost_on_return(inventory, done.written, (done.nodes, done.services), done.left_out)
    return done


def _about(address: str, metadata: Metadata, done: Exported) -> None:
    if metadata.labels:
        done.left_out.append((address, "metadata.labels", NO_SUCH_FIELD))
    others = [key for key in metadata.annotations if not key.startswith((ORIGINAL_NAME, SERVICE_ID))]
    done.left_out += [(address, f"metadata.annotations.{key}", NO_SUCH_FIELD) for key in others]


def _returning(original: str, name: str, kind: str, given: Names, done: Exported) -> str:
    """The original name where an import makes the same name of it, in its turn; else the name itself."""
    if original == name:
        given.give(name, kind)
        return name
    if given.would(original, kind) == name:
        given.give(original, kind)
        return original
    given.give(name, kind)
    why = f"an import would make another name of '{original[:60]}'"
    done.left_out.append((f"{kind}/{name}", "original name", why))
    return name


def _original(metadata: Metadata, part: str, name: str) -> str:
    return metadata.annotations.get(ORIGINAL_NAME + (f".{part}.{name}" if part else ""), name)


def _node(node: Node, name: str, kind: DeviceType | None, done: Exported) -> dict[str, Any]:
    address = f"node/{node.name}"
    offers = resolved(node, kind)
    cores, devices, frequency = offers["cores"], offers["accelerators"], offers["frequency"]
    used = node.used
    made: dict[str, Any] = {"node_name": name}
    if node.mac is not None:
        made["MAC"] = node.mac
    else:
        done.left_out.append((address, "mac", "there is none, and the original knows a node by it"))
    made["status"] = node.status
    if frequency is not None:
        # A bare figure above 100 would be read as MHz.
        made["frequency"] = _number(Fraction(frequency, 10**9)) if frequency <= 10**11 else f"{frequency}Hz"
    else:
        done.left_out.append((address, "frequency", "there is none, and the original wants one"))
    made["accelerator"] = {name: _device(item, used.accelerators.get(name, 0)) for name, item in devices.items()}
    made["cpu"] = {"capacity": offers["cpu"], "used": used.cpu}
    made["memory"] = {"capacity": _sizes(offers["memory"]), "used": _sizes(used.memory)}
    taken = [*used.cores[: len(cores)], *[0] * (len(cores) - len(used.cores))]
    made["processor"] = {"capacity": [_percent(core) for core in cores], "used": [_percent(core) for core in taken]}
    # The original passes over what it does not know, and an import reads it again.
    if node.device_type not in (None, type_name(name)):
        made["device_type"] = node.device_type
    if offers["arch"] is not None:
        made["arch"] = offers["arch"]
    if node.labels:
        made["labels"] = dict(node.labels)
    for word in ("cost", "taints"):
        if getattr(node, word) or (kind is not None and getattr(kind, word, None)):
            done.left_out.append((address, word, NO_SUCH_FIELD))
    return made


def _device(device: Accelerator, used: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "mode": "nonpre-emptive" if device.mode == "exclusive" else "pre-emptive",
        "type": device.type,
    }
    if device.cores is not None:
        made["core"] = device.cores
    made |= {"capacity": _number(Fraction(device.capacity, 100)), "used": _number(Fraction(used, 100))}
    if device.model is not None:
        made["model"] = device.model
    if device.count != 1:
        made["count"] = device.count
    return made


def _application(pipeline: Pipeline, application: str, done: Exported) -> dict[str, Any]:
    """The services of one pipeline by their keys; each member of an ensemble is one."""
    made: dict[str, Any] = {}
    names = Names()
    for service in pipeline.spec.services:
        address = f"service/{pipeline.metadata.name}:{service.name}"
        original = _original(pipeline.metadata, "service", service.name)
        if service.variants:
            why = "the original has no alternatives; the service itself is written"
            done.left_out.append((address, "variants", why))
        if service.ensemble is None:
            name = _returning(original, service.name, "service", names, done)
            made_id = made_service_id(application, name)
            identity = pipeline.metadata.annotations.get(f"{SERVICE_ID}.{service.name}", made_id)
            parts = [(name, identity, address, service)]
        else:
            why = "the original has no ensembles; each member is a service of its own"
            done.left_out.append((address, "ensemble", why))
            parts = []
            for member in service.ensemble.members:
                name = f"{original}_{member.name}"
                whole = with_alternative(service, member).model_copy(update={"name": names.give(name, "service")})
                parts.append((name, made_service_id(application, name), f"{address}/{member.name}", whole))
        for name, identity, where, whole in parts:
            key = name if name not in made else whole.name
            made[key] = _service(whole, name, identity, where, done)
            done.written.append(Written(pipeline.metadata.name, where, whole))
    return made


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
    for word, line in (("command", service.command), ("args", service.args)):
        if line:
            made[word] = list(line)
    if service.working_dir != ".":
        made["working_dir"] = service.working_dir
    variables = {name: _variable(value) for name, value in service.env.items()}
    if service.env:
        made["environment"] = {name: text for name, text in variables.items() if text is not None}
    made |= _ports(service, address, done)
    made["cpu"] = requests.cpu
    made["accelerator"] = _accelerators(requests, address, done)
    made["memory"] = _sizes(requests.memory)
    made["processor"] = [_percent(core) for core in requests.cores]
    made["sensitivity"] = SENSITIVITIES.index(service.sensitivity)
    made["replicas"] = replicas
    done.left_out += [(address, word, NO_SUCH_FIELD) for word in _set(service) if word not in KEPT]
    return made


def _variable(value: str | SecretValue) -> str | None:
    """A variable as Compose has it, which an import reads; None for a secret that is none of the shell's."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    secret = value.secret
    return f"${{{secret.removeprefix('env:')}}}" if isinstance(secret, str) and secret.startswith("env:") else None


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
    """rss and vms in MB, in bytes where a figure in MB would not be exact; what is not there, is 0."""
    rss, vms = (0, 0) if memory is None else (memory.rss, memory.vms or 0)
    return {"rss": _megabytes(rss), "vms": _megabytes(vms)}


def _megabytes(amount: int) -> int | float | str:
    written = _number(Fraction(amount, MEBIBYTE))
    return written if rounded(Fraction(str(written)) * MEBIBYTE) == amount else f"{amount}B"


def _percent(amount: int) -> int | float:
    return _number(Fraction(amount, 10))


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)
