"""Health checks of a Compose service: checks over HTTP or TCP become readiness probes, others a TCP probe."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.ports import make_port, port_name

_HOST = r"\[::1\]|[A-Za-z0-9](?:[\w.-]*\w)?"


_URL = re.compile(rf"""(https?)://({_HOST})(?::(\d+))?(/[^\s'"|;)]*)?""")


_BARE = re.compile(
    r"""\b(?:curl|wget)\b[^|;]*?\s["']?()(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d+))?(/[^\s'"|;)]*)?"""
)
"""An address without a scheme, as curl accepts it."""


_CONNECTION = re.compile(r"(?:\bnc\b.*?\s|/dev/tcp/)(localhost|127\.0\.0\.1|0\.0\.0\.0)[\s/]+(\d+)")


LOCAL = ("localhost", "127.0.0.1", "0.0.0.0", "[::1]")


NONE = "no health is asked for"


CADENCE = "how often a replica is asked, and how often it may fail, is the target's affair"


_DURATION = re.compile(r"(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9})ms)?")


REASONS = {
    "test": NONE,
    "disable": NONE,
    **dict.fromkeys(("interval", "timeout", "retries", "startinterval"), CADENCE),
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
        probe = _probe(" ".join(words)[:MAX_COMMAND_LENGTH], test, service, hosts) if words[:1] != ["NONE"] else None
        if words[:1] == ["NONE"]:
            test.drop(NONE)
        elif probe is not None:
            health["readiness"] = probe
            test.map_to(f"{target}.health.readiness")
    start = check.get("start_period")
    if start is not None:
        match = _DURATION.fullmatch(start.text)
        if match is None or not any(match.groups()):
            start.drop("not a length of time such as 30s")
        else:
            hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
            health["startup"] = f"{hours * 3600 + minutes * 60 + seconds + milliseconds / 1000:.15g}s"
            start.map_to(f"{target}.health.startup")
    check.drop_rest(REASONS)
    if health:
        service["health"] = health


def _probe(command: str, test: Field, service: dict[str, Any], hosts: Collection[str]) -> dict[str, Any] | None:
    """Returns the probe that a command stands for; None after dropping the test.

    Args:
        command: The command of the check, as one line.
        test: The field of the check.
        service: The service of the pipeline; a port that only the command has is added.
        hosts: Names of the container itself.
    """
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
            test.note("a certificate is not looked at: taken as TCP")
        if url is None or is_https:
            return {"tcp": name}
        return {"http": {"path": url[4] or "/", "port": name}}
    if len(ports) == 1 and ports[0].get("protocol", "TCP") == "TCP":
        test.note(f"a command inside the container is not run: taken as TCP on {ports[0]['name']}")
        return {"tcp": ports[0]["name"]}
    test.drop("a command inside the container is not run; ask over HTTP or TCP under health")
    return None


def _port_name(ports: list[dict[str, Any]], number: int, service: dict[str, Any]) -> str:
    """Returns the name of the TCP port of that number; a port that only the check has is added to the service."""
    for port in ports:
        if port["containerPort"] == number and port.get("protocol", "TCP") == "TCP":
            return str(port["name"])
    name = port_name(number, "TCP")
    service["ports"] = [*ports, make_port(name, number, None, "TCP")]
    return name
