"""The original's service files: applications with their services and what each of their replicas asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rohe_iac.importing.compose.environment import take_environment
from rohe_iac.importing.foreign.beside import Beside
from rohe_iac.importing.foreign.command import take_command, take_image
from rohe_iac.importing.foreign.drafts import IMPORTED, Gathering, PipelineDraft
from rohe_iac.importing.foreign.journal import Field, plain
from rohe_iac.importing.foreign.naming import NAMES, dns_name, take_name
from rohe_iac.importing.foreign.units import (
    NUMBER,
    CoresUnit,
    cpu_of,
    number_of,
    port_of,
    share_of,
    shown_cores,
    shown_memory,
    shown_share,
    sizes_of,
    stated_unit,
    unit_of_cores,
    whole_millicores,
    whole_of,
)
from rohe_iac.importing.rohe.nodes import is_node

SERVICE_ID = "rohe.dev/service-id"


SENSITIVITIES = ("none", "cpu", "memory", "cpu+memory")


STATE = "state of a running service; what runs where is decided by the plan"


REASONS = dict.fromkeys(("node", "status", "instanceids", "running", "instances", "queuetime", "qtime"), STATE)


UNKNOWN = "services of the original have no such field; the blueprint is yours to extend"


SURE_MARKS = (*NAMES, "service_id", "port_mapping", "cpu_required", "cores_required", "memory_required", "sensitivity")


MARKS = (*SURE_MARKS, "image", "replicas", "processor")


def is_service(part: Field, *, sure: bool = False) -> bool:
    """Whether a mapping holds what services of the original have; sure: what only they have."""
    for mark in (SURE_MARKS if sure else MARKS) if part.is_mapping else ():
        found = part.get(mark)
        # Applications and services may have these names too, and are mappings.
        if found is not None and (not found.is_mapping or found.get("rss", "vms") is not None):
            return True
    return False


def looks_like_services(field: Field, *, sure: bool) -> bool:
    """Whether a mapping or list holds services, or applications that hold services; one at least, and no nodes.

    sure: there is nothing around it that says that it is of the original, so one has to be unmistakable.
    """
    parts = [part for _, part in _parts(field)]
    inner = [part for application in parts if not is_service(application) for _, part in _parts(application)]
    found = any(is_service(part, sure=sure) for part in (*parts, *inner))
    return found and not any(is_node(part) for part in (*parts, *inner))


def _parts(field: Field) -> list[tuple[str, Field]]:
    return field.entries() or [(f"service{index + 1}", item) for index, item in enumerate(field.items())]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One service of a file before it is read. cpu: millicores, 0 where none is given."""

    application: str
    key: str
    field: Field
    cpu: int
    cores: Field | None
    chunks: tuple[Fraction, ...]


def take_services(root: Field, body: Field, into: Gathering) -> None:
    """Adds the services of `body` to pipelines, one an application; `root` is the whole document."""
    stated = stated_unit(root)
    unit = into.cores_unit or stated
    entries = list(_entries(root, body, into))
    fallback = _common_unit(entries)
    for entry in entries:
        draft = into.pipeline(entry.application, entry.field.place.file)
        draft.services.append(_service(entry, unit or _unit(entry, fallback), draft, into.beside))


def _entries(root: Field, body: Field, into: Gathering) -> Iterator[_Entry]:
    loose = root.get("application_name", "application")
    # No application around a service: the file's own, or what the user named.
    outer = into.name or (loose.text if loose is not None else "") or IMPORTED
    parts = [("service", body)] if is_service(body) else _parts(body)
    for key, part in parts:
        if is_service(part):
            if loose is not None and outer == loose.text:
                loose.to(f"Pipeline/{into.pipeline(outer, root.place.file).name}: metadata.name")
            yield _entry(outer, key, part)
            continue
        for inner_key, inner in _parts(part):
            if is_service(inner):
                yield _entry(key, inner_key, inner)
            elif body.path:
                inner.drop("not a service: it has no image, name, replicas or request")


