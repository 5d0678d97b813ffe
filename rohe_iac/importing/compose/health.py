"""Health checks of a Compose service: checks over HTTP or TCP become such probes, others the command that is run."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from rohe_iac.importing.compose.spans import add_span
from rohe_iac.importing.foreign.command_secrets import READABLE, secret_in_command
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.ports import make_port, port_name
from rohe_iac.importing.foreign.variables.expansion import drop_if_unfilled

_HOST = r"\[::1\]|[A-Za-z0-9](?:[\w.-]*\w)?"


_URL = re.compile(rf"""(https?)://({_HOST})(?::(\d+))?(/[^\s'"|;)]*)?""")


_BARE = re.compile(
    r"""\b(?:curl|wget)\b[^|;]*?\s["']?()(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d+))?(/[^\s'"|;)]*)?"""
)
"""An address without a scheme, as curl accepts it."""


_CONNECTION = re.compile(r"(?:\bnc\b.*?\s|/dev/tcp/)(localhost|127\.0\.0\.1|0\.0\.0\.0)[\s/]+(\d+)")


LOCAL = ("localhost", "127.0.0.1", "0.0.0.0", "[::1]")


NONE = "no health is asked for"


WITHOUT_PROBE = "the health check has no test"


WHILE_STARTING = "while a replica starts, rohe tries its health check as often as later"


CLUSTER_ONLY = (
    "a command, and how often a replica is asked, is taken in a cluster only: leave exec, period, timeout and "
    "failureThreshold out on the target local, which asks over http or tcp every 5 s"
)


MAX_RETRIES = 10**6


NO_COMMAND = "it has no command"


SHELL = ("/bin/sh", "-c")


REASONS = {
    "test": NONE,
    "disable": NONE,
    **dict.fromkeys(("interval", "timeout", "retries"), WITHOUT_PROBE),
    "startinterval": WHILE_STARTING,
}


MAX_COMMAND_LENGTH = 2_000
"""In characters; of a longer command only the beginning is searched."""


def add_healthcheck(key: str, field: Field, service: dict[str, Any], target: str) -> None:
    """Adds the probes of `healthcheck` to a service whose ports are added already.

    Args:
        key: The name of the service in the file.
        field: The service in the file.
        service: The service of the pipeline, added to.
        target: The name of the service in the journal.
    """
    check = field.get("healthcheck")
    if check is None:
        return
    if not check.is_mapping:
        check.drop("a health check is a mapping with a test")
        return
    health: dict[str, Any] = {}
    test = check.get("test")
    disabled = check.get("disable")
    if test is not None and not (disabled is not None and disabled.value is True):
        words = [item.text for item in test.as_list()]
        names = (field.get("container_name"), field.get("hostname"))
        hosts = (*LOCAL, key, *(name.text for name in names if name is not None))
        probe = _probe(words, test, service, hosts) if words[:1] != ["NONE"] else None
        if words[:1] == ["NONE"]:
            test.drop(NONE)
        elif probe is not None:
            health["readiness"] = probe
            test.map_to(f"{target}.health.readiness")
            _add_cadence(check, probe, f"{target}.health.readiness")
            if {*probe} - {"http", "tcp"}:
                check.note(CLUSTER_ONLY)
    add_span(check.get("start_period"), health, "startup", f"{target}.health")
    check.drop_rest(REASONS)
    if health:
        service["health"] = health


def _add_cadence(check: Field, probe: dict[str, Any], target: str) -> None:
    """Adds how often a replica is asked, how long it has to answer, and how often it may fail."""
    add_span(check.get("interval"), probe, "period", target, least=1)
    add_span(check.get("timeout"), probe, "timeout", target)
    retries = check.get("retries")
    if retries is None or drop_if_unfilled(retries):
        return
    if retries.text.isdecimal() and 1 <= int(retries.text[:8]) <= MAX_RETRIES:
        probe["failureThreshold"] = int(retries.text)
        retries.map_to(f"{target}.failureThreshold")
    else:
        retries.drop(f"a number from 1 to {MAX_RETRIES:,} is needed")


def _probe(words: list[str], test: Field, service: dict[str, Any], hosts: Collection[str]) -> dict[str, Any] | None:
    """Returns the probe that a command stands for; None after dropping the test.

    Args:
        words: The words of the check, the first of which says how they are run.
        test: The field of the check.
        service: The service of the pipeline; a port that only the command has is added.
        hosts: Names of the container itself.
    """
    command = " ".join(words)[:MAX_COMMAND_LENGTH]
    ports: list[dict[str, Any]] = service.get("ports", [])
    url = next((found for found in _URL.finditer(command) if found[2] in hosts), None) or _BARE.search(command)
    connection = _CONNECTION.search(command)
    is_https = url is not None and url[1] == "https"
    port = (url[3] or ("443" if is_https else "80")) if url is not None else connection[2] if connection else ""
    if port:
        number = int(port) if len(port) <= len("65535") else 0
        if not 1 <= number <= 65535:
            test.drop("it asks a port that is none: ports are from 1 to 65535")
            return None
        name = _port_name(ports, number, service)
        if is_https:
            test.note("probes do not check certificates: taken as TCP")
        if url is None or is_https:
            return {"tcp": name}
        return {"http": {"path": url[4] or "/", "port": name}}
    line = _command(test)
    secret = secret_in_command(line)
    if line and not secret:
        return {"exec": line}
    if len(ports) == 1 and ports[0].get("protocol", "TCP") == "TCP":
        test.note(f"{READABLE.format(secret) if secret else NO_COMMAND}: taken as TCP on {ports[0]['name']}")
        return {"tcp": ports[0]["name"]}
    test.drop(READABLE.format(secret) if secret else NO_COMMAND)
    return None


def _command(test: Field) -> list[str]:
    """Returns the words of the command that a test runs, with a shell where it says so; none where it has none."""
    words = [item.raw for item in test.as_list()]
    if not test.is_list:
        return [*SHELL, words[0]] if words else []
    if words[:1] == ["CMD-SHELL"]:
        return [*SHELL, *words[1:]] if words[1:] else []
    return words[1:] if words[:1] == ["CMD"] else words


def _port_name(ports: list[dict[str, Any]], number: int, service: dict[str, Any]) -> str:
    """Returns the name of the TCP port of that number; a port that only the check has is added to the service."""
    for port in ports:
        if port["containerPort"] == number and port.get("protocol", "TCP") == "TCP":
            return str(port["name"])
    name = port_name(number, "TCP")
    service["ports"] = [*ports, make_port(name, number, None, "TCP")]
    return name
