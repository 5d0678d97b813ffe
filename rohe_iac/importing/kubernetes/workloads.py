"""Workloads: Deployments, StatefulSets, DaemonSets, Jobs and Pods, each container of which becomes a service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from rohe_iac.blueprint.language.scale.replicas import PER_NODE
from rohe_iac.blueprint.text.command_line import variables_in, without_references
from rohe_iac.foundation.names import is_variable
from rohe_iac.importing.foreign.command import add_image
from rohe_iac.importing.foreign.command_secrets import READABLE, secret_in_command
from rohe_iac.importing.foreign.drafts import PipelineDraft
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.labels import add_labels
from rohe_iac.importing.foreign.naming import dns_name, give_name
from rohe_iac.importing.foreign.ports import is_port, make_port, port_name
from rohe_iac.importing.foreign.units import MAX_REPLICAS
from rohe_iac.importing.kubernetes.amounts import add_resources
from rohe_iac.importing.kubernetes.environment import VariableReader, command_texts
from rohe_iac.importing.kubernetes.mounts import MountReader, note_shared_folders
from rohe_iac.importing.kubernetes.objects import KubernetesObject, at, items_at, map_parts, text_at, texts
from rohe_iac.importing.kubernetes.probes import add_probes
from rohe_iac.importing.kubernetes.reasons import CONTAINER
from rohe_iac.importing.kubernetes.security import add_pull_secrets, add_security

KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "Pod")
"""Kinds that have pods."""

_REFERENCE = re.compile(r"\$\$|\$\(([^)]*)\)")

GRACE_PERIOD = 30
"""Seconds between SIGTERM and SIGKILL where nothing is stated, with Kubernetes and with rohe."""

MAX_SECONDS = 10**9
"""The longest deadline of a job, some thirty years."""

NO_DEADLINE = (
    "the job has no activeDeadlineSeconds, so Kubernetes lets it run on; with rohe it has to end within 30 s, unless "
    "health.startup says how long it may take"
)

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
"""The annotation with the name of the main container of a pod."""

BESIDE = "it is a service of its own beside '{}', on the same node: the two do not reach each other at localhost"


@dataclass
class ImportedWorkload:
    """A workload in the making.

    Attributes:
        item: The object.
        pod: The spec of its pods.
        labels: The labels of its pods.
        service: The service that its main container becomes.
        beside: The services that its other containers become.
        published: The numbers at which ports are called, by the names of service and port.
    """

    item: KubernetesObject
    pod: Field
    labels: dict[str, str]
    service: dict[str, Any]
    beside: list[dict[str, Any]] = field(default_factory=list)
    published: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Readers:
    """What reads parts of the pods of one pipeline."""

    draft: PipelineDraft
    variables: VariableReader
    mounts: MountReader


def pod_of(item: KubernetesObject) -> tuple[Field, Field | None] | None:
    """Returns the spec of an object's pods and the metadata of these; None where there is no container in it."""
    template = item.field if item.kind == "Pod" else at(item.field, "spec", "template")
    spec = at(template, "spec")
    if spec is None or not items_at(spec, "containers"):
        return None
    return spec, at(template, "metadata")


def add_workload(item: KubernetesObject, readers: Readers) -> ImportedWorkload | None:
    """Adds the services of a workload to the pipeline; None where it has no container.

    Placement is added when all workloads are known.
    """
    found = pod_of(item)
    if found is None:
        item.field.report_fault("it has no container", "a workload has spec.template.spec.containers")
        return None
    pod, metadata = found
    main, others = _containers(pod, metadata)
    draft = readers.draft
    name = give_name(item.field, item.name, "service", draft.names, draft.annotations)
    target = f"Pipeline/{draft.name}: services.{name}"
    if (stated := at(item.field, "metadata", "name")) is not None:
        stated.map_to(f"{target}.name")
    service: dict[str, Any] = {"name": name}
    labels = texts(at(metadata, "labels"))
    add_labels(_labels_of(metadata), service, target)
    _add_replicas(item, service, target)
    _add_container(item, main, pod, service, target, readers)
    if item.kind == "Job":
        _add_deadline(item, pod, service, target)
    note_shared_folders(pod, [main, *others])
    workload = ImportedWorkload(item, pod, labels, service)
    _add_init(pod, service, target, readers)
    draft.services.append(service)
    for container in others:
        workload.beside.append(_beside(item, container, workload, readers))
        draft.services.append(workload.beside[-1])
    return workload


