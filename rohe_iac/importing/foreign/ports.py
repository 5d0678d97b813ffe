"""Ports of services as the language writes them."""

from __future__ import annotations

from typing import Any


def port_name(number: int, protocol: str) -> str:
    """Returns the name of a port without one. protocol: TCP or UDP."""
    return f"p{number}" if protocol == "TCP" else f"p{number}-udp"


def is_port(port: dict[str, Any], number: str, protocol: str) -> bool:
    """Checks whether a port of a service has that number in its container. protocol: TCP or UDP."""
    return str(port["containerPort"]) == number and port.get("protocol", "TCP") == protocol


def make_port(name: str, number: int, service_port: int | None, protocol: str) -> dict[str, Any]:
    """Returns a port as the language writes it; the default protocol and an absent service port are left out.

    Args:
        name: The name of the port.
        number: The port of the container.
        service_port: The port at which others reach it, or None.
        protocol: TCP or UDP.
    """
    port: dict[str, Any] = {"name": name, "containerPort": number}
    if service_port is not None:
        port["servicePort"] = service_port
    if protocol != "TCP":
        port["protocol"] = protocol
    return port
