"""The flow between Compose services: what depends on what, and whose address a service is given."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from rohe_iac.importing.compose.completion import waits_for_end
from rohe_iac.importing.foreign.addresses import ports_addressed, services_addressed
from rohe_iac.importing.foreign.drafts import PipelineDraft
from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.ports import make_port, port_name

SHARED = ("network_mode", "net", "ipc", "pid")
"""Fields with `service:NAME`, where a service shares what another one has."""


def add_addressed(
    key: str,
    field: Field,
    names: dict[str, str],
    draft: PipelineDraft,
    called: dict[str, str] | None = None,
    texts: Sequence[tuple[Field, str]] = (),
) -> None:
    """Adds a flow from a service to each service whose address it is given.

    Args:
        key: The name of the service in the file.
        field: The service in the file.
        names: The names of services in the pipeline, by their names in the file.
        draft: The pipeline.
        called: The names of services in the pipeline by every name that others call them by; None: `names`.
        texts: Values of its files of variables, with the field that names the file.
    """
    for name in ("entrypoint", "command", "environment"):
        text = field.get(name)
        if text is not None:
            _add_addressed(text, called or names, names[key], draft)
    for part, value in texts:
        add_addresses(part, value, called or names, names[key], draft)


def add_dependencies(
    key: str, field: Field, names: dict[str, str], draft: PipelineDraft, left_out: Collection[str] = ()
) -> None:
    """Adds a flow from a service to each service that it depends on, or only `after` where nothing can be called.

    A dependency that has no port, and that the service does not name, is one of the order of starts, and so is one that
    runs once, or of a service that does.

    Args:
        key: The name of the service in the file.
        field: The service in the file.
        names: The names of services in the pipeline, by their names in the file.
        draft: The pipeline; the flow by addresses is in it already.
        left_out: The names of services in the file that are not imported, since none of their profiles is named.
    """
    services = {service["name"]: service for service in draft.services}
    for name in ("links", "depends_on"):
        depended = field.get(name)
        if depended is None:
            continue
        dependencies = depended.entries() or [(item.text.partition(":")[0], item) for item in depended.as_list()]
        for other, part in dependencies:
            restart = part.get("restart") if part.is_mapping else None
            if restart is not None:
                restart.drop("a replica is not started again with another one")
            if other in left_out:
                part.drop(f"'{other[:60]}' is left out, as none of its profiles is named")
                continue
            if other not in names or other == key:
                part.drop("there is no such service in the file")
                continue
            caller, sink = services[names[key]], services[names[other]]
            link = {"from": caller["name"], "to": sink["name"]}
            if link in draft.flow:
                part.map_to(f"Pipeline/{draft.name}: flow")
            elif sink["name"] in caller.get("after", ()):
                part.map_to(f"Pipeline/{draft.name}: services.{caller['name']}.after")
            elif draft.is_reachable(sink["name"], caller["name"]):
                part.drop("requests would run in a circle, and a flow has none")
            elif caller.get("runOnce") or sink.get("runOnce"):
                _add_order(caller, sink["name"])
                part.map_to(f"Pipeline/{draft.name}: services.{caller['name']}.after")
                if sink.get("runOnce") and not waits_for_end(part):
                    part.note(f"'{sink['name']}' runs once, so '{caller['name']}' waits for its end, not for its start")
            elif name == "depends_on" and not sink.get("ports") and not _is_named(field, other):
                _add_order(caller, sink["name"])
                part.map_to(f"Pipeline/{draft.name}: services.{caller['name']}.after")
                part.note(
                    f"'{sink['name']}' has no port, so only the order of starts is kept; where it is called, add its "
                    "port and a flow to it"
                )
            else:
                draft.flow.append(link)
                part.note(
                    f"taken as requests that flow from '{caller['name']}' to '{sink['name']}'; where it is only an "
                    "order of start, write it under after instead"
                )
                part.map_to(f"Pipeline/{draft.name}: flow")


def _add_order(service: dict[str, Any], other: str) -> None:
    """Has a service start after another one."""
    if other not in service.get("after", ()):
        service["after"] = [*service.get("after", ()), other]


def add_shared(key: str, field: Field, names: dict[str, str], draft: PipelineDraft) -> None:
    """Adds an order of starts after the services whose network, processes or volumes a service shares.

    Docker Compose starts those first, too, without a word in `depends_on`.

    Args:
        key: The name of the service in the file.
        field: The service in the file.
        names: The names of services in the pipeline, by their names in the file.
        draft: The pipeline; flow and `after` by other fields are in it already.
    """
    caller = next(service for service in draft.services if service["name"] == names[key])
    volumes = field.get("volumes_from")
    parts = [(part, part.text) for name in SHARED if (part := field.get(name)) is not None]
    parts = [(part, text.removeprefix("service:")) for part, text in parts if text.startswith("service:")]
    if volumes is not None:
        parts += [(part, part.text.removeprefix("service:").partition(":")[0]) for part in volumes.as_list()]
    for part, other in parts:
        sink = names.get(other)
        if sink is None or other == key or {"from": caller["name"], "to": sink} in draft.flow:
            continue
        if sink not in caller.get("after", ()) and not draft.is_reachable(sink, caller["name"]):
            _add_order(caller, sink)
            part.note(f"'{caller['name']}' starts after '{sink}', as with Docker Compose; what they share is not kept")


def _is_named(field: Field, other: str) -> bool:
    """Checks whether a service's commands or environment have the name of another as a word."""
    word = re.compile(rf"(?<![\w.-]){re.escape(other)}(?![\w-])")
    pending = [part for name in ("entrypoint", "command", "environment") if (part := field.get(name)) is not None]
    for part in pending:
        pending += [*(inner for _, inner in part.entries()), *part.items()]
    return any(word.search(part.text.partition("=")[2] or part.text) for part in pending)


