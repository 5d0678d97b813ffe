"""What a Compose service asks for and may use: `deploy`, and the older fields beside it."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from rohe_iac.foundation import quantities
from rohe_iac.importing.compose.variables import is_unfilled
from rohe_iac.importing.foreign.architectures import ARCHITECTURES
from rohe_iac.importing.foreign.journal import Field, plain
from rohe_iac.importing.foreign.units import number_of, rounded, shown_cores, shown_memory, whole_of

_SIZE = re.compile(r"(\d{1,40}(?:\.\d{1,40})?)\s*(b|k|kb|ki|kib|m|mb|mi|mib|g|gb|gi|gib|t|tb)?", re.IGNORECASE)


_ARCH = re.compile(r"node\.platform\.arch\s*==\s*(\S+)")


_LABEL = re.compile(r"node\.labels\.([\w./-]+)\s*==\s*(\S+)")


MOST_DEVICES = 9999


MOST_REPLICAS = 1_000_000


ROLLING = "how a change is rolled out is the target's affair"


REASONS = {
    "updateconfig": ROLLING,
    "rollbackconfig": ROLLING,
    "restartpolicy": "what is placed is kept running",
    "labels": "labels of containers are made by the target",
    "mode": "a service has a number of replicas, which do not follow the number of nodes",
    "endpointmode": "how a service is reached is the target's affair",
}


def memory_of(field: Field) -> int | None:
    """Bytes as Compose writes them: `50M`, `50mb`, 2**20 each; a bare number is bytes."""
    if is_unfilled(field):
        return None
    match = _SIZE.fullmatch(field.text)
    if match is None:
        field.fault(f"expected bytes such as 512M, found '{field.text[:40]}'")
        return None
    scale = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}[(match[2] or "")[:1].lower()]
    amount = rounded(Fraction(match[1]) * scale)
    if amount > quantities.LARGEST:
        field.drop("more memory than any machine has")
        return None
    return amount


def take_deploy(field: Field, service: dict[str, Any], target: str) -> None:
    """Replicas, resources, devices and placement."""
    deploy = field.get("deploy")
    empty: Field | None = None
    replicas = (deploy.get("replicas") if deploy is not None else empty) or field.get("scale")
    if replicas is not None and not is_unfilled(replicas) and (count := whole_of(replicas)) is not None:
        if count <= MOST_REPLICAS:
            service["replicas"] = count
            replicas.to(f"{target}.replicas")
        else:
            replicas.drop(f"at most {MOST_REPLICAS:,} replicas are placed")
    resources = deploy.get("resources") if deploy is not None else None
    limits = resources.get("limits") if resources is not None else None
    reserved = resources.get("reservations") if resources is not None else None
    cpus = ((limits.get("cpus") if limits else None) or field.get("cpus"), reserved.get("cpus") if reserved else None)
    mode = deploy.get("mode") if deploy is not None else None
    if mode is not None and plain(mode.text) == "replicated":
        mode.to(f"{target}.replicas")
    memory = (
        (limits.get("memory") if limits else None) or field.get("mem_limit"),
        (reserved.get("memory") if reserved else None) or field.get("mem_reservation"),
    )
    made_limits: dict[str, Any] = {}
    requests: dict[str, Any] = {}
    _cpu(cpus, made_limits, requests, target)
    _memory(memory, made_limits, requests, target)
    _devices(field, reserved, requests, target)
    if requests:
        service["requests"] = requests
    if made_limits:
        service["limits"] = made_limits
    if deploy is not None:
        _placement(deploy, service, target)
        for part in (limits, reserved, resources):
            if part is not None:
                part.rest({"pids": "the number of processes is not bounded"})
        deploy.rest(REASONS)


def _pair(
    given: tuple[Field | None, Field | None], amounts: tuple[int | None, int | None], word: str, target: str
) -> tuple[int | None, int | None]:
    """(limit, request); without a reservation the limit is asked for, as Kubernetes does."""
    (limit_field, request_field), (limit, request) = given, amounts
    if request_field is not None and request is not None:
        request_field.to(f"{target}.requests.{word}")
    if limit_field is not None and limit is not None:
        if request is not None and limit < request:
            limit_field.drop("the limit is below what is reserved")
            return None, request
        limit_field.to(f"{target}.limits.{word}")
        if request is None:
            limit_field.note(f"nothing is reserved: what is asked for is the limit, requests.{word} too")
            request = limit
    return limit, request


def _cpu(
    given: tuple[Field | None, Field | None], limits: dict[str, Any], requests: dict[str, Any], target: str
) -> None:
    numbers = tuple(number_of(field) if field is not None and not is_unfilled(field) else None for field in given)
    limit, request = (rounded(number * 1000) if number else None for number in numbers)
    limit, request = _pair(given, (limit, request), "cpu", target)
    if request:
        requests["cpu"] = shown_cores(request)
    if limit:
        limits["cpu"] = shown_cores(limit)


def _memory(
    given: tuple[Field | None, Field | None], limits: dict[str, Any], requests: dict[str, Any], target: str
) -> None:
    limit, request = (memory_of(field) if field is not None else None for field in given)
    limit, request = _pair(given, (limit or None, request or None), "memory", target)
    if request:
        requests["memory"] = {"rss": shown_memory(request)}
    if limit:
        limits["memory"] = shown_memory(limit)


def _devices(field: Field, reserved: Field | None, requests: dict[str, Any], target: str) -> None:
    devices = reserved.get("devices") if reserved is not None else None
    asked: dict[str, int] = {}
    for item in devices.listed() if devices is not None else []:
        capabilities = item.get("capabilities")
        listed = capabilities.listed() if capabilities is not None else []
        # As the command line of Docker has it, capabilities are a list of lists.
        words = [word.text.lower() for part in listed for word in part.listed()]
        kind = "gpu" if "gpu" in words or not words else words[0]
        asked[kind] = asked.get(kind, 0) + _count(item)
        item.to(f"{target}.requests.accelerators.{kind}")
        driver = item.get("driver")
        if driver is not None:
            driver.drop("which driver serves a device is the node's affair")
    generic = reserved.get("generic_resources") if reserved is not None else None
    for item in generic.items() if generic is not None else []:
        discrete = item.get("discrete_resource_spec")
        kind_field, value = (discrete.get("kind"), discrete.get("value")) if discrete is not None else (None, None)
        number = whole_of(value) if value is not None else None
        if kind_field is not None and kind_field.text and number and number <= MOST_DEVICES:
            kind = kind_field.text.lower()
            asked[kind] = asked.get(kind, 0) + number
            item.to(f"{target}.requests.accelerators.{kind}")
    for name in ("gpus", "runtime"):
        other = field.get(name)
        if other is None:
            continue
        if asked:
            other.drop("devices are asked for under deploy.resources already")
            continue
        if name == "runtime" and plain(other.text) != "nvidia":
            other.drop("the container runtime is the target's affair")
            continue
        asked["gpu"] = _count(other.items()[0]) if other.is_list and other.items() else _all(other)
        other.to(f"{target}.requests.accelerators.gpu")
    if asked:
        requests["accelerators"] = {kind: {"count": count} for kind, count in asked.items()}


def _count(item: Field) -> int:
    identities, count = item.get("device_ids"), item.get("count")
    if identities is not None and identities.items():
        identities.note("which devices of a node are given is decided by the plan")
        return len(identities.items())
    return _all(count) if count is not None else 1


def _all(count: Field) -> int:
    if re.fullmatch(r"[1-9]\d{0,3}", count.text):
        return int(count.text)
    count.note("all devices of a node are not a number: one is asked for")
    return 1


def _placement(deploy: Field, service: dict[str, Any], target: str) -> None:
    placement = deploy.get("placement")
    if placement is None or not placement.is_mapping:
        return
    rules: dict[str, Any] = {}
    constraints = placement.get("constraints")
    for item in constraints.items() if constraints is not None else []:
        match, arch = _LABEL.fullmatch(item.text), _ARCH.fullmatch(item.text)
        if arch is not None and plain(arch[1]) in ARCHITECTURES:
            service["arch"] = [ARCHITECTURES[plain(arch[1])]]
            item.to(f"{target}.arch")
            continue
        if match is None:
            item.drop("a node is chosen by its labels: node.labels.NAME == VALUE")
            continue
        rules.setdefault("nodeSelector", {})[match[1]] = match[2]
        item.to(f"{target}.placement.nodeSelector.{match[1]}")
    most = placement.get("max_replicas_per_node")
    if most is not None and (number := whole_of(most)):
        rules["spread"] = [{"topologyKey": "node", "maxPerDomain": number}]
        most.to(f"{target}.placement.spread")
    placement.rest({"preferences": "replicas are spread by placement.spread"})
    if rules:
        service["placement"] = rules
