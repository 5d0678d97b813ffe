"""Ports of a Compose service, in the short and in the long syntax."""

from __future__ import annotations

import re
from typing import Any

from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.naming import dns_name
from rohe_iac.importing.foreign.ports import make_port, port_name
from rohe_iac.importing.foreign.units import port_of
from rohe_iac.importing.foreign.variables.expansion import drop_if_unfilled
from rohe_iac.importing.foreign.variables.substitution import UNFILLED

_ADDRESS = r"(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f]*:[0-9A-Fa-f:]*?)"


_SHORT = re.compile(rf"(?:{_ADDRESS}:)?(?:(\d{{0,5}})(?:-(\d{{1,5}}))?:)?(\d{{1,5}})(?:-(\d{{1,5}}))?(?:/([A-Za-z]+))?")


PROTOCOLS = ("tcp", "udp")


OTHER_PROTOCOL = "a port is of TCP or UDP"


MAX_RANGE = 1024
"""The most ports that a range may have."""


def add_ports(field: Field, service: dict[str, Any], target: str) -> None:
    """Adds the ports of `ports` and `expose` to a service; the published port becomes the service port."""
    ports: dict[tuple[int, str], dict[str, Any]] = {}
    for source in ("ports", "expose"):
        entries = field.get(source)
        for item in entries.as_list() if entries is not None else []:
            found = _long(item) if item.is_mapping else _short(item)
            for port in found:
                known = ports.setdefault((port["containerPort"], port.get("protocol", "TCP")), port)
                if known is not port and port.get("servicePort", known.get("servicePort")) != known.get("servicePort"):
                    item.note(f"container port {port['containerPort']} is published already; the first one counts")
            if found:
                item.map_to(f"{target}.ports")
    names: set[str] = set()
    for port in ports.values():
        if port["name"] in names:
            port["name"] = f"{port['name'][:50]}-{port['containerPort']}-{port.get('protocol', 'TCP').lower()}"
        names.add(port["name"])
    if ports:
        service["ports"] = list(ports.values())


def _short(item: Field) -> list[dict[str, Any]]:
    is_unfilled = item.node.substitution is not None and item.node.substitution.is_unfilled
    # A variable that is empty leaves an address, or the port outside, empty: the rest is known.
    match = _SHORT.fullmatch(item.text.lstrip(":") if is_unfilled else item.text)
    if match is None and is_unfilled:
        item.drop(UNFILLED)
        return []
    if re.match(r"localhost:|127\.|\[?::1\]?:", item.text):
        item.note("Docker Compose publishes it on this machine alone; a service port is reached by other services too")
    if match is None:
        item.report_fault(f"'{item.text[:40]}' is not a port of the form HOST:CONTAINER/PROTOCOL")
        return []
    begin, end, first, last, protocol = match.groups()
    if protocol is not None and protocol.lower() not in PROTOCOLS:
        item.drop(OTHER_PROTOCOL)
        return []
    count = int(last or first) - int(first) + 1
    numbers = range(int(first), int(last or first) + 1)
    if not 0 < count <= MAX_RANGE or numbers[0] < 1 or numbers[-1] > 65535:
        item.report_fault(f"'{item.text[:40]}' is not a range of at most {MAX_RANGE} ports from 1 to 65535")
        return []
    published = int(begin) if begin and begin.strip("0") else None  # 0 stands for any free port
    if published is not None and (not 1 <= published <= 65535 or published + count - 1 > 65535):
        item.report_fault(f"expected a port from 1 to 65535, found {published}")
        return []
    if end and published is not None and int(end) - published + 1 != count:
        item.note("of a range of published ports the first is taken")
    return [
        _port(number, published + offset if published is not None else None, protocol or "tcp")
        for offset, number in enumerate(numbers)
    ]


def _long(item: Field) -> list[dict[str, Any]]:
    inside, outside = item.get("target"), item.get("published")
    if inside is not None and drop_if_unfilled(inside):
        return []
    number = port_of(inside) if inside is not None else None
    if number is None:
        if inside is None:
            item.drop("a port without a target")
        return []
    published = None
    if outside is not None and re.fullmatch(r"\d+", outside.text):
        published = port_of(outside) if outside.text.strip("0") else None
    elif outside is not None and not drop_if_unfilled(outside):
        outside.drop("not a single port")
    protocol = item.get("protocol")
    if protocol is not None and protocol.text.lower() not in PROTOCOLS:
        item.drop(OTHER_PROTOCOL)
        return []
    port = _port(number, published, protocol.text if protocol is not None else "tcp")
    for name in ("host_ip", "mode", "app_protocol"):
        other = item.get(name)
        if other is not None:
            other.drop("how a port is reached from outside is the target's affair")
    label = item.get("name")
    if label is not None:
        port["name"] = dns_name(label.text, str(port["name"]))
    return [port]


def _port(number: int, published: int | None, protocol: str) -> dict[str, Any]:
    return make_port(port_name(number, protocol.upper()), number, published, protocol.upper())
