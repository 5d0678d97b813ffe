"""Ports: the numbers and names that the ports of a workload have in its containers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rohe_iac.blueprint.language.pipeline import Port
from rohe_iac.blueprint.linked.workload import Workload

BROKER_PORTS = {"mqtt": 1883, "mqtts": 8883}
"""The TCP ports that IANA assigns to MQTT, without and with TLS, by the name of the broker's port."""

NATS_PORT = 4222
"""The port of the NATS server's own protocol, on loopback in the broker's pod, and refusing all users."""

FIRST_PORT = 8000
"""Number of the first container port of a service whose ports have no numbers."""

_SERVICE_NAME = re.compile(r"(?=.{1,15}$)(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9-]*[a-z0-9])?")
"""A name that a container's port may have (RFC 6335, section 5.1): at most 15 characters, one of them a letter."""


def port_numbers(ports: Sequence[Port]) -> list[int]:
    """Returns the numbers that a container listens on, in the order of the ports.

    A port without a number gets FIRST_PORT and its position, or the next number that no other port has.
    """
    taken = {port.container_port for port in ports}
    numbers = []
    for index, port in enumerate(ports):
        number = port.container_port or FIRST_PORT + index
        while port.container_port is None and number in taken:
            number += 1
        taken.add(number)
        numbers.append(number)
    return numbers


def container_ports(workload: Workload) -> list[tuple[Port, int]]:
    """Returns the ports that a container listens on, with their numbers, in the order of the blueprint."""
    ports = workload.service.ports
    if workload.role == "broker":
        return [(port, BROKER_PORTS[port.name]) for port in ports if port.name in BROKER_PORTS]
    return list(zip(ports, port_numbers(ports), strict=True))


def container_port_name(name: str, number: int) -> str:
    """Returns the name that a port has in a container: its own, or one of its number where the server refuses that."""
    return name if _SERVICE_NAME.fullmatch(name) else f"port-{number}"


def policy_ports(workload: Workload) -> list[dict[str, Any]]:
    """Returns the ports of a workload's pods as rules of a NetworkPolicy name them."""
    return [policy_port(number, port.protocol) for port, number in container_ports(workload)]


def policy_port(number: int, protocol: str) -> dict[str, Any]:
    """Returns a port as rules of a NetworkPolicy name it."""
    return {"port": number} | ({"protocol": protocol} if protocol != "TCP" else {})
