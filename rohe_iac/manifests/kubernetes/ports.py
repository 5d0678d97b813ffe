"""Ports: the numbers that the containers of a workload listen on."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import Port
from rohe_iac.blueprint.linked.workload import Workload

BROKER_PORT = 1883
"""The TCP port that IANA assigns to MQTT."""

FIRST_PORT = 8000
"""Number of the first container port of a service whose ports have no numbers."""


def port_number(port: Port, index: int) -> int:
    """Returns the number that a container listens on for its port at position `index` of the blueprint."""
    return port.container_port or FIRST_PORT + index


def container_ports(workload: Workload) -> list[tuple[Port, int]]:
    """Returns the ports that a container listens on, with their numbers, in the order of the blueprint."""
    if workload.role == "broker":
        return [(port, BROKER_PORT) for port in workload.service.ports if port.name == "mqtt"]
    return [(port, port_number(port, index)) for index, port in enumerate(workload.service.ports)]
