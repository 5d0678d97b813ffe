"""Requests and limits of a container as those of a service.

Source: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from rohe_iac.foundation.quantities import LARGEST
from rohe_iac.importing.cluster.extended_resources import type_of
from rohe_iac.importing.cluster.nodes import CORES, DISK, MEMORY
from rohe_iac.importing.cluster.quantity import quantity, taken
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.units import cpu_quantity, memory_quantity
from rohe_iac.importing.kubernetes.objects import at

NOT_ASKED_FOR = "of amounts, rohe asks for cpu, memory, ephemeral-storage and whole devices"

UNBOUNDED = "it sets no limit of memory, and without one rohe bounds memory by the request: write limits.memory"

LIMIT_ONLY = "only the limit is stated, which is the request, too, as in Kubernetes"


def add_resources(container: Field, service: dict[str, Any], target: str) -> None:
    """Adds requests and limits of a container to a service; a limit without a request is the request, too."""
    resources = container.get("resources")
    if resources is None:
        return
    requested, limited = _amounts(resources, "requests"), _amounts(resources, "limits")
    requests: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    for name, word in ((CORES, "cpu"), (MEMORY, "memory"), (DISK, "disk")):
        limit, request = limited.get(name), requested.get(name)
        if request is not None:
            requests[word] = _written(word, request[1], is_request=True)
            request[0].map_to(f"{target}.requests.{word}")
        elif limit is not None:
            requests[word] = _written(word, limit[1], is_request=True)
            limit[0].note(LIMIT_ONLY)
        if limit is not None:
            limits[word] = _written(word, limit[1])
            limit[0].map_to(f"{target}.limits.{word}")
    if MEMORY in requested and MEMORY not in limited:
        requested[MEMORY][0].note(UNBOUNDED)
    devices = _devices({**requested, **limited}, resources, target)
    if devices:
        requests["accelerators"] = devices
    requests = {word: amount for word, amount in requests.items() if amount not in (0, {"rss": 0})}
    limits = {word: amount for word, amount in limits.items() if amount}
    if requests:
        service["requests"] = requests
    if limits:
        service["limits"] = limits
    for part in (at(resources, "requests"), at(resources, "limits"), resources):
        if part is not None:
            part.drop_rest({"claims": "devices are asked for under requests.accelerators"}, NOT_ASKED_FOR)


def amount_of(field: Field) -> Fraction | None:
    """Returns the amount of a field, at least 0; None after reporting a fault."""
    try:
        amount = quantity(field.text)
    except ValueError as error:
        field.report_fault(str(error), "an amount is written as 500m, 2, 512Mi or 1Gi")
        return None
    if not 0 <= amount <= LARGEST:
        field.report_fault(f"expected an amount from 0 to {LARGEST:.0e}, found {field.text[:40]}")
        return None
    return amount


def bytes_at(field: Field | None) -> int | None:
    """Returns whole bytes of a field, rounded up; None where there is none, or after reporting a fault."""
    amount = amount_of(field) if field is not None else None
    return taken(amount) if amount is not None else None


def _amounts(resources: Field, word: str) -> dict[str, tuple[Field, Fraction]]:
    stated = resources.get(word)
    found = {}
    for name, part in stated.entries() if stated is not None else []:
        amount = amount_of(part) if part.text else None
        if amount is not None:
            found[name] = (part, amount)
    return found


def _written(word: str, amount: Fraction, *, is_request: bool = False) -> Any:
    if word == "cpu":
        return cpu_quantity(taken(amount, 1000))
    size = memory_quantity(taken(amount))
    return {"rss": size} if word == "memory" and is_request else size


def _devices(amounts: dict[str, tuple[Field, Fraction]], resources: Field, target: str) -> dict[str, Any]:
    """Returns the whole devices that a container asks for, by type; the request and the limit of one are equal."""
    devices: dict[str, Any] = {}
    makers: dict[str, str] = {}
    for name, (part, amount) in amounts.items():
        group = name.partition("/")[0]
        if "/" not in name or group.endswith("kubernetes.io"):
            continue
        if not amount:
            part.drop("the amount is 0, so nothing is requested")
            continue
        kind = type_of(name)
        maker = makers.setdefault(kind, name)
        if maker == name:
            devices[kind] = {"count": taken(amount)}
        for field in (at(resources, "requests"), at(resources, "limits")):
            for other, stated in field.entries() if field is not None else []:
                if other == name and maker != name:
                    stated.drop(f"a service asks for one kind of {kind}, and these are those of {maker}")
                elif other == name:
                    stated.map_to(f"{target}.requests.accelerators.{kind}")
    return devices
