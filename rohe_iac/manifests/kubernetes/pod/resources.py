"""Resources: the requests and limits of a container, accelerators too."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.foundation.quantities import shown_cpu

SHARES_PER_DEVICE = 100
"""An accelerator is offered as this many units of the extended resource `rohe.dev/<type>-share`."""

MEBIBYTE = 2**20
"""Bytes of the unit of the extended resource `rohe.dev/<type>-memory`."""


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
