"""Pod requests: what one pod holds of its node, counted as the scheduler counts it.

Containers run together, sidecars (init containers that restart always) run from their start on, and other init
containers run one after another before the containers. Requests of the whole pod replace those of its containers.

Source: Kubernetes KEP-753 (sidecar containers), KEP-2837 (pod level resources), KEP-1287 (resize in place).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from rohe_iac.importing.cluster.objects import Object, at, each
from rohe_iac.importing.cluster.quantity import quantity

ENDED = frozenset(("Succeeded", "Failed"))
"""Phases of pods that hold nothing any more."""


def requests_of(pod: Object) -> dict[str, Fraction]:
    """Returns what a pod requests of each resource, its overhead included.

    Raises:
        ValueError: An amount is no quantity.
    """
    spec = pod.get("spec") or {}
    statuses = {
        str(status.get("name")): status
        for kind in ("containerStatuses", "initContainerStatuses")
        for status in each(pod, "status", kind)
    }
    running: dict[str, Fraction] = {}
    for container in each(spec, "containers"):
        running = _sum(running, _container(container, statuses))
    sidecars: dict[str, Fraction] = {}
    starting: dict[str, Fraction] = {}
    for container in each(spec, "initContainers"):
        amounts = _container(container, statuses)
        if container.get("restartPolicy") == "Always":
            sidecars = _sum(sidecars, amounts)
            starting = _most(starting, sidecars)
        else:
            starting = _most(starting, _sum(sidecars, amounts))
    total = _most(_sum(running, sidecars), starting)
    total = {**total, **_amounts(at(spec, "resources", "requests"))}
    return _sum(total, _amounts(spec.get("overhead")))


def _container(container: Mapping[str, Any], statuses: Mapping[str, Any]) -> dict[str, Fraction]:
    """Returns the requests of a container: the most of what it asks for, was allocated and has, while it is resized."""
    wanted = _amounts(at(container, "resources", "requests"))
    status = statuses.get(str(container.get("name")))
    for held in (_amounts(at(status, "allocatedResources")), _amounts(at(status, "resources", "requests"))):
        wanted = _most(wanted, held)
    return wanted


def _amounts(found: Mapping[str, Any] | None) -> dict[str, Fraction]:
    return {name: quantity(text) for name, text in (found or {}).items()}


def _sum(amounts: Mapping[str, Fraction], other: Mapping[str, Fraction]) -> dict[str, Fraction]:
    return {name: amounts.get(name, Fraction(0)) + other.get(name, Fraction(0)) for name in _names(amounts, other)}


def _most(amounts: Mapping[str, Fraction], other: Mapping[str, Fraction]) -> dict[str, Fraction]:
    return {name: max(amounts.get(name, Fraction(0)), other.get(name, Fraction(0))) for name in _names(amounts, other)}


def _names(amounts: Mapping[str, Fraction], other: Mapping[str, Fraction]) -> Iterable[str]:
    return dict.fromkeys((*amounts, *other))
