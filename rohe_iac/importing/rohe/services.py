"""Imports the original's service files: applications with their services and the requests of each replica."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rohe_iac.importing.foreign.command import add_command, add_image
from rohe_iac.importing.foreign.drafts import IMPORTED, Drafts, PipelineDraft
from rohe_iac.importing.foreign.journal import Field, loose_spelling
from rohe_iac.importing.foreign.naming import SERVICE_NAME_FIELDS, dns_name, give_name
from rohe_iac.importing.foreign.ports import make_port, port_name
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles
from rohe_iac.importing.foreign.units import (
    MAX_REPLICAS,
    NUMBER,
    CoresUnit,
    cpu_of,
    cpu_quantity,
    integer_of,
    memory_quantity,
    number_of,
    port_of,
    share_of,
    share_quantity,
    sizes_of,
    unit_in_file,
    unit_of_cores,
    whole_millicores,
)
from rohe_iac.importing.foreign.variables.environment import add_environment, substitute_references
from rohe_iac.importing.rohe.nodes import is_node

SERVICE_ID = "rohe.dev/service-id"
"""The annotation that keeps the ids of services, with `.NAME` of the service added."""


SENSITIVITIES = ("none", "cpu", "memory", "cpu+memory")
"""Sensitivities by the original's number."""


STATE = "state of a running service; what runs where is decided by the plan"


REASONS = dict.fromkeys(("node", "status", "instanceids", "running", "instances", "queuetime", "qtime"), STATE)


UNKNOWN = "services of the original have no such field; the blueprint is yours to extend"


SURE_MARKS = (
    *SERVICE_NAME_FIELDS,
    *("service_id", "port_mapping", "cpu_required", "cores_required", "memory_required", "sensitivity"),
)


MARKS = (*SURE_MARKS, "image", "replicas", "processor")


def is_service(part: Field, *, sure: bool = False) -> bool:
    """Checks whether a mapping has fields of the original's services. sure: fields that nothing else has."""
    for mark in (SURE_MARKS if sure else MARKS) if part.is_mapping else ():
        found = part.get(mark)
        # An application or a service may have a mark as its name, and then is a mapping.
        if found is not None and (not found.is_mapping or found.get("rss", "vms") is not None):
            return True
    return False


def looks_like_services(field: Field, *, sure: bool) -> bool:
    """Checks whether a mapping or list holds services or applications with services, at least one, and no nodes.

    Args:
        field: The mapping or list.
        sure: At least one service must have fields that only the original's services have.
    """
    parts = [part for _, part in _parts(field)]
    inner = [part for application in parts if not is_service(application) for _, part in _parts(application)]
    found = any(is_service(part, sure=sure) for part in (*parts, *inner))
    return found and not any(is_node(part) for part in (*parts, *inner))


def _parts(field: Field) -> list[tuple[str, Field]]:
    return field.entries() or [(f"service{index + 1}", item) for index, item in enumerate(field.items())]


@dataclass(frozen=True, slots=True)
class _ServiceEntry:
    """One service of a file, read as far as the unit of its cores depends on.

    Attributes:
        application: The name of its application.
        key: Its key in the file.
        field: The service in the file.
        cpu: In millicores; 0 where none is given.
        cores: The field of its cores.
        chunks: The figures of its cores that are above 0.
    """

    application: str
    key: str
    field: Field
    cpu: int
    cores: Field | None
    chunks: tuple[Fraction, ...]


def import_services(root: Field, body: Field, drafts: Drafts) -> None:
    """Adds services to pipelines, one pipeline an application.

    Args:
        root: The whole document.
        body: The mapping or list of services.
        drafts: The drafts of the import.
    """
    own_unit = unit_in_file(root)
    unit = drafts.cores_unit or own_unit
    entries = list(_entries(root, body, drafts))
    fallback = _common_unit(entries)
    for entry in entries:
        draft = drafts.pipeline(entry.application, entry.field.place.file)
        draft.services.append(_service(entry, unit or _unit(entry, fallback), draft, drafts.referenced_files))


