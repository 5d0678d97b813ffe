"""Which format a document is of, told by what it holds and never by its file's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rohe_iac.importing.compose.projects import join_projects
from rohe_iac.importing.compose.services import is_compose, take_compose
from rohe_iac.importing.foreign.drafts import Gathering
from rohe_iac.importing.foreign.journal import Field, plain
from rohe_iac.importing.model_profiles import is_profiles, take_profiles
from rohe_iac.importing.qoa4ml import is_qoa4ml, take_qoa4ml
from rohe_iac.importing.rohe.contracts import is_contract, take_contract
from rohe_iac.importing.rohe.nodes import HEADER, is_node, looks_like_nodes, take_nodes
from rohe_iac.importing.rohe.services import is_service, looks_like_services, take_services
from rohe_iac.importing.rohe.settings import is_settings, take_settings

COMPOSE = "Docker Compose"


WHOLE: tuple[tuple[str, Callable[[Field], bool], Callable[[Field, Gathering], None]], ...] = (
    ("ROHE contract", is_contract, take_contract),
    ("QoA4ML contract", is_qoa4ml, take_qoa4ml),
    (COMPOSE, is_compose, take_compose),
    ("ROHE settings", is_settings, take_settings),
    ("model profiles", is_profiles, take_profiles),
)
"""Formats that are told by the whole document, each with its test and its import; the first that fits is taken."""

NODES, SERVICES = "ROHE nodes", "ROHE services"


HOLDERS = ("data", "nodes", "services")
"""Under which nodes or services stand, or none."""

FORMATS = (
    "nodes or services of ROHE, a contract of ROHE or QoA4ML v0.3, observation or orchestration settings of ROHE, "
    "model profiles, Docker Compose"
)


def joined(roots: Sequence[Field]) -> list[Field]:
    """The documents, those put together that are read together; the others are told to be in them."""
    places = [index for index, root in enumerate(roots) if _format(root) == COMPOSE]
    found = list(roots)
    for index, root in zip(places, join_projects([roots[index] for index in places]), strict=True):
        found[index] = root
    return found


def _format(root: Field) -> str:
    return next((name for name, recognises, _ in WHOLE if root.is_mapping and recognises(root)), "")


def take_document(root: Field, into: Gathering) -> str:
    """Imports one document into `into` and returns its format's name; a fault where it is of none."""
    named = _format(root)
    for name, _, take in WHOLE:
        if name == named:
            if root.path not in root.journal.mapped:
                take(root, into)
            return name
    wrapped = root.get("data")
    bodies = [part for part in (wrapped, root.get("nodes"), root.get("services"), root) if part is not None]
    found: list[str] = []
    for body in bodies:
        if body is root and found:
            break  # what stands around nodes and services that were found already
        if (looks_like_nodes(body) or is_node(body)) and NODES not in found:
            take_nodes(root, body, into)
            found.append(NODES)
        elif (looks_like_services(body, sure=body is not wrapped) or is_service(body, sure=True)) and (
            SERVICES not in found
        ):
            take_services(root, body, into)
            found.append(SERVICES)
    if found:
        root.rest(HEADER)
        return " and ".join(found)
    if root.items() and not root.path:
        return ", ".join(dict.fromkeys(take_document(item, into) for item in root.items()))
    command = root.get("command")
    if any(plain(key) in HOLDERS and part.is_empty for key, part in root.entries()) or (
        command is not None and re.search(r"(?i)\b(node|service|orchestration)s?\b", command.text) and wrapped is None
    ):
        root.rest(HEADER)
        root.note("there are no nodes and no services in it")
        return "ROHE nodes or services"
    version = root.get("apiVersion")
    if version is not None and version.text.startswith("rohe.dev/"):
        root.fault("this is a blueprint document already", "check it with `rohe validate`")
        return "blueprint"
    root.fault("this is of no format that can be imported", f"formats: {FORMATS}")
    return "unknown"
