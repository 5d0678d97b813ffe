"""Checks of a pipeline beyond its fields: names, flow, placement rules, sizes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath

from rohe_iac.blueprint.checks.command_line import check_command_lines
from rohe_iac.blueprint.checks.containers.order import check_order
from rohe_iac.blueprint.checks.containers.variables import check_clear_secrets, check_user, check_variables
from rohe_iac.blueprint.checks.containers.volumes import check_shared_volumes, check_volumes
from rohe_iac.blueprint.checks.inventory import check_virtual
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import check_reference, check_unique, find_cycles, format_cycle, warning
from rohe_iac.blueprint.hints.nearest import nearest
from rohe_iac.blueprint.language.pipeline import (
    Alternative,
    File,
    Limits,
    Member,
    Pipeline,
    Reports,
    Requests,
    Service,
)
from rohe_iac.blueprint.language.placement import PlacementRules
from rohe_iac.blueprint.language.pods.probe import Probe
from rohe_iac.blueprint.linked.machine import MEBIBYTE
from rohe_iac.blueprint.linked.metric_units import BUILT_IN
from rohe_iac.blueprint.linked.workload import with_alternative
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.foundation.quantities import shown_bytes, shown_cpu

SERVICES: tuple[Path, ...] = (("spec", "services"),)
"""Where a pipeline has the names of its services."""

_DEPTH = len(("spec", "services", 0))

LARGEST_FILE = 900 * 2**10
"""The largest file that a service may mount, in bytes."""

IMPLAUSIBLE_CPU = 256_000
"""An implausible request, in millicores."""


def check(document: Document, pipeline: Pipeline, root: FilePath) -> Iterator[Finding]:
    """Yields every finding of one pipeline; `root` is the folder that paths of its files start from."""
    services = pipeline.spec.services
    base: Path = ("spec", "services")
    names = [service.name for service in services]
    yield from check_unique(document, base, "service", names)
    known = set(names)
    shared = {volume.name: volume for volume in pipeline.spec.volumes}
    for index, service in enumerate(services):
        yield from _check_service(document, (*base, index), service, known, root)
        yield from check_volumes(document, (*base, index), service, shared) if service.volumes else ()
        for number, member in enumerate(service.ensemble.members if service.ensemble is not None else ()):
            if member.volumes:
                own = Service.model_construct(name=member.name, volumes=member.volumes)
                yield from check_volumes(document, (*base, index, "ensemble", "members", number), own, shared)
        if service.replicas == "auto" and pipeline.spec.load is None:
            path = (*base, index, "replicas")
            message, hint = "replicas: auto needs the pipeline's load", "add load: 10/s to spec"
            yield Finding(document, path, "R220", message, hint, of=(("spec", "load"),))
    yield from check_shared_volumes(document, pipeline)
    yield from _check_flow(document, pipeline, known)
    yield from check_order(document, pipeline, known)
    yield from _check_near_and_avoid(document, services)


def _check_flow(document: Document, pipeline: Pipeline, known: set[str]) -> Iterator[Finding]:
    seen: dict[tuple[str, str], int] = {}
    unreachable = {
        service.name: (service, (*SERVICES[0], index, "ports"))
        for index, service in enumerate(pipeline.spec.services)
        if not service.ports
    }
    for index, link in enumerate(pipeline.spec.flow):
        base: Path = ("spec", "flow", index)
        yield from check_reference(document, (*base, "from"), "R205", "service", link.from_, known, among=SERVICES)
        yield from check_reference(document, (*base, "to"), "R205", "service", link.to, known, among=SERVICES)
        called, ports = unreachable.pop(link.to, (None, ()))
        if called is not None and not called.run_once and link.to != link.from_:
            message = f"'{link.to}' has no port, so nobody can reach it"
            hint = f"add ports: [{{name: http}}] to '{link.to}'"
            yield warning(document, (*base, "to"), "R253", message, hint, of=(ports,))
        if link.from_ == link.to:
            yield Finding(document, (*base, "to"), "R211", f"'{link.to}' flows into itself", "a flow has no cycles")
        elif seen.setdefault((link.from_, link.to), index) != index:
            yield Finding(
                document, base, "R210", f"the flow from '{link.from_}' to '{link.to}' is here twice", "keep one"
            )
    for cycle in find_cycles(step for step in seen if step[0] != step[1]):
        message = f"the flow runs in a circle: {format_cycle(cycle)}"
        path: Path = ("spec", "flow", seen[cycle[-1], cycle[0]])
        yield Finding(document, path, "R211", message, "take one of these flows out")


def _check_near_and_avoid(document: Document, services: Sequence[Service]) -> Iterator[Finding]:
    """Yields a finding where a service must be near another one that must avoid it."""
    avoided = {
        (service.name, rule.service): rule.topology_key
        for service in services
        for rule in service.placement.avoid
        if rule.required and rule.service != service.name
    }
    if not avoided:
        return
    for index, service in enumerate(services):
        for number, rule in enumerate(service.placement.near):
            key = avoided.get((rule.service, service.name))
            if key is not None and rule.required and rule.topology_key in (key, "node"):
                message = f"'{service.name}' must be near '{rule.service}', which must avoid it in the same {key}"
                path = ("spec", "services", index, "placement", "near", number)
                other = (*SERVICES[0], _index_of(rule.service, services), "placement", "avoid")
                of = (path, other)
                yield Finding(document, path, "R214", message, "take one of the two rules out", of=of)


def _index_of(name: str, services: Sequence[Service]) -> int:
    return next(index for index, service in enumerate(services) if service.name == name)


def _check_service(
    document: Document, base: Path, service: Service, known: set[str], root: FilePath
) -> Iterator[Finding]:
    parts: list[tuple[Path, Alternative]] = []
    if service.variants or service.ensemble is not None:
        yield from _check_alternatives(document, base, service)
        members = service.ensemble.members if service.ensemble is not None else ()
        parts += [((*base, "variants", number), part) for number, part in enumerate(service.variants)]
        parts += [((*base, "ensemble", "members", number), part) for number, part in enumerate(members)]
    # Most services set few fields, and there may be a hundred thousand services.
    fields_set = service.model_fields_set
    if service.user is not None:
        yield from check_user(document, base, service)
    if "reports" in fields_set:
        yield from _check_reports(document, (*base, "reports"), service.reports)
    if "ports" in fields_set or "health" in fields_set:
        yield from check_unique(document, (*base, "ports"), "port", [port.name for port in service.ports])
        yield from _check_ports(document, base, service)
    if "placement" in fields_set:
        yield from _check_placement(document, (*base, "placement"), service.name, service.placement, known)
    if "requests" in fields_set or "limits" in fields_set:
        yield from _check_sizes(document, base, service.requests, service.limits)
    if service.files or service.env_from or service.profile is not None or "working_dir" in fields_set:
        yield from _check_paths(document, base, service, root)
    yield from check_command_lines(document, base, service, parts)
    if service.env or service.init or parts:
        yield from check_clear_secrets(document, base, service, parts)
    for path, part in parts:
        yield from _check_sizes(document, path, part.requests or Requests(), part.limits or Limits())
        yield from _check_part(document, path, service, part, known, root)
    if service.image or service.command or service.profile:
        return
    if not parts:
        message = f"service '{service.name}' has no command, image or profile, so there is nothing to run"
        yield warning(document, (*base, "name"), "R221", message, "add command: [...]")
    for path, part in parts:
        if not (part.image or part.command or part.profile):
            message = f"'{part.name}' of '{service.name}' has no command, image or profile, so there is nothing to run"
            of = tuple((*at, field) for at in (base, path) for field in ("image", "command", "profile"))
            yield warning(document, (*path, "name"), "R221", message, "add command: [...]", of=of)


def _check_part(
    document: Document, base: Path, service: Service, part: Alternative, known: set[str], root: FilePath
) -> Iterator[Finding]:
    """Yields every finding of what a variant or member says in place of its service."""
    whole = with_alternative(service, part)
    if part.health is not None:
        yield from _check_probed_ports(document, base, whole)
    if part.profile is not None:
        yield from _check_file(document, (*base, "profile"), part.profile, root)
    if part.working_dir is not None:
        yield from _check_working_dir(document, base, whole, root)
    if isinstance(part, Member):
        if part.placement is not None:
            yield from _check_placement(document, (*base, "placement"), service.name, part.placement, known)
        if part.files is not None:
            yield from _check_mounted(document, base, part.files, root)


def _check_reports(document: Document, base: Path, reports: Reports) -> Iterator[Finding]:
    yield from check_unique(document, (*base, "fields"), "field", reports.fields, "")
    for name, reported in (reports.metrics or {}).items():
        unit = BUILT_IN.get(name, reported.unit)
        if "unit" in reported.model_fields_set and {unit, reported.unit} not in ({unit}, {"rate", "count"}):
            message = f"'{name}' is a metric of rohe's own, a {'time in s' if unit == 's' else unit}"
            hint = "leave the unit out, or give yours another name"
            yield warning(document, (*base, "metrics", name, "unit"), "R216", message, hint)


def _check_alternatives(document: Document, base: Path, service: Service) -> Iterator[Finding]:
    if service.variants and service.ensemble is not None:
        message = f"service '{service.name}' has both variants and an ensemble"
        hint = "variants are alternatives, of which one runs; members of an ensemble all run: keep one of the two lists"
        yield Finding(document, (*base, "ensemble"), "R215", message, hint, on_key=True)
    yield from check_unique(document, (*base, "variants"), "variant", [variant.name for variant in service.variants])
    members = service.ensemble.members if service.ensemble is not None else ()
    yield from check_unique(document, (*base, "ensemble", "members"), "member", [member.name for member in members])


def _check_ports(document: Document, base: Path, service: Service) -> Iterator[Finding]:
    yield from _check_probed_ports(document, base, service)
    for field, word in (("host_port", "hostPort"), ("container_port", "containerPort")):
        used: dict[tuple[int, str], int] = {}
        for index, port in enumerate(service.ports):
            number = getattr(port, field)
            if (number, port.protocol) in used:
                message = f"{word} {number} is used by two ports of service '{service.name}'"
                of = tuple((*base, "ports", item, "protocol") for item in (index, used[number, port.protocol]))
                hint = "give each port its own number"
                yield Finding(document, (*base, "ports", index, word), "R222", message, hint, of=of)
            elif number is not None:
                used[number, port.protocol] = index


def _check_probed_ports(document: Document, base: Path, service: Service) -> Iterator[Finding]:
    ports = {port.name for port in service.ports}
    for name, probe in (("readiness", service.health.readiness), ("liveness", service.health.liveness)):
        if probe is not None and probe.port is not None:
            path = (*base, "health", name, *_port_path(probe))
            at: Path = (*base[:_DEPTH], "ports")
            yield from check_reference(document, path, "R208", "port", probe.port, ports, among=(at,))
    datagrams = {port.name for port in service.ports if port.protocol == "UDP"}
    for name, probe in (("readiness", service.health.readiness), ("liveness", service.health.liveness)):
        if probe is not None and probe.port in datagrams:
            path = (*base, "health", name, *_port_path(probe))
            yield Finding(
                document, path, "R253", f"port '{probe.port}' is UDP, and probes are TCP", "name a port of TCP"
            )


def _port_path(probe: Probe) -> Path:
    """Returns the path of the field with the port of a probe, from the probe."""
    return ("http", "port") if probe.http is not None else ("tcp",) if probe.tcp is not None else ("grpc",)


def _check_placement(
    document: Document, base: Path, name: str, rules: PlacementRules, known: set[str]
) -> Iterator[Finding]:
    for field in ("avoid", "near"):
        for index, affinity in enumerate(getattr(rules, field)):
            yield from check_reference(
                document, (*base, field, index, "service"), "R205", "service", affinity.service, known, among=SERVICES
            )
    keys = [rule.topology_key for rule in rules.spread]
    yield from check_unique(document, (*base, "spread"), "spread over", keys, "topologyKey")
    avoided = {(rule.service, rule.topology_key) for rule in rules.avoid if rule.required}
    for index, rule in enumerate(rules.near):
        avoids_wider = rule.topology_key == "node" and any(
            avoided_service == rule.service and key != "node" for avoided_service, key in avoided
        )
        if rule.required and ((rule.service, rule.topology_key) in avoided or avoids_wider):
            message = f"'{name}' must be near '{rule.service}' and must avoid it in the same {rule.topology_key}"
            of = ((*base, "avoid"), (*base, "near", index))
            yield Finding(document, (*base, "near", index), "R214", message, "take one of the two rules out", of=of)
        if rule.required and rule.service == name:
            message = f"'{name}' is to be near itself, so its first replica fits nowhere"
            hint, at = "use nodeSelector, or required: false", (*base, "near", index)
            yield warning(document, at, "R214", message, hint, of=(at,))
    for index, affinity in enumerate(rules.avoid):
        if affinity.required and affinity.service == name and any((rule.limit or 2) > 1 for rule in rules.spread):
            message = f"'{name}' must avoid itself, and spread allows more than one in a domain"
            hint, at = "say it once: spread with maxPerDomain: 1", (*base, "avoid", index)
            yield Finding(document, at, "R214", message, hint, of=(at, (*base, "spread")))
    for index, toleration in enumerate(rules.tolerations):
        if toleration.operator == "Exists" and toleration.value:
            path = (*base, "tolerations", index, "value")
            yield Finding(
                document, path, "R214", "operator Exists takes no value", "use operator: Equal, or leave value out"
            )
        elif toleration.operator == "Equal" and not toleration.key:
            path = (*base, "tolerations", index)
            yield Finding(
                document, path, "R107", "a toleration with operator Equal needs a key", "add key, or operator: Exists"
            )


def _check_sizes(document: Document, base: Path, requests: Requests, limits: Limits) -> Iterator[Finding]:
    path = (*base, "requests")
    memory = requests.memory
    if memory is not None:
        if 0 < memory.rss < MEBIBYTE:
            yield _memory_warning(document, (*path, "memory", "rss"), memory.rss)
        yield from check_virtual(document, (*path, "memory", "vms"), memory)
    if limits.memory is not None and limits.memory < MEBIBYTE:
        yield _memory_warning(document, (*base, "limits", "memory"), limits.memory)
    if requests.cpu >= IMPLAUSIBLE_CPU:
        message = f"a request of {shown_cpu(requests.cpu)} cores"
        yield warning(
            document, (*path, "cpu"), "R113", message, f"did you mean {requests.cpu // 1000}m? (thousandths of a core)"
        )
    if limits.cpu is not None and limits.cpu < requests.cpu:
        message = f"the cpu limit {shown_cpu(limits.cpu)} is below the request {shown_cpu(requests.cpu)}"
        yield Finding(document, (*base, "limits", "cpu"), "R224", message, "raise the limit or lower the request")
    if limits.memory is not None and memory is not None and limits.memory < memory.rss:
        message = f"the memory limit {shown_bytes(limits.memory)} is below the request {shown_bytes(memory.rss)}"
        yield Finding(document, (*base, "limits", "memory"), "R224", message, "raise the limit or lower the request")
    if limits.disk is not None and limits.disk < requests.disk:
        message = f"the disk limit {shown_bytes(limits.disk)} is below the request {shown_bytes(requests.disk)}"
        yield Finding(document, (*base, "limits", "disk"), "R224", message, "raise the limit or lower the request")
    for index, core in enumerate(requests.cores):
        if core > 1000:
            message = f"a chunk of {shown_cpu(core)} cores asks for more than one core holds"
            yield warning(
                document, (*path, "cores", index), "R113", message, "each chunk is for one core of its own, at most 1"
            )


def _memory_warning(document: Document, path: Path, amount: int) -> Finding:
    hint = f"did you mean {amount}Mi?" if amount < 10**6 else "for example 512Mi"
    return warning(document, path, "R113", f"{amount} bytes of memory are less than 1Mi", hint)


def _check_paths(document: Document, base: Path, service: Service, root: FilePath) -> Iterator[Finding]:
    yield from _check_mounted(document, base, service.files, root)
    for index, source in enumerate(service.env_from):
        if source.file is not None:
            yield from _check_file(document, (*base, "envFrom", index, "file"), source.file, root)
    yield from check_variables(document, base, service, root)
    if service.profile is not None:
        yield from _check_file(document, (*base, "profile"), service.profile, root)
    if "working_dir" in service.model_fields_set:
        yield from _check_working_dir(document, base, service, root)


def _check_mounted(document: Document, base: Path, files: Sequence[File], root: FilePath) -> Iterator[Finding]:
    yield from check_unique(document, (*base, "files"), "file at", [file.path for file in files], "path")
    for index, file in enumerate(files):
        if file.from_ is not None:
            path = (*base, "files", index, "from")
            faults = list(_check_file(document, path, file.from_, root))
            yield from faults or _check_size(document, path, root / file.from_)


def _check_working_dir(document: Document, base: Path, service: Service, root: FilePath) -> Iterator[Finding]:
    # With an image, the folder is one of the image.
    if service.command and service.image is None and not FilePath(service.working_dir).is_absolute():
        yield from _check_folder(document, (*base, "workingDir"), service.working_dir, root)


def _check_folder(document: Document, path: Path, name: str, root: FilePath) -> Iterator[Finding]:
    if "\0" in name or not os.path.isdir(root / name):
        yield Finding(document, path, "R225", f"no folder '{name[:60]}'", _similar_file_hint(document, name, root))


def _check_file(document: Document, path: Path, name: str, root: FilePath) -> Iterator[Finding]:
    if FilePath(name).is_absolute() or ".." in FilePath(name).parts:
        yield Finding(document, path, "R225", f"'{name[:60]}' leaves the blueprint's folder", "name a file below it")
    elif "\0" in name or not os.path.isfile(root / name):
        yield Finding(document, path, "R225", f"no file '{name[:60]}'", _similar_file_hint(document, name, root))


def _check_size(document: Document, path: Path, file: FilePath) -> Iterator[Finding]:
    """Checks that a ConfigMap can hold a file: it has at most 1 MiB, a quarter more than which is spent on Base64."""
    size = os.path.getsize(file)
    if size > LARGEST_FILE:
        message = f"the file has {size >> 10} KiB, and a cluster can mount at most {LARGEST_FILE >> 10} KiB"
        hint = "put it into the image, or have the service fetch it at its start into a volume"
        yield Finding(document, path, "R242", message, hint)


def _similar_file_hint(document: Document, name: str, root: FilePath) -> str:
    """Returns a hint that names the file of a similar name in the same folder, or where paths start."""
    hint = "paths start at the blueprint's root"
    if document.allowance.guesses <= 0:
        return hint
    folder, _, file_name = name.rpartition("/")
    try:
        names = os.listdir(os.path.join(root, folder))
    except (OSError, ValueError):
        return hint
    document.allowance.guesses -= 10 + len(names)
    similar = nearest(file_name, sorted(names))
    return f"did you mean '{folder}{'/' if folder else ''}{similar}'?" if similar else hint
