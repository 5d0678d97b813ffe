"""Volumes: what is mounted into a container, such as credentials, working space, settings and devices of the node."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from rohe_iac.blueprint.language.pipeline import Pipeline, Service
from rohe_iac.blueprint.linked.workload import Workload, parts_of
from rohe_iac.manifests.kubernetes.quantities import byte_quantity
from rohe_iac.manifests.kubernetes.secrets import BROKER_FOLDER, CREDENTIALS_FOLDER

SETTINGS_FOLDER = "/etc/rohe/agent"
"""The folder in an agent's container with its settings."""

AGENT_SETTINGS = "agent.json"
"""The file in it."""


def volume_claim(instance: str, volume: str) -> str:
    """Returns the name of the claim of a replica's named volume.

    Neither an instance nor a volume has a dot in its name, and no instance is called `volume`, so that no two claims
    have one name, nor one of them that of the storage of an instance.
    """
    return f"volume.{instance}.{volume}"


def shared_claim(pipeline: str, volume: str) -> str:
    """Returns the name of the claim of a pipeline's volume; no claim of an instance has it: see `volume_claim`."""
    return f"shared.{pipeline}.{volume}"


def shared_claims_of(service: Service, pipeline: str) -> list[str]:
    """Returns the names of the claims that a service shares with others of its pipeline."""
    return [shared_claim(pipeline, str(volume.name)) for volume in service.volumes if volume.is_shared]


def shared_claims(pipelines: Iterable[Pipeline], placed: Collection[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields the claims of volumes of pipelines that a placed service mounts, each with the values of its template.

    Args:
        pipelines: The pipelines of the stack.
        placed: Services with a placed replica, as PIPELINE:NAME.
    """
    for pipeline in pipelines:
        name = pipeline.metadata.name
        services = [item for item in pipeline.spec.services if f"{name}:{item.name}" in placed]
        used = {
            volume.name for item in services for part in parts_of(item) for volume in part.volumes if volume.is_shared
        }
        for shared in pipeline.spec.volumes:
            if shared.name in used:
                values = {"size": byte_quantity(shared.size), "storage_class": shared.class_}
                yield shared_claim(name, shared.name), {**values, "access_mode": shared.access_mode}


def claims_of(service: Service, instance: str) -> list[tuple[str, int]]:
    """Returns name and size in bytes of each claim of a replica; a named volume is its own, and outlives its pods."""
    return [
        (volume_claim(instance, volume.name), volume.size)
        for volume in service.volumes
        if volume.name is not None and volume.size is not None
    ]


def mounts_and_volumes(
    service: Service,
    workload: Workload,
    instance: str,
    *,
    secret: str,
    settings: str,
    storage: tuple[dict[str, Any], dict[str, Any]] | None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Returns volume mounts and volumes: what survives the pod, secrets, an agent's settings, and the service's own.

    Args:
        service: The service whose volumes are mounted last.
        workload: The workload of the service.
        instance: The name of the replica, whose claims are its own.
        secret: The name of the Secret with credentials, or with the broker's settings; "" for none.
        settings: The name of the ConfigMap with an agent's settings, "" for none.
        storage: The mount and the volume of what survives the pod; None where nothing has to.
    """
    mounts: list[dict[str, Any]] = []
    volumes: list[dict[str, Any]] = []
    if storage is not None:
        mounts.append(storage[0])
        volumes.append(storage[1])
    if secret:
        name, folder = ("broker", BROKER_FOLDER) if workload.role == "broker" else ("credentials", CREDENTIALS_FOLDER)
        mounts.append({"name": name, "mountPath": folder, "readOnly": True})
        volumes.append({"name": name, "secret": {"secretName": secret}})
    if settings:
        mounts.append({"name": "settings", "mountPath": SETTINGS_FOLDER, "readOnly": True})
        volumes.append({"name": "settings", "configMap": {"name": settings}})
    for index, volume in enumerate(service.volumes):
        name = f"volume-{index}"  # a volume of the pod may not have the name of another, such as those of rohe
        mount: dict[str, Any] = {"name": name, "mountPath": volume.path}
        if volume.sub_path is not None:
            mount["subPath"] = volume.sub_path
        if volume.read_only:
            mount["readOnly"] = True
        mounts.append(mount)
        if volume.empty_dir is not None:
            volumes.append({"name": name, "emptyDir": {"sizeLimit": byte_quantity(volume.empty_dir)}})
            continue
        own = str(volume.name)
        claim = shared_claim(workload.pipeline, own) if volume.is_shared else volume_claim(instance, own)
        volumes.append({"name": name, "persistentVolumeClaim": {"claimName": claim}})
    for index, device in enumerate(service.devices):
        mounts.append({"name": f"device-{index}", "mountPath": device.path})
        volumes.append({"name": f"device-{index}", "hostPath": {"path": device.source}})
    return mounts, volumes
