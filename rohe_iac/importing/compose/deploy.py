"""Requests, limits, replicas and placement of a Compose service: `deploy`, and the older fields for the same."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from rohe_iac.blueprint.language.scale.replicas import PER_NODE
from rohe_iac.foundation import quantities
from rohe_iac.importing.compose.completion import is_job
from rohe_iac.importing.foreign.architectures import ARCHITECTURES
from rohe_iac.importing.foreign.journal import Field, loose_spelling
from rohe_iac.importing.foreign.units import (
    MAX_REPLICAS,
    cpu_quantity,
    integer_of,
    memory_quantity,
    number_of,
    round_up,
)
from rohe_iac.importing.foreign.variables.expansion import drop_if_unfilled

_SIZE = re.compile(r"(\d{1,40}(?:\.\d{1,40})?)\s*(b|k|kb|ki|kib|m|mb|mi|mib|g|gb|gi|gib|t|tb)?", re.IGNORECASE)


_ARCH = re.compile(r"node\.platform\.arch\s*==\s*(\S+)")

_LABEL = re.compile(r"node\.(?:labels\.(?P<label>[\w./-]+)|(?P<name>hostname))\s*(?P<operator>==|!=)\s*(?P<value>\S+)")


MAX_DEVICES = 9999


ROLLING = "how a change is rolled out is the target's affair"


REASONS = {
    "updateconfig": ROLLING,
    "rollbackconfig": ROLLING,
    "restartpolicy": "replicas are restarted when they end",
    "labels": "labels of containers are made by the target",
    "mode": "not a mode of Docker Swarm: replicated, global, replicated-job or global-job",
    "endpointmode": "how a service is reached is the target's affair",
}


def memory_of(field: Field) -> int | None:
    """Returns bytes from Compose's notation: `50M`, `50mb` are 2**20 each; None after dropping or reporting the field.

    A bare number is bytes.
    """
    if drop_if_unfilled(field):
        return None
    match = _SIZE.fullmatch(field.text)
    if match is None:
        field.report_fault(f"expected bytes such as 512M, found '{field.text[:40]}'")
        return None
    scale = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}[(match[2] or "")[:1].lower()]
    amount = round_up(Fraction(match[1]) * scale)
    if amount > quantities.LARGEST:
        field.drop("more memory than any machine has")
        return None
    return amount


def add_deploy(field: Field, service: dict[str, Any], target: str) -> None:
    """Adds replicas, requests, limits and placement to a service of the pipeline.

    Args:
        field: The service in the file.
        service: The service of the pipeline, added to.
        target: The name of the service in the journal.
    """
    deploy = field.get("deploy")
    _add_replicas(field, deploy, service, target)
    resources = _entry(deploy, "resources")
    limited, reserved = _entry(resources, "limits"), _entry(resources, "reservations")
    cpus = (_entry(limited, "cpus") or field.get("cpus"), _entry(reserved, "cpus"))
    memory = (
        _entry(limited, "memory") or field.get("mem_limit"),
        _entry(reserved, "memory") or field.get("mem_reservation"),
    )
    limits: dict[str, Any] = {}
    requests: dict[str, Any] = {}
    _add_cpu(cpus, limits, requests, target)
    _add_memory(memory, limits, requests, target)
    _add_devices(field, reserved, requests, target)
    if requests:
        service["requests"] = requests
    if limits:
        service["limits"] = limits
    if deploy is not None:
        _add_placement(deploy, service, target)
        for part in (limited, reserved, resources):
            if part is not None:
                part.drop_rest({"pids": "the number of processes is not bounded"})
        deploy.drop_rest(REASONS)


def _entry(field: Field | None, name: str) -> Field | None:
    return field.get(name) if field is not None else None


def _add_replicas(field: Field, deploy: Field | None, service: dict[str, Any], target: str) -> None:
    replicas, mode = _entry(deploy, "replicas") or field.get("scale"), _entry(deploy, "mode")
    word = loose_spelling(mode.text) if mode is not None else ""
    if is_job(mode):
        service["runOnce"] = True
    if mode is not None and word in ("global", "globaljob"):
        service["replicas"] = PER_NODE
        mode.map_to(f"{target}.replicas")
        if replicas is not None:
            replicas.drop("a service of the mode global has one replica on each node that suits it")
        return
    if mode is not None and word in ("replicated", "replicatedjob"):
        mode.map_to(f"{target}.{'runOnce' if is_job(mode) else 'replicas'}")
    if replicas is not None and not drop_if_unfilled(replicas) and (count := integer_of(replicas)) is not None:
        if count <= MAX_REPLICAS:
            service["replicas"] = count
            replicas.map_to(f"{target}.replicas")
        else:
            replicas.drop(f"at most {MAX_REPLICAS:,} replicas are placed")


def _pair(
    fields: tuple[Field | None, Field | None], amounts: tuple[int | None, int | None], word: str, target: str
) -> tuple[int | None, int | None]:
    """Returns (limit, request); without a reservation the request is the limit, as in Kubernetes."""
    (limit_field, request_field), (limit, request) = fields, amounts
    if request_field is not None and request is not None:
        request_field.map_to(f"{target}.requests.{word}")
    if limit_field is not None and limit is not None:
        if request is not None and limit < request:
            limit_field.drop("the limit is below what is reserved")
            return None, request
        limit_field.map_to(f"{target}.limits.{word}")
        if request is None:
            limit_field.note(f"there is no reservation of it: requests.{word} is the limit, as with Docker Compose")
            request = limit
    return limit, request


def _add_cpu(
    fields: tuple[Field | None, Field | None], limits: dict[str, Any], requests: dict[str, Any], target: str
) -> None:
    numbers = tuple(number_of(field) if field is not None and not drop_if_unfilled(field) else None for field in fields)
    limit, request = (round_up(number * 1000) if number else None for number in numbers)
    limit, request = _pair(fields, (limit, request), "cpu", target)
    if request:
        requests["cpu"] = cpu_quantity(request)
    if limit:
        limits["cpu"] = cpu_quantity(limit)


def _add_memory(
    fields: tuple[Field | None, Field | None], limits: dict[str, Any], requests: dict[str, Any], target: str
) -> None:
    limit, request = (memory_of(field) if field is not None else None for field in fields)
    limit, request = _pair(fields, (limit or None, request or None), "memory", target)
    if request:
        requests["memory"] = {"rss": memory_quantity(request)}
    if limit:
        limits["memory"] = memory_quantity(limit)


def _add_devices(field: Field, reserved: Field | None, requests: dict[str, Any], target: str) -> None:
    counts: dict[str, int] = {}
    devices = _entry(reserved, "devices")
    for item in devices.as_list() if devices is not None else []:
        capabilities = item.get("capabilities")
        # As on the command line of Docker, capabilities are a list of lists.
        lists = capabilities.as_list() if capabilities is not None else []
        words = [word.text.lower() for part in lists for word in part.as_list()]
        kind = "gpu" if "gpu" in words or not words else words[0]
        counts[kind] = counts.get(kind, 0) + _count(item)
        item.map_to(f"{target}.requests.accelerators.{kind}")
        driver = item.get("driver")
        if driver is not None:
            driver.drop("which driver serves a device is the node's affair")
    generic = _entry(reserved, "generic_resources")
    for item in generic.items() if generic is not None else []:
        discrete = item.get("discrete_resource_spec")
        kind_field, value = _entry(discrete, "kind"), _entry(discrete, "value")
        number = integer_of(value) if value is not None else None
        if kind_field is not None and kind_field.text and number and number <= MAX_DEVICES:
            kind = kind_field.text.lower()
            counts[kind] = counts.get(kind, 0) + number
            item.map_to(f"{target}.requests.accelerators.{kind}")
    for name in ("gpus", "runtime"):
        other = field.get(name)
        if other is None:
            continue
        if counts:
            other.drop("devices are asked for under deploy.resources already")
            continue
        if name == "runtime" and loose_spelling(other.text) != "nvidia":
            other.drop("the container runtime is the target's affair")
            continue
        counts["gpu"] = sum(map(_count, other.items())) if other.items() else _number_of_devices(other)
        for item in other.items():
            item.map_to(f"{target}.requests.accelerators.gpu")
            for key, part in item.entries():
                if key in ("driver", "options"):
                    part.drop("which driver serves a device is the node's affair")
        other.map_to(f"{target}.requests.accelerators.gpu")
    if counts:
        requests["accelerators"] = {kind: {"count": count} for kind, count in counts.items()}


def _count(item: Field) -> int:
    identities, count = item.get("device_ids"), item.get("count")
    if identities is not None and identities.items():
        identities.note("which devices of a node are given is decided by the plan")
        return len(identities.items())
    return _number_of_devices(count) if count is not None else 1


def _number_of_devices(count: Field) -> int:
    """Returns the number that a field holds; anything else, such as `all`, counts as 1 with a note."""
    if re.fullmatch(r"[1-9]\d{0,3}", count.text):
        return int(count.text)
    count.note("a number of devices is needed here: written as 1; change it under requests.accelerators")
    return 1


def _add_placement(deploy: Field, service: dict[str, Any], target: str) -> None:
    placement = deploy.get("placement")
    if placement is None or not placement.is_mapping:
        return
    rules: dict[str, Any] = {}
    constraints = placement.get("constraints")
    selectors: list[tuple[Field, re.Match[str]]] = []
    for item in constraints.items() if constraints is not None else []:
        match, arch = _LABEL.fullmatch(item.text), _ARCH.fullmatch(item.text)
        if arch is not None and loose_spelling(arch[1]) in ARCHITECTURES:
            service["arch"] = [ARCHITECTURES[loose_spelling(arch[1])]]
            item.map_to(f"{target}.arch")
        elif match is None:
            item.drop("a node is chosen by its labels and its name: node.labels.NAME or node.hostname, == or !=")
        else:
            selectors.append((item, match))
    if selectors:
        rules["nodeSelector"] = _node_selector(selectors, f"{target}.placement.nodeSelector")
    limit = placement.get("max_replicas_per_node")
    if limit is not None and service.get("replicas") == PER_NODE:
        limit.drop("a service of the mode global has one replica on each node that suits it")
    elif limit is not None and (number := integer_of(limit)):
        rules["spread"] = [{"topologyKey": "node", "maxPerDomain": number}]
        limit.map_to(f"{target}.placement.spread")
    placement.drop_rest({"preferences": "replicas are spread by placement.spread"})
    if rules:
        service["placement"] = rules


def _node_selector(constraints: list[tuple[Field, re.Match[str]]], target: str) -> dict[str, Any]:
    """Returns constraints on labels and names of nodes as a node selector, of which each label is one entry."""
    selector: dict[str, Any] = {}
    # What a label has to be counts first: beside it, what it must not be adds nothing.
    for item, match in sorted(constraints, key=lambda constraint: constraint[1]["operator"] != "=="):
        key, value = match["label"] or "node", match["value"]
        found = selector.get(key)
        if match["operator"] == "==":
            if found not in (None, value):
                item.drop(f"{key} has one value: no node is both {found} and {value}")
                continue
            selector[key] = value
        elif found == value:
            item.drop(f"{key} is {value} by another constraint: no node suits both")
            continue
        elif not isinstance(found, str):
            selector[key] = {"not": [*(found["not"] if found else []), value]}
        item.map_to(f"{target}.{key}")
    return selector
