"""Probes: how the cluster asks whether a container is ready, whether it is alive, and whether it has started."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rohe_iac.blueprint.language.pods.probe import Health, Probe

PERIOD = 5
"""Seconds between questions where a probe states none: those of the target `local`."""

TIMEOUT = 3
"""Seconds that an answer may take where a probe states none."""

_DEFAULTS = {"periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3, "successThreshold": 1}
"""What the server takes for a field that is absent; such values are left out."""

PortNaming = Callable[[str], str]
"""Returns the name that a port of the service has in the container."""


def probes(health: Health, port_name: PortNaming, numbers: dict[str, int]) -> dict[str, dict[str, Any]]:
    """Returns the probes of a container: `readiness`, `liveness` and `startup`, where there are any.

    A replica has `startup` seconds for its first answer to the liveness probe: a startup probe that asks the same once
    a second holds the others back until then.

    Args:
        health: The health of the service.
        port_name: Returns the name of a port in the container.
        numbers: Numbers of the container's ports, by their names in the blueprint.
    """
    found = {}
    if health.readiness is not None:
        found["readiness"] = _probe(health.readiness, port_name, numbers)
    if health.liveness is not None:
        found["liveness"] = _probe(health.liveness, port_name, numbers)
        times = {"periodSeconds": 1, "failureThreshold": max(1, math.ceil(health.startup))}
        timeout = {"timeoutSeconds": _seconds(health.liveness.timeout, TIMEOUT)}
        found["startup"] = _canonical({**_question(health.liveness, port_name, numbers), **times, **timeout})
    return found


def _probe(probe: Probe, port_name: PortNaming, numbers: dict[str, int]) -> dict[str, Any]:
    times = {
        "initialDelaySeconds": _seconds(probe.initial_delay, 0),
        "periodSeconds": _seconds(probe.period, PERIOD),
        "timeoutSeconds": _seconds(probe.timeout, TIMEOUT),
        "failureThreshold": probe.failure_threshold or _DEFAULTS["failureThreshold"],
        "successThreshold": probe.success_threshold or _DEFAULTS["successThreshold"],
    }
    return _canonical({**_question(probe, port_name, numbers), **times})


def _question(probe: Probe, port_name: PortNaming, numbers: dict[str, int]) -> dict[str, Any]:
    if probe.http is not None:
        return {"httpGet": {"path": probe.http.path, "port": port_name(probe.http.port)}}
    if probe.tcp is not None:
        return {"tcpSocket": {"port": port_name(probe.tcp)}}
    if probe.grpc is not None:
        return {"grpc": {"port": numbers[probe.grpc]}}
    return {"exec": {"command": list(probe.exec_ or ())}}


def _seconds(span: float | None, default: int) -> int:
    """Returns whole seconds, which is all that a cluster knows: a fraction counts as one."""
    return default if span is None else math.ceil(span)


def _canonical(probe: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in probe.items() if value and _DEFAULTS.get(name) != value}