def _entry(application: str, key: str, field: Field) -> _Entry:
    cpu = field.get("cpu_required", "cpu")
    if cpu is not None and cpu.is_mapping:
        cpu = cpu.get("required", "capacity", "request")
    cores = field.get("cores_required", "processor", "cores", "processors")
    chunks: list[Fraction | None] = []
    if cores is not None and cores.is_list:
        chunks = [number_of(item) for item in cores.items()]
    elif cores is not None and cores.is_scalar:
        chunks = [number_of(cores)]
    known = tuple(chunk for chunk in chunks if chunk)
    amount = cpu_of(cpu, known) if cpu is not None else None
    return _Entry(application, key, field, amount or 0, cores, known)


def _common_unit(entries: list[_Entry]) -> CoresUnit:
    """The unit that most services of the file make clear."""
    told = [unit_of_cores(entry.cpu, entry.chunks) for entry in entries if entry.cpu and entry.chunks]
    votes = Counter(unit for unit, clear in told if clear)
    return max(CoresUnit, key=lambda unit: votes[unit])  # percent where there are as many of each


def _unit(entry: _Entry, fallback: CoresUnit) -> CoresUnit:
    if not entry.chunks:
        return fallback
    if max(entry.chunks) > 100:
        return CoresUnit.millicores  # a replica's peak on one core is at most all of it
    unit, clear = unit_of_cores(entry.cpu, entry.chunks)
    if clear and entry.cpu:
        return unit
    if entry.cores is not None and entry.cpu:
        other = CoresUnit.millicores if fallback is not CoresUnit.millicores else CoresUnit.percent
        entry.cores.note(
            f"the cores are taken as {fallback.value}, as elsewhere in the file, which is not certain; "
            f"--cores-unit {other.value} says otherwise"
        )
    return fallback


def _service(entry: _Entry, unit: CoresUnit, draft: PipelineDraft, beside: Beside) -> dict[str, Any]:
    field = entry.field
    named = field.get("microservice_name") or field.get("service_name", "name")
    original = named.text if named is not None and named.text else entry.key
    name = take_name(field, original, "service", draft.names, draft.annotations)
    target = f"Pipeline/{draft.name}: services.{name}"
    if named is not None:
        named.to(f"{target}.name")
    service: dict[str, Any] = {"name": name}
    take_image(field, service, target, "image", "image_name", "docker_image")
    # The original has none of these; files that were extended by hand call them what the language does.
    take_command(field, service, target, {"command": "command", "args": "args"})
    take_environment(field, service, target, beside)
    _identity(field, name, entry, draft, target)
    replicas = field.get("replicas", "replica", "num_replicas")
    if replicas is not None and (count := whole_of(replicas)) is not None:
        if count <= 1_000_000:
            service["replicas"] = count
            replicas.to(f"{target}.replicas")
        else:
            replicas.fault(f"expected at most 1,000,000 replicas, found {count}")
    ports = _ports(field, target)
    if ports:
        service["ports"] = ports
    requests = _requests(entry, unit, target)
    if requests:
        service["requests"] = requests
    _sensitivity(field, service, target)
    field.rest(REASONS, UNKNOWN)
    return service


def _identity(field: Field, name: str, entry: _Entry, draft: PipelineDraft, target: str) -> None:
    identity = field.get("service_id", "id")
    if identity is not None and identity.text:
        if identity.text != made_service_id(draft.original, entry_name(field, entry.key)):
            draft.annotations[f"{SERVICE_ID}.{name}"] = identity.text
        identity.to(f"{target}: annotation {SERVICE_ID}.{name}")


def entry_name(field: Field, key: str) -> str:
    """The name of a service as its file has it."""
    named = field.get("microservice_name") or field.get("service_name", "name")
    return named.text if named is not None and named.text else key


def made_service_id(application: str, service: str) -> str:
    """The id that `rohe export` gives a service that never had one."""
    return f"{application}:{service}"


