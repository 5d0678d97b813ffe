"""Names of stacks, services, nodes and contracts, found fast and without a check, for shells that complete them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rohe_iac.blueprint.documents.discovery import documents_under, project_of, root_of
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.folders import state_home

MAX_TEXT = 2**20
"""Bytes of documents that are read; a user does not wait longer for a name."""

MAX_RECORD = 2**25
"""Bytes of the largest record that is read."""


@dataclass
class KnownNames:
    """Names of a blueprint and of what is applied of it.

    Attributes:
        stacks: names of stacks.
        workloads: (pipeline, service, member or "") of every service and member of an ensemble.
        replicas: (pipeline, service, member or "", index) of every replica that is applied.
        nodes: names of nodes.
        contracts: names of contracts.
        agents: names of applied agents.
    """

    stacks: set[str] = field(default_factory=set)
    workloads: set[tuple[str, str, str]] = field(default_factory=set)
    replicas: set[tuple[str, str, str, int]] = field(default_factory=set)
    nodes: set[str] = field(default_factory=set)
    contracts: set[str] = field(default_factory=set)
    agents: set[str] = field(default_factory=set)

    def addresses(self) -> list[str]:
        """Returns the address of everything, sorted; the pipeline is named only where a service's name needs it."""
        pipelines: dict[str, set[str]] = {}
        for pipeline, service, _ in self.workloads:
            pipelines.setdefault(service, set()).add(pipeline)

        def path(pipeline: str, service: str, *parts: object) -> str:
            head = f"{pipeline}:{service}" if len(pipelines.get(service, ())) > 1 else service
            return "/".join([head, *(str(part) for part in parts if part != "")])

        found = {f"service/{path(*workload)}" for workload in self.workloads}
        found |= {f"service/{path(pipeline, service)}" for pipeline, service, _ in self.workloads}
        found |= {f"replica/{path(*replica)}" for replica in self.replicas}
        found |= {f"agent/{name}" for name in self.agents} | {f"node/{name}" for name in self.nodes}
        found |= {f"contract/{name}" for name in self.contracts}
        if self.replicas:
            found.add("broker/broker")
        return sorted(found)


def known_names(directory: Path) -> KnownNames:
    """Returns the names in the documents of a blueprint and in the records of its applied stacks.

    Faults of documents are passed over; what modules make is known once it is applied.

    Raises:
        RoheError: there is no such folder, or the blueprint is too large to be read.
    """
    names = KnownNames()
    root = root_of(directory)
    with suppress(OSError):
        for path in (state_home() / project_of(root)).glob("*/record.json"):
            names.stacks.add(path.parent.name)
            with suppress(OSError, ValueError, KeyError, TypeError):
                _take_record(names, path)
    for document in _documents(root):
        with suppress(KeyError, TypeError, AttributeError):
            _take_document(names, document)
    return names


def _documents(root: Path) -> Iterator[dict[str, Any]]:
    """Yields the documents of a blueprint as plain values, as far as MAX_TEXT goes."""
    left = MAX_TEXT
    with suppress(RoheError):
        for file in documents_under(root):
            text = file.source.text if file.source is not None else ""
            left -= len(text)
            if left < 0:
                return
            yield from (value for value in read_plain(text).values if isinstance(value, dict))


def _take_record(names: KnownNames, path: Path) -> None:
    if path.stat().st_size > MAX_RECORD:
        return
    plan = json.loads(path.read_bytes())["plan"]["plan"]
    for placement in plan["placements"]:
        kind, name = placement["workload"].split("/", 1)
        names.nodes.add(placement["node"])
        if kind == "service":
            workload = (placement["pipeline"], placement["service"], placement["member"])
            names.workloads.add(workload)
            names.replicas.add((*workload, placement["index"]))
        elif kind == "agent":
            names.agents.add(name)


def _take_document(names: KnownNames, document: dict[str, Any]) -> None:
    kind, name, spec = document["kind"], str(document["metadata"]["name"]), document.get("spec") or {}
    if kind == "Stack":
        names.stacks.add(name)
    elif kind == "ObservationContract":
        names.contracts.add(name)
    elif kind == "Inventory":
        names.nodes |= {str(node["name"]) for node in spec.get("nodes") or ()}
    elif kind == "Pipeline":
        for service in spec.get("services") or ():
            names.workloads.add((name, str(service["name"]), ""))
            for member in (service.get("ensemble") or {}).get("members") or ():
                names.workloads.add((name, str(service["name"]), str(member["name"])))
