"""Health checks of a Compose service: those that ask over HTTP or TCP tell readiness, others are taken as TCP."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from rohe_iac.importing.foreign.journal import Field

_HOST = r"\[::1\]|[A-Za-z0-9](?:[\w.-]*\w)?"


_URL = re.compile(rf"""(https?)://({_HOST})(?::(\d+))?(/[^\s'"|;)]*)?""")


_BARE = re.compile(
    r"""\b(?:curl|wget)\b[^|;]*?\s["']?()(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d+))?(/[^\s'"|;)]*)?"""
)
"""An address without a scheme, as curl takes it."""


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


LONGEST = 2_000
"""Of a longer command, in characters, the beginning is looked at."""


def take_healthcheck(key: str, field: Field, service: dict[str, Any], target: str) -> None:
    """`healthcheck`; the ports have been read before. key: what the service is called in the file."""
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
        words = [item.text for item in test.listed()]
        named = (field.get("container_name"), field.get("hostname"))
        hosts = (*LOCAL, key, *(name.text for name in named if name is not None))
        probe = _probe(" ".join(words)[:LONGEST], test, service, hosts) if words[:1] != ["NONE"] else None
        if words[:1] == ["NONE"]:
            test.drop(NONE)
        elif probe is not None:
            health["readiness"] = probe
            test.to(f"{target}.health.readiness")
    start = check.get("start_period")
    if start is not None:
        match = _DURATION.fullmatch(start.text)
        if match is None or not any(match.groups()):
            start.drop("not a length of time such as 30s")
        else:
            hours, minutes, seconds, milliseconds = (float(part or 0) for part in match.groups())
            health["startup"] = f"{hours * 3600 + minutes * 60 + seconds + milliseconds / 1000:.15g}s"
            start.to(f"{target}.health.startup")
    check.rest(REASONS)
    if health:
        service["health"] = health


def _probe(command: str, test: Field, service: dict[str, Any], hosts: Collection[str]) -> dict[str, Any] | None:
    """hosts: what the container itself is called within."""
    ports: list[dict[str, Any]] = service.get("ports", [])
    url = next((found for found in _URL.finditer(command) if found[2] in hosts), None) or _BARE.search(command)
    connection = _CONNECTION.search(command)
    secured = url is not None and url[1] == "https"
    asked = (url[3] or ("443" if secured else "80")) if url is not None else connection[2] if connection else ""
    if asked:
        number = int(asked) if len(asked) <= len("65535") else 0
        if not 1 <= number <= 65535:
            test.drop("it asks a port that is none: ports are from 1 to 65535")
            return None
        name = _port(ports, number, service)
        if secured:
            test.note("a certificate is not looked at: taken as TCP")
        if url is None or secured:
            return {"tcp": name}
        return {"http": {"path": url[4] or "/", "port": name}}
    if len(ports) == 1 and ports[0].get("protocol", "TCP") == "TCP":
        test.note(f"a command inside the container is not run: taken as TCP on {ports[0]['name']}")
        return {"tcp": ports[0]["name"]}
    test.drop("a command inside the container is not run; ask over HTTP or TCP under health")
    return None


def _port(ports: list[dict[str, Any]], number: int, service: dict[str, Any]) -> str:
    """The name of the port of that number; one that only the check names is added."""
    for port in ports:
        if port["containerPort"] == number and port.get("protocol", "TCP") == "TCP":
            return str(port["name"])
    made = {"name": f"p{number}", "containerPort": number}
    service["ports"] = [*ports, made]
    return f"p{number}"
