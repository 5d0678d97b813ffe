"""Container: what a service becomes in a container of Kubernetes, such as its environment, resources and probes."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.pipeline import Port, Probe, SecretReference, SecretValue, Service
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.blueprint.text.command_line import port_variable, without_variables
from rohe_iac.foundation.quantities import shown_cpu

FIRST_PORT = 8000
"""Number of the first container port of a service whose ports have no numbers."""

SHARES_PER_DEVICE = 100
"""An accelerator is offered as this many units of the extended resource `rohe.dev/<type>-share`."""


MEBIBYTE = 2**20
"""Bytes of the unit of the extended resource `rohe.dev/<type>-memory`."""


def port_number(port: Port, index: int) -> int:
    """Returns the number that a container listens on for its port at position `index` of the blueprint."""
    return port.container_port or FIRST_PORT + index


def environment(
    service: Service, workload: Workload, variables: dict[str, str], broker_url: str
) -> list[dict[str, Any]]:
    """Returns the `env` list of a container, sorted by name.

    Args:
        service: The service, whose own variables come first and whose secrets are referred to by name.
        workload: The workload of the service.
        variables: Variables that follow from the plan; they replace those of the service.
        broker_url: The URL of the broker that reports go to; "" where the workload is no client of a broker.
    """
    entries: dict[str, dict[str, Any]] = {}
    for name, value in service.env.items():
        if isinstance(value, SecretValue):
            secret = value.secret
            reference = secret if isinstance(secret, SecretReference) else SecretReference(name=secret)
            entries[name] = {"valueFrom": {"secretKeyRef": {"name": reference.name, "key": reference.key or name}}}
        else:
            # A cluster replaces references in values too; a value of a blueprint has none.
            entries[name] = {"value": without_variables(value)}
    for name, text in variables.items():
        entries[name] = {"value": text}
    for index, port in enumerate(() if workload.system else service.ports):
        entries[port_variable(port.name)] = {"value": str(port_number(port, index))}
    entries["ROHE_INSTANCE"] = {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    if broker_url:
        entries["ROHE_REPORT_URL"] = {"value": broker_url}
        entries["ROHE_REPORT_CREDENTIALS"] = {"value": "/etc/rohe/credentials/credentials.json"}
        entries["ROHE_STORE" if workload.role == "agent" else "ROHE_OUTBOX"] = {"value": "/var/lib/rohe"}
    return [{"name": name, **entries[name]} for name in sorted(entries)]


def resources(service: Service) -> dict[str, Any]:
    """Returns requests and limits. Without a limit, memory and disk are limited to the request, cpu is not."""
    needs = service.requests
    requests: dict[str, Any] = {"cpu": shown_cpu(needs.cpu)}
    limits: dict[str, Any] = {}
    if needs.memory is not None:
        requests["memory"] = str(needs.memory.rss)
        limits["memory"] = str(needs.memory.rss)
    if service.limits.memory is not None:
        limits["memory"] = str(service.limits.memory)
    disk = service.limits.disk or needs.disk
    if needs.disk:
        requests["ephemeral-storage"] = str(needs.disk)
    if disk:
        limits["ephemeral-storage"] = str(disk)
    if service.limits.cpu is not None:
        limits["cpu"] = shown_cpu(service.limits.cpu)
    for kind, accelerator in sorted(needs.accelerators.items()):
        units = (
            accelerator.count * SHARES_PER_DEVICE
            if accelerator.count is not None
            else -(-(accelerator.share or 0) * SHARES_PER_DEVICE // 10_000)
        )
        requests[f"rohe.dev/{kind}-share"] = limits[f"rohe.dev/{kind}-share"] = str(units)
        if accelerator.memory:
            # Extended resources are whole numbers: of MiB, which a device plugin has to offer for each device.
            mebibytes = -(-accelerator.memory // MEBIBYTE) * (accelerator.count or 1)
            requests[f"rohe.dev/{kind}-memory"] = limits[f"rohe.dev/{kind}-memory"] = str(mebibytes)
    return {"requests": requests, "limits": limits}


def probe(wanted: Probe | None) -> dict[str, Any] | None:
    """Returns a probe as Kubernetes writes it, or None where the blueprint has none."""
    if wanted is None:
        return None
    if wanted.http is not None:
        return {"httpGet": {"path": wanted.http.path, "port": wanted.http.port}, "periodSeconds": 5}
    return {"tcpSocket": {"port": wanted.tcp}, "periodSeconds": 5} if wanted.tcp is not None else None


def mounts_and_volumes(
    service: Service, workload: Workload, settings: str, *, connected: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Returns volume mounts and volumes: credentials, working space, an agent's settings, and the service's own.

    Args:
        service: The service whose volumes are mounted last.
        workload: The workload of the service.
        settings: The name of the ConfigMap with an agent's settings, "" for none.
        connected: Whether the workload is a client of the broker, and so needs credentials.
    """
    client = workload.slug if workload.system else workload.topic
    mounts: list[dict[str, Any]] = [{"name": "rohe", "mountPath": "/var/lib/rohe"}]
    volumes: list[dict[str, Any]] = [{"name": "rohe", "emptyDir": {}}]
    if workload.role == "broker":
        mounts.append({"name": "broker", "mountPath": "/etc/rohe/broker", "readOnly": True})
        volumes.append({"name": "broker", "secret": {"secretName": "rohe-broker"}})
    elif connected:
        mounts.append({"name": "credentials", "mountPath": "/etc/rohe/credentials", "readOnly": True})
        volumes.append({"name": "credentials", "secret": {"secretName": f"rohe-credential-{client}"}})
    if settings:
        mounts.append({"name": "settings", "mountPath": "/etc/rohe/agent", "readOnly": True})
        volumes.append({"name": "settings", "configMap": {"name": settings}})
    for index, volume in enumerate(service.volumes):
        name = volume.name or f"scratch-{index}"
        mounts.append({"name": name, "mountPath": volume.path})
        if volume.empty_dir is not None:
            volumes.append({"name": name, "emptyDir": {"sizeLimit": str(volume.empty_dir)}})
        else:
            volumes.append({"name": name, "persistentVolumeClaim": {"claimName": f"{workload.slug}-{name}"}})
    return mounts, volumes
