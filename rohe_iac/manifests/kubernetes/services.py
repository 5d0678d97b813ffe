"""Services: the names under which the replicas of a stack are reached in its cluster."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.blueprint.text.command_line import main_port
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.manifests.kubernetes.ports import container_ports

_LONGEST = 63
"""Characters of a DNS label (RFC 1123)."""


def replicas_service(stack: str) -> str:
    """Returns the name of the Service without an address of its own that gives each replica a name in DNS."""
    return _label(f"rohe-{stack}")


def service_name(slug: str) -> str:
    """Returns the name of a Service: clusters before 1.34 want it to begin with a letter (RFC 1035)."""
    return slug if slug[0].isalpha() else _label(f"service-{slug}")


def ensemble_service(topic: str, slugs: frozenset[str]) -> str:
    """Returns the name of the Service of all members of an ensemble.

    Args:
        topic: The name of the service, unique among services.
        slugs: The names of all workloads, which have Services of their own.
    """
    name = service_name(topic)
    return name if name not in slugs else f"{name[:50].rstrip('-')}-{sha256_hex(topic.encode())[:6]}"


def exposed_ports(workload: Workload) -> list[dict[str, Any]]:
    """Returns the ports of a Service; the number of a port is that of the container where no other is stated."""
    return [
        {"name": port.name, "port": port.service_port or number}
        | ({"targetPort": number} if port.service_port not in (None, number) else {})
        | ({"protocol": port.protocol} if port.protocol != "TCP" else {})
        for port, number in container_ports(workload)
    ]


def main_address(workload: Workload) -> tuple[int, int] | None:
    """Returns the numbers of the port that callers use, at the Service and in the container; None without a port."""
    ports = {port.name: (port.service_port or number, number) for port, number in container_ports(workload)}
    return ports[main_port([*ports])] if ports else None


def _label(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:56].rstrip('-')}-{sha256_hex(text.encode())[:6]}"
