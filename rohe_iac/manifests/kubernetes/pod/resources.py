"""Resources: the requests and limits of a container, accelerators too."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.manifests.kubernetes.pod.devices import CLAIM, PodDevices
from rohe_iac.manifests.kubernetes.quantities import byte_quantity, cpu_quantity, whole_quantity


def init_resources(service: Service) -> dict[str, Any]:
    """Returns requests and limits of a step before the start of a replica: those of the replica, without devices."""
    return resources(service, PodDevices({}, ()))


def resources(service: Service, devices: PodDevices) -> dict[str, Any]:
    """Returns requests, limits and claims of a container.

    Without a limit, memory and disk are limited to the request, cpu is not. What the service does
    not ask for is left out, so that a LimitRange of the namespace may fill it in.
    """
    needs = service.requests
    requests: dict[str, Any] = {"cpu": cpu_quantity(needs.cpu)} if needs.cpu else {}
    limits: dict[str, Any] = {}
    if needs.memory is not None:
        requests["memory"] = byte_quantity(needs.memory.rss)
        limits["memory"] = byte_quantity(needs.memory.rss)
    if service.limits.memory is not None:
        limits["memory"] = byte_quantity(service.limits.memory)
    disk = service.limits.disk or needs.disk
    if needs.disk:
        requests["ephemeral-storage"] = byte_quantity(needs.disk)
    if disk:
        limits["ephemeral-storage"] = byte_quantity(disk)
    if service.limits.cpu is not None:
        limits["cpu"] = cpu_quantity(service.limits.cpu)
    for name, units in devices.extended.items():
        requests[name] = limits[name] = whole_quantity(units)
    claims = {"claims": [{"name": CLAIM}]} if devices.requests else {}
    amounts = {"requests": requests, "limits": limits}
    return {**claims, **{name: values for name, values in amounts.items() if values}}