def _entries(root: Field, body: Field, drafts: Drafts) -> Iterator[_ServiceEntry]:
    loose = root.get("application_name", "application")
    # A service without an application belongs to that of the user's name or of the file.
    outer = drafts.name or (loose.text if loose is not None else "") or IMPORTED
    parts = [("service", body)] if is_service(body) else _parts(body)
    for key, part in parts:
        if is_service(part):
            if loose is not None and outer == loose.text:
                loose.map_to(f"Pipeline/{drafts.pipeline(outer, root.place.file).name}: metadata.name")
            yield _entry(outer, key, part)
            continue
        for inner_key, inner in _parts(part):
            if is_service(inner):
                yield _entry(key, inner_key, inner)
            elif body.path:
                inner.drop("not a service: it has no image, name, replicas or request")


def _entry(application: str, key: str, field: Field) -> _ServiceEntry:
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
    return _ServiceEntry(application, key, field, amount or 0, cores, known)


def _common_unit(entries: list[_ServiceEntry]) -> CoresUnit:
    """Returns the unit that is certain for most services of the file; percent where no unit leads."""
    units = [unit_of_cores(entry.cpu, entry.chunks) for entry in entries if entry.cpu and entry.chunks]
    votes = Counter(unit for unit, certain in units if certain)
    return max(CoresUnit, key=lambda unit: votes[unit])


def _unit(entry: _ServiceEntry, fallback: CoresUnit) -> CoresUnit:
    if not entry.chunks:
        return fallback
    if max(entry.chunks) > 100:
        return CoresUnit.millicores  # a replica loads a core by at most 100 %
    unit, certain = unit_of_cores(entry.cpu, entry.chunks)
    if certain and entry.cpu:
        return unit
    if entry.cores is not None and entry.cpu:
        other = CoresUnit.millicores if fallback is not CoresUnit.millicores else CoresUnit.percent
        entry.cores.note(
            f"the cores are taken as {fallback.value}, as elsewhere in the file, which is not certain; "
            f"--cores-unit {other.value} says otherwise"
        )
    return fallback


def _service(
    entry: _ServiceEntry, unit: CoresUnit, draft: PipelineDraft, referenced_files: ReferencedFiles
) -> dict[str, Any]:
    field = entry.field
    name_field = field.get("microservice_name") or field.get("service_name", "name")
    original = name_field.text if name_field is not None and name_field.text else entry.key
    name = give_name(field, original, "service", draft.names, draft.annotations)
    target = f"Pipeline/{draft.name}: services.{name}"
    if name_field is not None:
        name_field.map_to(f"{target}.name")
    service: dict[str, Any] = {"name": name}
    add_image(field, service, target, "image", "image_name", "docker_image")
    # The original has none of these; files extended by hand use the names of the language.
    add_command(field, service, target, {"command": "command", "args": "args"})
    substitute_references(field)
    add_environment(field, service, target, referenced_files)
    identity = field.get("service_id", "id")
    if identity is not None and identity.text:
        if identity.text != default_service_id(draft.original, original):
            draft.annotations[f"{SERVICE_ID}.{name}"] = identity.text
        identity.map_to(f"{target}: annotation {SERVICE_ID}.{name}")
    replicas = field.get("replicas", "replica", "num_replicas")
    if replicas is not None and (count := integer_of(replicas)) is not None:
        if count <= MAX_REPLICAS:
            service["replicas"] = count
            replicas.map_to(f"{target}.replicas")
        else:
            replicas.report_fault(f"expected at most {MAX_REPLICAS:,} replicas, found {count}")
    ports = _ports(field, target)
    if ports:
        service["ports"] = ports
    requests = _requests(entry, unit, target)
    if requests:
        service["requests"] = requests
    _add_sensitivity(field, service, target)
    field.drop_rest(REASONS, UNKNOWN)
    return service


def default_service_id(application: str, service: str) -> str:
    """Returns the id that `rohe export` gives a service without one."""
    return f"{application}:{service}"


