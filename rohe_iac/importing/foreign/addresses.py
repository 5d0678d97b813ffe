"""Addresses of other services in texts and in variables of imported files."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ADDRESS = re.compile(
    r"(?<![\w.-])(?:(?<!\+)[A-Za-z][A-Za-z0-9+.-]*+://(?:[^/@\s]*@)?(?P<host>[\w-]+)(?::(?P<number>\d{2,5})(?!\d))?(?=[:/?,;'\"\s]|$)"
    r"|(?P<named>[\w-]+):(?P<port>\d{2,5})(?![\w.:]))"
)
"""An address by name: the host of a URL, or NAME:PORT. A scheme is read once, from its beginning."""

_HOST_VARIABLE = re.compile(
    r"(?i)(?P<begin>.*?)(addr(ess)?|broker|endpoint|host|hostname|node|server|service|target|upstream|ur[il])s?"
)
"""The name of a variable whose value may be the name of a host, and what comes before that word."""


def ports_addressed(text: str, names: Mapping[str, str]) -> list[tuple[str, int]]:
    """Returns the services whose addresses are in a text with the ports they are called at, from 1 to 65535.

    Args:
        text: A text such as `http://model:5000/v1`.
        names: The names of services in the pipeline by every name that others call them by.
    """
    found: list[tuple[str, int]] = []
    for match in _ADDRESS.finditer(text):
        host, number = match["host"] or match["named"], int(match["number"] or match["port"] or 0)
        if host in names and 1 <= number <= 65535:
            found.append((names[host], number))
    return list(dict.fromkeys(found))


def services_addressed(text: str, names: Mapping[str, str]) -> list[str]:
    """Returns the services whose addresses are in a text, each once, in their order.

    Args:
        text: A text such as `http://model:5000/v1`.
        names: The names of services in the pipeline by every name that others call them by.
    """
    hosts = [match["host"] or match["named"] for match in _ADDRESS.finditer(text)]
    return list(dict.fromkeys(names[host] for host in hosts if host in names))


def hosts_named(variable: str, text: str, names: Mapping[str, str]) -> list[str]:
    """Returns the words of a variable's value that are names of services, where its own name is one of hosts.

    Args:
        variable: The name of the variable, such as DB_HOST or BROKER.
        text: Its value: one name, or several with blanks, commas or semicolons between them.
        names: The names of services in the pipeline by every name that others call them by.
    """
    if _HOST_VARIABLE.fullmatch(variable) is None:
        return []
    return list(dict.fromkeys(word for word in re.split(r"[\s,;]+", text) if word in names))


def port_variables(variable: str) -> tuple[str, ...]:
    """Returns the names that the variable with the port of a host may have, as DB_PORT beside DB_HOST."""
    match = _HOST_VARIABLE.fullmatch(variable)
    begin = match["begin"] if match is not None else ""
    return (f"{begin}PORT", f"{begin}port", f"{variable}_PORT", f"{variable}_port")
