"""Resources: the requests and limits of a container, accelerators too."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.foundation.quantities import shown_cpu
from rohe_iac.manifests.kubernetes.pod.devices import CLAIM, PodDevices


def resources(service: Service, devices: PodDevices) -> dict[str, Any]:
    """Returns requests, limits and claims of a container.

    Without a limit, memory and disk are limited to the request, cpu is not.
    """
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
    for name, units in devices.extended.items():
        requests[name] = limits[name] = str(units)
    claims = {"claims": [{"name": CLAIM}]} if devices.requests else {}
    return {**claims, "requests": requests, "limits": limits}
