"""Services that a Compose service names as hosts, such as `DB_HOST: db` with `DB_PORT: 5432` beside it."""

from __future__ import annotations

import re
from typing import Any

from rohe_iac.importing.compose.flow import add_addresses
from rohe_iac.importing.foreign.drafts import PipelineDraft
from rohe_iac.importing.foreign.journal import Field

_HOST = re.compile(r"(.*?)(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS)", re.IGNORECASE)
"""The name of a variable with a host, and what its name and that of the port begin with."""


def add_named_hosts(field: Field, service: dict[str, Any], names: dict[str, str], draft: PipelineDraft) -> None:
    """Adds a flow to each service that a variable names as a host, where its port is known.

    Args:
        field: The service in the file.
        service: The service of the pipeline.
        names: The names of services in the pipeline by every name that others call them by.
        draft: The pipeline; the ports that addresses tell of are in it already.
    """
    listed = field.get("environment") or field.get("env_file")
    env = {name: value for name, value in service.get("env", {}).items() if isinstance(value, str)}
    parts = dict(listed.entries()) if listed is not None else {}
    for item in listed.items() if listed is not None else []:
        parts[item.raw.partition("=")[0]] = item
    ports = {other["name"]: other.get("ports") for other in draft.services}
    for name, host in env.items():
        match = _HOST.fullmatch(name)
        if match is None or host not in names or listed is None:
            continue
        number = env.get(f"{match[1]}PORT", env.get(f"{match[1]}port", ""))
        part = parts.get(name, listed)
        if re.fullmatch(r"\d{2,5}", number):
            add_addresses(part, f"{host}:{number}", names, service["name"], draft)
        elif ports[names[host]]:
            add_addresses(part, f"tcp://{host}", names, service["name"], draft)
