"""What of a service goes into a container of Kubernetes: environment, resources, probes, volumes."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.pipeline import Probe, SecretReference, SecretValue, Service
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.foundation.quantities import shown_cpu

SHARES_PER_DEVICE = 100
"""An accelerator is offered as this many units of the extended resource `rohe.dev/<type>-share`."""


def environment(service: Service, workload: Workload, known: dict[str, str], broker_url: str) -> list[dict[str, Any]]:
    """The `env` list: the service's own, secrets by reference, and what every replica is told; sorted by name."""
    entries: dict[str, dict[str, Any]] = {}
    for name, value in service.env.items():
        if isinstance(value, SecretValue):
            reference = value.secret
            named = reference if isinstance(reference, SecretReference) else SecretReference(name=reference)
            entries[name] = {"valueFrom": {"secretKeyRef": {"name": named.name, "key": named.key or name}}}
        else:
            entries[name] = {"value": value}
    for name, text in known.items():
        entries[name] = {"value": text}
    for index, port in enumerate(() if workload.system else service.ports):
        entries[f"ROHE_PORT_{port.name.upper().replace('-', '_')}"] = {
            "value": str(port.container_port or 8000 + index)
        }
    entries["ROHE_INSTANCE"] = {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    if workload.role != "broker":
        entries["ROHE_REPORT_URL"] = {"value": broker_url}
        entries["ROHE_REPORT_CREDENTIALS"] = {"value": "/etc/rohe/credentials/credentials.json"}
        place = ("ROHE_STORE", "/var/lib/rohe") if workload.role == "agent" else ("ROHE_OUTBOX", "/var/lib/rohe")
        entries[place[0]] = {"value": place[1]}
    return [{"name": name, **entries[name]} for name in sorted(entries)]


def resources(service: Service) -> dict[str, Any]:
    """Requests and limits; memory is limited by the request where nothing else is said, cpu is not."""
    asked = service.requests
    requests: dict[str, Any] = {"cpu": shown_cpu(asked.cpu)}
    limits: dict[str, Any] = {}
    if asked.memory is not None:
        requests["memory"] = str(asked.memory.rss)
        limits["memory"] = str(asked.memory.rss)
    if service.limits.memory is not None:
        limits["memory"] = str(service.limits.memory)
    if service.limits.cpu is not None:
        limits["cpu"] = shown_cpu(service.limits.cpu)
    for kind, accelerator in sorted(asked.accelerators.items()):
        units = (
            accelerator.count * SHARES_PER_DEVICE
            if accelerator.count is not None
            else -(-(accelerator.share or 0) * SHARES_PER_DEVICE // 10_000)
        )
        requests[f"rohe.dev/{kind}-share"] = limits[f"rohe.dev/{kind}-share"] = str(units)
    return {"requests": requests, "limits": limits}


def probe(asked: Probe | None) -> dict[str, Any] | None:
    """A probe in Kubernetes' words, or None where nothing is asked."""
    if asked is None:
        return None
    if asked.http is not None:
        return {"httpGet": {"path": asked.http.path, "port": asked.http.port}, "periodSeconds": 5}
    return {"tcpSocket": {"port": asked.tcp}, "periodSeconds": 5} if asked.tcp is not None else None


def mounts_and_volumes(
    service: Service, workload: Workload, settings: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Volume mounts and volumes: credentials, working space, the agent's settings, and the service's own."""
    client = workload.slug if workload.system else workload.topic
    mounts: list[dict[str, Any]] = [{"name": "rohe", "mountPath": "/var/lib/rohe"}]
    volumes: list[dict[str, Any]] = [{"name": "rohe", "emptyDir": {}}]
    if workload.role == "broker":
        mounts.append({"name": "broker", "mountPath": "/etc/rohe/broker", "readOnly": True})
        volumes.append({"name": "broker", "secret": {"secretName": "rohe-broker"}})
    else:
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