def _ports(field: Field, target: str) -> list[dict[str, Any]]:
    ports: list[dict[str, Any]] = []
    known: set[tuple[int, str]] = set()
    mapping = field.get("port_mapping", "port_mappings")
    for item in mapping.as_list() if mapping is not None else []:
        inside, outside = item.get("con_port", "container_port"), item.get("phy_port", "physical_port", "port")
        container_port = port_of(inside) if inside is not None else None
        service_port = port_of(outside) if outside is not None else None
        number = container_port or service_port
        protocol_field = item.get("protocol")
        protocol = "UDP" if protocol_field is not None and protocol_field.text.upper() == "UDP" else "TCP"
        if number is None:
            item.drop("neither con_port nor phy_port is a port")
            continue
        if (number, protocol) in known:
            item.drop(f"container port {number} is mapped already, and a port has one service port")
            continue
        known.add((number, protocol))
        label = item.get("name")
        name = label.text if label is not None and label.text else port_name(number, protocol)
        ports.append(make_port(name, number, service_port, protocol))
        item.map_to(f"{target}.ports.{name}")
    container_ports = field.get("ports", "port")
    for item in container_ports.as_list() if container_ports is not None else []:
        number = port_of(item)
        if number is not None and (number, "TCP") not in known and (number, "UDP") not in known:
            known.add((number, "TCP"))
            ports.append(make_port(port_name(number, "TCP"), number, None, "TCP"))
        item.map_to(f"{target}.ports.{port_name(number or 0, 'TCP')}")
    _make_names_unique(ports)
    return ports


def _make_names_unique(ports: list[dict[str, Any]]) -> None:
    names: set[str] = set()
    for port in ports:
        name = dns_name(str(port["name"]), "port")
        if name in names:
            name = port_name(port["containerPort"], port.get("protocol", "TCP"))
        names.add(name)
        port["name"] = name


def _requests(entry: _ServiceEntry, unit: CoresUnit, target: str) -> dict[str, Any]:
    field, requests = entry.field, dict[str, Any]()
    target = f"{target}.requests"
    cpu = field.get("cpu_required", "cpu")
    if cpu is not None:
        if entry.cpu:
            requests["cpu"] = cpu_quantity(entry.cpu)
        cpu.map_to(f"{target}.cpu")
    if entry.cores is not None:
        chunks = [whole_millicores(chunk * unit.in_millicores, entry.cores) for chunk in entry.chunks]
        if chunks:
            requests["cores"] = [cpu_quantity(chunk) for chunk in chunks]
        entry.cores.map_to(f"{target}.cores")
    memory = field.get("memory_required", "memory", "mem")
    if memory is not None:
        _add_memory(memory, requests, target)
    accelerators = field.get("accelerator_required", "accelerator", "accelerators")
    if accelerators is not None:
        _add_accelerators(accelerators, requests, target)
    return requests


def _add_memory(memory: Field, requests: dict[str, Any], target: str) -> None:
    sizes = {name: amount for name, amount in sizes_of(memory, f"{target}.memory").items() if amount}
    if sizes:
        # The language needs rss; a request for virtual memory alone asks for no resident memory.
        requests["memory"] = {name: memory_quantity(amount) for name, amount in {"rss": 0, **sizes}.items()}


def _add_accelerators(accelerators: Field, requests: dict[str, Any], target: str) -> None:
    if not accelerators.is_mapping:
        accelerators.drop("an accelerator is asked for as TYPE: PERCENT")
        return
    found: dict[str, Any] = {}
    for key, part in accelerators.entries():
        figure = part.get("required", "capacity", "share", "percent") if part.is_mapping else part
        if figure is None or figure.value is None or (share := share_of(figure)) is None:
            continue
        kind = key.lower()
        if share > 10000:
            whole = -(-share // 10000)
            if share % 10000:
                part.note(f"a share is of one device: {share_quantity(share)} becomes {whole} whole devices")
            found[kind] = {"count": whole}
        elif share:
            found[kind] = {"share": share_quantity(share)}
        part.map_to(f"{target}.accelerators.{kind}" if share else "asks for none")
    if found:
        requests["accelerators"] = found


def _add_sensitivity(field: Field, service: dict[str, Any], target: str) -> None:
    part = field.get("sensitivity")
    if part is None:
        return
    words = {"none": 0, "not": 0, "cpu": 1, "memory": 2, "cpumemory": 3, "cpu+memory": 3}
    level = words.get(loose_spelling(part.text).replace("sensitive", ""))
    if NUMBER.fullmatch(part.text):
        number = Fraction(part.text)
        level = int(number) if number in range(len(SENSITIVITIES)) else None
    if level is None:
        part.drop("not a sensitivity from 0 to 3; it is taken as 0, none")
        return
    if level:
        service["sensitivity"] = SENSITIVITIES[level]
    part.map_to(f"{target}.sensitivity")