def _ports(field: Field, target: str) -> list[dict[str, Any]]:
    ports: list[dict[str, Any]] = []
    known: set[tuple[int, str]] = set()
    mapping = field.get("port_mapping", "port_mappings")
    for item in mapping.listed() if mapping is not None else []:
        inside, outside = item.get("con_port", "container_port"), item.get("phy_port", "physical_port", "port")
        number = port_of(inside) if inside is not None else None
        reached = port_of(outside) if outside is not None else None
        number = number or reached
        protocol = item.get("protocol")
        word = "UDP" if protocol is not None and protocol.text.upper() == "UDP" else "TCP"
        if number is None:
            item.drop("neither con_port nor phy_port is a port")
            continue
        if (number, word) in known:
            item.drop(f"container port {number} is mapped already, and a port has one service port")
            continue
        known.add((number, word))
        label = item.get("name")
        port: dict[str, Any] = {"name": label.text if label is not None and label.text else port_name(number, word)}
        port["containerPort"] = number
        if reached is not None:
            port["servicePort"] = reached
        if word == "UDP":
            port["protocol"] = word
        ports.append(port)
        item.to(f"{target}.ports.{port['name']}")
    listed = field.get("ports", "port")
    if listed is not None:
        for item in listed.listed():
            number = port_of(item)
            if number is not None and (number, "TCP") not in known and (number, "UDP") not in known:
                known.add((number, "TCP"))
                ports.append({"name": port_name(number, "TCP"), "containerPort": number})
            item.to(f"{target}.ports.{port_name(number or 0, 'TCP')}")
    _tell_apart(ports)
    return ports


def port_name(number: int, protocol: str) -> str:
    """What a port without a name is called."""
    return f"p{number}" if protocol == "TCP" else f"p{number}-udp"


def _tell_apart(ports: list[dict[str, Any]]) -> None:
    given: set[str] = set()
    for port in ports:
        name = dns_name(str(port["name"]), "port")
        if name in given:
            name = port_name(port["containerPort"], port.get("protocol", "TCP"))
        given.add(name)
        port["name"] = name


def _requests(entry: _Entry, unit: CoresUnit, target: str) -> dict[str, Any]:
    field, requests = entry.field, dict[str, Any]()
    target = f"{target}.requests"
    cpu = field.get("cpu_required", "cpu")
    if cpu is not None:
        if entry.cpu:
            requests["cpu"] = shown_cores(entry.cpu)
        cpu.to(f"{target}.cpu")
    if entry.cores is not None:
        chunks = [whole_millicores(chunk * unit.millicores_of_one, entry.cores) for chunk in entry.chunks]
        if chunks:
            requests["cores"] = [shown_cores(chunk) for chunk in chunks]
        entry.cores.to(f"{target}.cores")
    memory = field.get("memory_required", "memory", "mem")
    if memory is not None:
        _memory(memory, requests, target)
    accelerators = field.get("accelerator_required", "accelerator", "accelerators")
    if accelerators is not None:
        _accelerators(accelerators, requests, target)
    return requests


def _memory(memory: Field, requests: dict[str, Any], target: str) -> None:
    sizes = {name: amount for name, amount in sizes_of(memory, f"{target}.memory").items() if amount}
    if sizes:
        # The language wants rss; who asks for virtual memory alone asks for no resident memory.
        requests["memory"] = {name: shown_memory(amount) for name, amount in {"rss": 0, **sizes}.items()}


def _accelerators(accelerators: Field, requests: dict[str, Any], target: str) -> None:
    if not accelerators.is_mapping:
        accelerators.drop("an accelerator is asked for as TYPE: PERCENT")
        return
    asked: dict[str, Any] = {}
    for key, part in accelerators.entries():
        figure = part.get("required", "capacity", "share", "percent") if part.is_mapping else part
        if figure is None or figure.value is None or (share := share_of(figure)) is None:
            continue
        kind = key.lower()
        if share > 10000:
            whole = -(-share // 10000)
            if share % 10000:
                part.note(f"a share is of one device: {shown_share(share)} becomes {whole} whole devices")
            asked[kind] = {"count": whole}
        elif share:
            asked[kind] = {"share": shown_share(share)}
        part.to(f"{target}.accelerators.{kind}" if share else "asks for none")
    if asked:
        requests["accelerators"] = asked


def _sensitivity(field: Field, service: dict[str, Any], target: str) -> None:
    part = field.get("sensitivity")
    if part is None:
        return
    words = {"none": 0, "not": 0, "cpu": 1, "memory": 2, "cpumemory": 3, "cpu+memory": 3}
    level = words.get(plain(part.text).replace("sensitive", ""))
    if NUMBER.fullmatch(part.text):
        number = Fraction(part.text)
        level = int(number) if number in range(len(SENSITIVITIES)) else None
    if level is None:
        part.drop("not a sensitivity from 0 to 3; it is taken as 0, none")
        return
    if level:
        service["sensitivity"] = SENSITIVITIES[level]
    part.to(f"{target}.sensitivity")