def _containers(pod: Field, metadata: Field | None) -> tuple[Field, list[Field]]:
    """Returns the main container, and those beside it, init containers that keep running among them."""
    containers = items_at(pod, "containers")
    annotations = at(metadata, "annotations")
    wanted = texts(annotations).get(DEFAULT_CONTAINER, "")
    main = next((part for part in containers if text_at(part, "name") == wanted), containers[0])
    beside = [part for part in containers if part.path != main.path]
    beside += [part for part in items_at(pod, "initContainers") if _keeps_running(part)]
    return main, beside


def _keeps_running(container: Field) -> bool:
    return text_at(container, "restartPolicy") == "Always"


def _add_container(
    item: KubernetesObject, container: Field, pod: Field, service: dict[str, Any], target: str, readers: Readers
) -> None:
    if (name := container.get("name")) is not None:
        name.map_to(f"{target}.name")
    add_image(container, service, target, "image")
    add_pull_secrets(pod, service, target)
    folder = container.get("workingDir")
    if folder is not None and not folder.text.startswith("/"):
        folder.drop("a working folder is an absolute path in the container")
    elif folder is not None:
        service["workingDir"] = folder.text
        folder.map_to(f"{target}.workingDir")
    _add_ports(container, service, target)
    readers.variables.add(container, service, target, service["name"])
    _add_words(container, service, target, service)
    readers.variables.texts.setdefault(service["name"], []).extend(command_texts(container))
    templates = {
        text_at(part, "metadata", "name"): part for part in items_at(item.field, "spec", "volumeClaimTemplates")
    }
    readers.mounts.add(container, pod, templates, service, target)
    add_probes(container, service, target)
    grace = pod.get("terminationGracePeriodSeconds")
    if grace is not None and grace.text.isdecimal() and len(grace.text) < 7:
        if int(grace.text) != GRACE_PERIOD:
            service["terminationGracePeriod"] = f"{grace.text}s"
        grace.map_to(f"{target}.terminationGracePeriod")
    add_resources(container, service, target)
    add_security(pod, container, service, target)
    container.drop_rest(CONTAINER)


def _add_words(container: Field, service: dict[str, Any], target: str, replica: Mapping[str, Any]) -> None:
    """Adds the command line; `$(NAME)` means the same in a blueprint, and `{port}` is text in Kubernetes.

    Args:
        container: The container in the file.
        service: The service or step, added to.
        target: Its name in the journal.
        replica: The service, whose variables are known.
    """
    env = {**replica.get("env", {}), **service.get("env", {})}
    is_whole = "envFrom" not in replica
    before: list[str] = []
    for word in ("command", "args"):
        stated = container.get(word)
        if stated is None or not stated.items():
            continue
        words = [part.raw for part in stated.items()]
        secret = next((name for text in words for name in variables_in(text) if isinstance(env.get(name), dict)), "")
        if secret and is_whole:
            stated.drop(f"it holds the secret '{secret}', which others can read there: let the program read it")
            continue
        if found := secret_in_command(words) or (word == "args" and secret_in_command([*before, *words])):
            stated.drop(READABLE.format(found))
            continue
        before = words
        service[word] = [_word(text, env if is_whole else None) for text in words]
        stated.map_to(f"{target}.{word}")


def _word(text: str, env: Mapping[str, Any] | None) -> str:
    """Returns a word as a blueprint has it. env: the variables of the replica; None where not all are known."""
    written, end = "", 0
    for match in _REFERENCE.finditer(text):
        name = match[1] or ""
        is_text = env is not None and is_variable(name) and name not in env  # Kubernetes leaves it as it is
        written += without_references(text[end : match.start()]) + ("$" if is_text else "") + match[0]
        end = match.end()
    return written + without_references(text[end:])


def _add_ports(container: Field, service: dict[str, Any], target: str) -> None:
    ports: list[dict[str, Any]] = []
    for item in items_at(container, "ports"):
        number, protocol = text_at(item, "containerPort"), text_at(item, "protocol").upper() or "TCP"
        if not number.isdecimal() or not 1 <= int(number[:6]) <= 65535:
            item.report_fault(f"expected a containerPort from 1 to 65535, found '{number[:40]}'")
            continue
        if protocol not in ("TCP", "UDP"):
            item.drop("a port is of TCP or UDP")
            continue
        name = dns_name(text_at(item, "name"), port_name(int(number), protocol))
        known_at = next((port for port in ports if is_port(port, number, protocol)), None)
        if known_at is not None:
            item.drop(f"port {number} is '{known_at['name']}' already, and a port has one name")
            continue
        if any(port["name"] == name for port in ports):
            name = f"{name[:50]}-{number}-{protocol.lower()}"
        port = make_port(name, int(number), None, protocol)
        host = text_at(item, "hostPort")
        if host.isdecimal() and 1 <= int(host[:6]) <= 65535:
            port["hostPort"] = int(host)
        ports.append(port)
        known = ("name", "containerPort", "protocol", "hostPort")
        map_parts(item, f"{target}.ports", known, "a port of the node is on all of its addresses")
    if ports:
        service["ports"] = ports