def names_of_services(entries: list[tuple[str, Field]], names: dict[str, str]) -> dict[str, str]:
    """Returns the names of services in the pipeline by every name that others call them by.

    Those are the names in the file, `container_name`, `hostname`, aliases in networks and aliases of links.

    Args:
        entries: The services of the file.
        names: The names of services in the pipeline, by their names in the file.
    """
    found = dict(names)
    for key, field in entries:
        if key not in names:
            continue
        called = [part for part in (field.get("container_name"), field.get("hostname")) if part is not None]
        networks = field.get("networks")
        for _, network in networks.entries() if networks is not None else []:
            aliases = network.get("aliases") if network.is_mapping else None
            called += aliases.as_list() if aliases is not None else []
        for part in called:
            if part.text and found.setdefault(part.text, names[key]) == names[key] and part.text != key:
                part.note(f"others may call '{names[key]}' by the name '{part.text[:60]}', which no target knows")
        links = field.get("links")
        for item in links.as_list() if links is not None else []:
            other, _, alias = item.text.partition(":")
            if alias and other in names:
                found.setdefault(alias, names[other])
    return found


def _add_port(field: Field, name: str, number: int, draft: PipelineDraft) -> None:
    """Adds a port that only the address in another service tells of."""
    service = next(service for service in draft.services if service["name"] == name)
    ports: list[dict[str, Any]] = service.get("ports", [])
    for port in ports:
        if port["containerPort"] == number:
            published = port.get("servicePort", number)
            if published != number:
                field.note(f"in a cluster, port {number} of '{name}' is reached at its service port {published}")
            return
    service["ports"] = [*ports, make_port(port_name(number, "TCP"), number, None, "TCP")]
    field.note(f"port {number} of '{name}' is known by this address alone, and is added to its ports")


def _add_addressed(field: Field, names: dict[str, str], caller: str, draft: PipelineDraft) -> None:
    """Adds a flow to each service whose address is in a text, and notes what becomes of the address."""
    for part in [part for _, part in field.entries()] + field.items():
        _add_addressed(part, names, caller, draft)
    add_addresses(field, field.text, names, caller, draft)


def add_addresses(field: Field, text: str, names: dict[str, str], caller: str, draft: PipelineDraft) -> None:
    """Adds a flow to each service whose address is in a text, with the port, and notes what becomes of the address.

    Args:
        field: Where the text is.
        text: The text.
        names: The names of services in the pipeline by every name that others call them by.
        caller: The name of the service in the pipeline that has the text.
        draft: The pipeline.
    """
    once = {service["name"]: service for service in draft.services if service.get("runOnce")}
    for other, number in ports_addressed(text, names):
        if other != caller and other not in once:
            _add_port(field, other, number, draft)
    for other in services_addressed(text, names):
        if other == caller:
            continue
        link = {"from": caller, "to": other}
        said = f"it has the address of service '{other}', which this machine does not know by name"
        known = f"{said}: on the target local, read the address of '{other}' in ROHE_PEERS"
        if draft.is_reachable(other, caller):
            field.note(f"{known}; no flow is added, for requests would run in a circle")
        elif other in once:
            field.note(f"{said}; no flow is added, for '{other}' runs once")
        elif caller in once:
            _add_order(once[caller], other)
            field.note(f"{said}; '{caller}' runs once, so it has no flow and starts after '{other}'")
        elif link not in draft.flow:
            draft.flow.append(link)
            field.note(f"{known}; taken as requests that flow from '{caller}' to '{other}'")
        else:
            field.note(known)
