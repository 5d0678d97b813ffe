"""Container: what a replica runs, with which command line and which variables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from rohe_iac.blueprint.language.pipeline import SecretValue, Service, Variable
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.blueprint.text.command_line import main_port, port_variable, with_ports, without_variables
from rohe_iac.manifests.kubernetes.pod.devices import PodDevices
from rohe_iac.manifests.kubernetes.pod.probes import probes
from rohe_iac.manifests.kubernetes.pod.resources import resources
from rohe_iac.manifests.kubernetes.pod.security import container_security
from rohe_iac.manifests.kubernetes.pod.volumes import AGENT_SETTINGS, SETTINGS_FOLDER
from rohe_iac.manifests.kubernetes.ports import container_port_name, container_ports
from rohe_iac.manifests.kubernetes.secrets import BROKER_FOLDER
from rohe_iac.manifests.kubernetes.storage import FOLDER
from rohe_iac.manifests.secret_source import reference_of

GRACE_PERIOD = 30
"""Seconds between SIGTERM and SIGKILL where a service states none; the cluster's default."""


def container(
    workload: Workload,
    service: Service,
    image: str,
    env: list[dict[str, Any]],
    mounts: list[dict[str, Any]],
    devices: PodDevices,
) -> dict[str, Any]:
    """Returns the values of the template for the one container of a replica.

    Args:
        workload: The workload of the replica.
        service: Its service, with the fields of the variant that the plan chose.
        image: The image that the container runs.
        env: The variables, as `environment` returns them.
        mounts: The volume mounts.
        devices: The devices that it is given.
    """
    ports = container_ports(workload)
    numbers = {port.name: number for port, number in ports}

    def number_of(name: str) -> int:
        return numbers[name or main_port([*numbers])]

    return {
        "container": workload.slug,
        "image": image,
        "command": [with_ports(word, number_of) for word in _command(workload, service)],
        "args": [with_ports(word, number_of) for word in service.args],
        "working_dir": _working_dir(service),
        "env": env,
        "env_from": env_from(service),
        "ports": [
            {"name": container_port_name(port.name, number), "containerPort": number}
            | ({"protocol": port.protocol} if port.protocol != "TCP" else {})
            | ({"hostPort": port.host_port} if port.host_port else {})
            for port, number in ports
        ],
        "resources": resources(service, devices),
        "startup": None,
        "readiness": None,
        "liveness": None,
        **probes(service.health, lambda name: container_port_name(name, numbers[name]), numbers),
        "container_security": container_security(service.kubernetes.security_context),
        "mounts": mounts,
    }


def _working_dir(service: Service) -> str:
    """Returns the folder that containers start in, "" for that of the image: a cluster takes no relative one."""
    return service.working_dir if service.working_dir.startswith("/") else ""


def init_containers(
    service: Service, workload: Workload, values: Mapping[str, Any], resources: dict[str, Any]
) -> list[dict[str, Any]]:
    """Returns the containers that run to their end, one after another, before that of a replica begins.

    Args:
        service: The service, with the fields of the variant that the plan chose.
        workload: The workload of the replica.
        values: What `container` returns for the replica.
        resources: What the step may take: what the replica may, which it does not take at the same time.
    """
    numbers = {port.name: number for port, number in container_ports(workload)}
    found = []
    for index, step in enumerate(service.init):
        own = {entry["name"]: entry for entry in _own_variables(step.env)}
        others = [entry for entry in values["env"] if entry["name"] not in own]
        stated: dict[str, Any] = {
            "name": f"init-{index}-{step.name}"[:63].rstrip("-"),
            "image": step.image or values["image"],
            "command": [with_ports(word, lambda name: numbers[name or main_port([*numbers])]) for word in step.command],
            "args": [with_ports(word, lambda name: numbers[name or main_port([*numbers])]) for word in step.args],
            "workingDir": values["working_dir"] if step.image is None else "",
            "envFrom": values["env_from"],
            "env": sorted([*others, *own.values()], key=lambda entry: str(entry["name"])),
            "resources": resources,
            "securityContext": values["container_security"],
            "volumeMounts": values["mounts"],
        }
        found.append({name: value for name, value in stated.items() if value})
    return found


def _own_variables(env: Mapping[str, Variable]) -> Iterator[dict[str, Any]]:
    """Yields the variables of a blueprint as a container has them, secrets by reference."""
    for name, value in env.items():
        if isinstance(value, SecretValue):
            reference = reference_of(value.secret, name)
            yield {"name": name, "valueFrom": {"secretKeyRef": {"name": reference.name, "key": reference.key}}}
        else:
            # A cluster replaces references in values too; a value of a blueprint has none. The server leaves out "".
            yield {"name": name, **({"value": without_variables(value)} if value else {})}


def env_from(service: Service) -> list[dict[str, Any]]:
    """Returns the Secrets of which each key becomes a variable; those of files are in `environment` already."""
    secrets = [source.secret for source in service.env_from if source.secret is not None]
    return [{"secretRef": {"name": reference_of(secret, "").name}} for secret in secrets]


def environment(
    service: Service, workload: Workload, variables: dict[str, str], broker_url: str, credentials: str
) -> list[dict[str, Any]]:
    """Returns the `env` list of a container, sorted by name.

    Args:
        service: The service, whose own variables come first and whose secrets are referred to by name.
        workload: The workload of the service.
        variables: Variables that follow from the plan; they replace those of the service.
        broker_url: The URL of the broker that reports go to; "" where the workload is no client of a broker.
        credentials: The file or folder with the credentials of the broker's client; "" where it takes none.
    """
    entries: dict[str, dict[str, Any]] = {}
    for entry in _own_variables(service.env):
        entries[entry.pop("name")] = entry
    for name, text in variables.items():
        entries[name] = {"value": text}
    for port, number in () if workload.system else container_ports(workload):
        entries[port_variable(port.name)] = {"value": str(number)}
    if broker_url:
        entries["ROHE_REPORT_URL"] = {"value": broker_url}
        if credentials:
            entries["ROHE_REPORT_CREDENTIALS"] = {"value": credentials}
        if workload.role == "agent":
            entries["ROHE_STORE"] = {"value": f"{FOLDER}/store"}
        else:
            entries["ROHE_OUTBOX"] = {"value": f"{FOLDER}/outbox"}
        entries["ROHE_GRACE"] = {"value": str(grace_period(service))}
        # Annotations that apply adds; where somebody else applies, they are absent, and the variables are empty.
        for name in ("serial", "digest"):
            field = {"fieldPath": f"metadata.annotations['rohe.dev/{name}']"}
            entries[f"ROHE_{name.upper()}"] = {"valueFrom": {"fieldRef": field}}
    if workload.role == "agent":
        entries["ROHE_AGENT_CONFIG"] = {"value": f"{SETTINGS_FOLDER}/{AGENT_SETTINGS}"}
    # The server leaves out a value that is empty.
    return [{"name": name, **{key: value for key, value in entries[name].items() if value}} for name in sorted(entries)]


def grace_period(service: Service) -> int:
    """Returns the seconds between SIGTERM and SIGKILL."""
    stated = service.termination_grace_period
    return GRACE_PERIOD if stated is None else math.ceil(stated)


def _command(workload: Workload, service: Service) -> tuple[str, ...]:
    if workload.role == "broker":
        return ("rohe", "broker", "run", BROKER_FOLDER)
    if workload.role == "agent":
        return ("rohe", "agent", "run")
    return service.command