def _labels_of(metadata: Field | None) -> list[tuple[str, str, Field]]:
    labels = at(metadata, "labels")
    return [(key, part.text, part) for key, part in labels.entries()] if labels is not None else []


def _add_replicas(item: KubernetesObject, service: dict[str, Any], target: str) -> None:
    if item.kind == "DaemonSet":
        service["replicas"] = PER_NODE
        if (kind := item.field.get("kind")) is not None:
            kind.map_to(f"{target}.replicas")
        return
    if item.kind == "Job":
        service["runOnce"] = True
        if (kind := item.field.get("kind")) is not None:
            kind.map_to(f"{target}.runOnce")
    stated = at(item.field, "spec", "parallelism" if item.kind == "Job" else "replicas")
    if stated is None:
        return
    if not stated.text.isdecimal() or int(stated.text[:8]) > MAX_REPLICAS:
        stated.report_fault(f"expected a number of replicas up to {MAX_REPLICAS:,}, found '{stated.text[:40]}'")
        return
    service["replicas"] = int(stated.text)
    stated.map_to(f"{target}.replicas")


def _add_deadline(item: KubernetesObject, pod: Field, service: dict[str, Any], target: str) -> None:
    """Adds the time in which a job has to end, which is the time to start of a service that runs once."""
    for stated in (at(item.field, "spec", "activeDeadlineSeconds"), pod.get("activeDeadlineSeconds")):
        if stated is None:
            continue
        if not re.fullmatch(r"\d{1,10}", stated.text) or not 1 <= int(stated.text) <= MAX_SECONDS:
            stated.report_fault(f"expected seconds from 1 to {MAX_SECONDS:,}, found '{stated.text[:40]}'")
        elif "startup" in service.get("health", {}):
            stated.drop("a job has one time in which it has to end, and that of its spec counts")
        else:
            service.setdefault("health", {})["startup"] = f"{stated.text}s"
            stated.map_to(f"{target}.health.startup")
    if "startup" not in service.get("health", {}):
        item.field.note(NO_DEADLINE)


def _add_init(pod: Field, service: dict[str, Any], target: str, readers: Readers) -> None:
    steps: list[dict[str, Any]] = []
    for container in items_at(pod, "initContainers"):
        if _keeps_running(container):
            continue
        step: dict[str, Any] = {"name": dns_name(text_at(container, "name"), f"step-{len(steps) + 1}")}
        place = f"{target}.init.{step['name']}"
        if (name := container.get("name")) is not None:
            name.map_to(place)
        add_image(container, step, place, "image")
        readers.variables.add(container, step, place, service["name"])
        _add_words(container, step, place, service)
        if step.pop("envFrom", None) is not None:
            at_sources = container.get("envFrom")
            if at_sources is not None:
                at_sources.note("a step has the Secrets of its service under envFrom, and none of its own")
        readers.variables.texts.setdefault(service["name"], []).extend(command_texts(container))
        known = {volume["path"] for volume in service.get("volumes", [])}
        for mount in items_at(container, "volumeMounts"):
            if text_at(mount, "mountPath").rstrip("/") in known:
                mount.map_to(f"{target}.volumes")
        container.drop_rest(
            {
                **CONTAINER,
                "volumemounts": "a step has the volumes of its service: add this one to it",
                "resources": "a step has the requests and limits of its service",
                "securitycontext": "a step has the user and the rights of its service",
                "workingdir": "a step has no working folder: change to it in its command",
                "ports": "nobody calls a step before the start of a replica",
            }
        )
        steps.append(step)
    if steps:
        service["init"] = steps


def _beside(item: KubernetesObject, container: Field, workload: ImportedWorkload, readers: Readers) -> dict[str, Any]:
    """Returns the service of a container beside the main one: on its node, as often as it."""
    draft, main = readers.draft, workload.service
    name = draft.names.give(f"{main['name']}-{text_at(container, 'name')}", "service")
    target = f"Pipeline/{draft.name}: services.{name}"
    shared: dict[str, Any] = {word: deepcopy(main[word]) for word in ("replicas", "runOnce", "labels") if word in main}
    service: dict[str, Any] = {"name": name, **shared}
    _add_container(item, container, workload.pod, service, target, readers)
    if item.kind == "Job" and "startup" in main.get("health", {}):
        service.setdefault("health", {})["startup"] = main["health"]["startup"]
    container.note(BESIDE.format(main["name"]))
    return service
