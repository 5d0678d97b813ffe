"""Services that a Compose service names as hosts, such as `DB_HOST: db` with `DB_PORT: 5432` beside it."""

from __future__ import annotations

import re
from typing import Any

from rohe_iac.importing.compose.flow import add_addresses
from rohe_iac.importing.foreign.addresses import hosts_named, port_variables
from rohe_iac.importing.foreign.drafts import PipelineDraft
from rohe_iac.importing.foreign.journal import Field


def add_named_hosts(field: Field, service: dict[str, Any], names: dict[str, str], draft: PipelineDraft) -> None:
    """Adds a flow to each service that a variable names as a host, where its port is known.

    Args:
        field: The service in the file.
        service: The service of the pipeline.
        names: The names of services in the pipeline by every name that others call them by.
        draft: The pipeline; the ports that addresses tell of are in it already.
    """
    listed = field.get("environment") or field.get("env_file")
    if listed is None:
        return
    env = {name: value for name, value in service.get("env", {}).items() if isinstance(value, str)}
    parts = dict(listed.entries())
    for item in listed.items():
        parts[item.raw.partition("=")[0]] = item
    ports = {other["name"]: other.get("ports") for other in draft.services}
    for name, host in env.items():
        number = next((env[other] for other in port_variables(name) if other in env), "")
        part = parts.get(name, listed)
        for found in hosts_named(name, host, names):
            if re.fullmatch(r"\d{2,5}", number):
                add_addresses(part, f"{found}:{number}", names, service["name"], draft)
            elif ports[names[found]]:
                add_addresses(part, f"tcp://{found}", names, service["name"], draft)
