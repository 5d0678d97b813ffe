"""Probes of a container as the health of a service."""

from __future__ import annotations

from typing import Any

from rohe_iac.importing.foreign.command_secrets import READABLE, secret_in_command
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.ports import make_port, port_name
from rohe_iac.importing.kubernetes.objects import at, number_of, text_at

_SPANS = {
    "initialDelaySeconds": ("initialDelay", 0),
    "periodSeconds": ("period", 10),
    "timeoutSeconds": ("timeout", 1),
}
"""The spans of a probe: the word of the language, and what Kubernetes takes where none is stated, in seconds."""

_TIMES = {"failureThreshold": ("failureThreshold", 3), "successThreshold": ("successThreshold", 1)}

_ONCE = ("successThreshold", "liveness")
"""What has one value for one kind of probe: a replica that answers once lives."""

MAX_TIMES = 10**6

NO_NUMBER = f"a probe has whole numbers below {MAX_TIMES:,}"

RUNS_ONCE = "a service that runs once has no liveness probe"

REASONS = {
    "httpget": "probes over HTTP go to the replica's own address, without headers",
    "tcpsocket": "probes go to the replica's own address",
    "grpc": "a probe is about the whole replica, not one of its gRPC services",
    "terminationgraceperiodseconds": "a service has one terminationGracePeriod",
}


def add_probes(container: Field, service: dict[str, Any], target: str) -> None:
    """Adds the probes of a container to a service that has its ports already; a port that only a probe has is added."""
    health: dict[str, Any] = {}
    for source, word in (("readinessProbe", "readiness"), ("livenessProbe", "liveness")):
        probe = container.get(source)
        if probe is not None and word == "liveness" and service.get("runOnce"):
            probe.drop(RUNS_ONCE)
            continue
        found = _probe(probe, service, f"{target}.health.{word}", container) if probe is not None else None
        if found is not None:
            health[word] = found
    startup = container.get("startupProbe")
    if startup is not None and service.get("runOnce"):
        startup.drop(RUNS_ONCE)
    elif startup is not None:
        _add_startup(startup, health, service, target, container)
    if health:
        service["health"] = health


def _add_startup(probe: Field, health: dict[str, Any], service: dict[str, Any], target: str, container: Field) -> None:
    """Adds the time to start: as long as the startup probe may fail."""
    period = _number(probe, "periodSeconds", _SPANS["periodSeconds"][1])
    times = _number(probe, "failureThreshold", _TIMES["failureThreshold"][1])
    health["startup"] = f"{_number(probe, 'initialDelaySeconds', 0) + period * times}s"
    for name in ("initialDelaySeconds", "periodSeconds", "failureThreshold"):
        stated = probe.get(name)
        if stated is not None and _is_number(stated):
            stated.map_to(f"{target}.health.startup")
        elif stated is not None:
            stated.drop(NO_NUMBER)
    if "liveness" not in health:
        found = _probe(probe, service, f"{target}.health.liveness", container)
        if found is not None:
            health["liveness"] = {word: value for word, value in found.items() if word not in ("initialDelay",)}
            probe.note(
                "the startup probe becomes health.liveness, too, since health.startup is the time until that succeeds"
            )
    probe.drop_rest({}, "while a replica starts, rohe tries its liveness probe once a second")


def _probe(probe: Field, service: dict[str, Any], target: str, container: Field) -> dict[str, Any] | None:
    """Returns a probe with all its spans, since those that Kubernetes takes by default are not those of rohe."""
    question = _question(probe, service, target, container)
    if question is None:
        return None
    found = dict(question)
    for name, (word, default) in _SPANS.items():
        seconds = _number(probe, name, default)
        if seconds:
            found[word] = f"{seconds}s"
    for name, (word, default) in _TIMES.items():
        times = _number(probe, name, default)
        if times != default and 1 <= times <= MAX_TIMES and (name, target.rpartition(".")[2]) != _ONCE:
            found[word] = times
    for name in (*_SPANS, *_TIMES):
        stated = probe.get(name)
        if stated is not None and _is_number(stated):
            stated.map_to(target)
        elif stated is not None:
            stated.drop(NO_NUMBER)
    probe.drop_rest(REASONS)
    return found


def _number(probe: Field, name: str, default: int) -> int:
    stated = probe.get(name)
    return int(stated.text) if stated is not None and _is_number(stated) else default


def _is_number(stated: Field) -> bool:
    return stated.text.isdecimal() and len(stated.text) < len(str(MAX_TIMES))


def _question(probe: Field, service: dict[str, Any], target: str, container: Field) -> dict[str, Any] | None:
    http, tcp, grpc, command = probe.get("httpGet"), probe.get("tcpSocket"), probe.get("grpc"), probe.get("exec")
    if command is not None:
        words = at(command, "command")
        if words is None or not words.items():
            command.drop("the probe has no command")
            return None
        if found := secret_in_command([item.raw for item in words.items()]):
            command.drop(READABLE.format(found))
            return None
        words.map_to(target)
        return {"exec": [item.raw for item in words.items()]}
    asked = http or tcp or grpc
    port = _port(asked, service, container) if asked is not None else None
    if asked is None or port is None:
        probe.drop(
            "the probe names no port of the container"
            if asked is not None
            else "the probe has no httpGet, tcpSocket, grpc or exec"
        )
        return None
    stated = asked.get("port")
    if stated is not None:
        stated.map_to(target)
    if http is None:
        return {"tcp": port} if tcp is not None else {"grpc": port}
    if text_at(http, "scheme").upper() == "HTTPS":
        http.note("probes do not check certificates: taken as TCP")
        for name in ("scheme", "path"):
            if (part := http.get(name)) is not None:
                part.drop("over TLS a probe checks only whether the port accepts connections")
        return {"tcp": port}
    path = http.get("path")
    for part in (path, http.get("scheme")):
        if part is not None:
            part.map_to(target)
    written = path.text if path is not None else "/"
    return {"http": {"path": written if written.startswith("/") else f"/{written}", "port": port}}


def _port(asked: Field, service: dict[str, Any], container: Field) -> str | None:
    """Returns the name of the port that a probe asks; a number that the container does not name is added."""
    stated = number_of(text_at(asked, "port"), [container])
    ports: list[dict[str, Any]] = service.get("ports", [])
    for port in ports:
        if stated in (port["name"], str(port["containerPort"])) and port.get("protocol", "TCP") == "TCP":
            return str(port["name"])
    if not stated.isdecimal() or not 1 <= int(stated[:6]) <= 65535:
        return None
    name = port_name(int(stated), "TCP")
    service["ports"] = [*ports, make_port(name, int(stated), None, "TCP")]
    return name
