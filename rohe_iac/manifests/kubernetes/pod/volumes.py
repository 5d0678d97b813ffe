"""Volumes: what is mounted into a container, such as credentials, working space and settings."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.manifests.kubernetes.quantities import byte_quantity

SETTINGS_FOLDER = "/etc/rohe/agent"
"""The folder in an agent's container with its settings."""

AGENT_SETTINGS = "agent.json"
"""The file in it."""


def claims_of(service: Service, instance: str) -> list[tuple[str, int]]:
    """Returns name and size in bytes of each claim of a replica; a named volume is its own, and outlives its pods."""
    return [
        (f"{instance}-{volume.name}", volume.size)
        for volume in service.volumes
        if volume.name is not None and volume.size is not None
    ]


def mounts_and_volumes(
    service: Service, workload: Workload, instance: str, settings: str, *, connected: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Returns volume mounts and volumes: credentials, working space, an agent's settings, and the service's own.

    Args:
        service: The service whose volumes are mounted last.
        workload: The workload of the service.
        instance: The name of the replica, whose claims are its own.
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
        mounts.append({"name": "settings", "mountPath": SETTINGS_FOLDER, "readOnly": True})
        volumes.append({"name": "settings", "configMap": {"name": settings}})
    for index, volume in enumerate(service.volumes):
        name = f"volume-{index}"  # a volume of the pod may not have the name of another, such as those of rohe
        mounts.append({"name": name, "mountPath": volume.path})
        if volume.empty_dir is not None:
            volumes.append({"name": name, "emptyDir": {"sizeLimit": byte_quantity(volume.empty_dir)}})
        else:
            volumes.append({"name": name, "persistentVolumeClaim": {"claimName": f"{instance}-{volume.name}"}})
    return mounts, volumes
