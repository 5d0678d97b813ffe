"""The flow between Compose services: what depends on what, and whose address a service is given."""

from __future__ import annotations

import re
from typing import Any

from rohe_iac.importing.foreign.drafts import PipelineDraft
from rohe_iac.importing.foreign.journal import Field

_ADDRESS = re.compile(
    r"(?<![\w.-])(?:[A-Za-z][A-Za-z0-9+.-]*://(?:[^/@\s]*@)?(?P<host>[\w-]+)(?=[:/?,;'\"\s]|$)"
    r"|(?P<named>[\w-]+):\d{2,5}(?![\w.:]))"
)
"""An address by name: the host of a URL, or NAME:PORT."""


def add_flow(key: str, field: Field, names: dict[str, str], draft: PipelineDraft) -> None:
    """Adds a flow from a service to each service that it depends on, or whose address it is given.

    No flow leads to a service that only has to complete before.

    Args:
        key: The name of the service in the file.
        field: The service in the file.
        names: The names of services in the pipeline, by their names in the file.
        draft: The pipeline.
    """
    for name in ("depends_on", "links"):
        depended = field.get(name)
        if depended is None:
            continue
        dependencies = depended.entries() or [(item.text.partition(":")[0], item) for item in depended.as_list()]
        for other, part in dependencies:
            condition = part.get("condition") if part.is_mapping else None
            if other not in names or other == key:
                part.drop("there is no such service in the file")
            elif condition is not None and "completed" in condition.text:
                part.drop("an order of start is not kept: let the service wait for what has to be done before it")
            elif _is_reachable(draft.flow, names[other], names[key]):
                part.drop("requests would run in a circle, and a flow has none")
            else:
                link = {"from": names[key], "to": names[other]}
                if link not in draft.flow:
                    draft.flow.append(link)
                    part.note(
                        f"taken as requests that flow from '{names[key]}' to '{names[other]}'; where it is only an "
                        "order of start, take that flow out"
                    )
                part.map_to(f"Pipeline/{draft.name}: flow")
    for name in ("entrypoint", "command", "environment"):
        text = field.get(name)
        if text is not None:
            _add_addressed(text, names, names[key], draft)


def services_addressed(text: str, names: dict[str, str]) -> list[str]:
    """Returns the services whose addresses are in a text, each once, in their order.

    Args:
        text: A text such as `http://model:5000/v1`.
        names: The names of services in the pipeline, by their names in the file.
    """
    hosts = [match["host"] or match["named"] for match in _ADDRESS.finditer(text)]
    return list(dict.fromkeys(names[host] for host in hosts if host in names))


def _add_addressed(field: Field, names: dict[str, str], caller: str, draft: PipelineDraft) -> None:
    """Adds a flow to each service whose address is in a text, and notes what becomes of the address."""
    for part in [part for _, part in field.entries()] + field.items():
        _add_addressed(part, names, caller, draft)
    for other in services_addressed(field.text, names):
        if other == caller:
            continue
        link = {"from": caller, "to": other}
        said = f"it has the address of service '{other}', which this machine does not know by name: on the target"
        said += f" local, read the address of '{other}' in ROHE_PEERS"
        if _is_reachable(draft.flow, other, caller):
            field.note(f"{said}; no flow is added, for requests would run in a circle")
        elif link not in draft.flow:
            draft.flow.append(link)
            field.note(f"{said}; taken as requests that flow from '{caller}' to '{other}'")
        else:
            field.note(said)


def _is_reachable(flow: list[dict[str, Any]], begin: str, end: str) -> bool:
    """Checks whether requests get from one service to the other, so that a flow back would close a circle."""
    reached = [begin]
    for name in reached:
        reached += [link["to"] for link in flow if link["from"] == name and link["to"] not in reached]
    return end in reached
