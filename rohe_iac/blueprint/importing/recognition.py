"""Which format a document is of, told by what it holds and never by its file's name."""

from __future__ import annotations

from collections.abc import Callable

from rohe_iac.blueprint.importing.compose import is_compose, take_compose
from rohe_iac.blueprint.importing.contracts import is_contract, take_contract
from rohe_iac.blueprint.importing.gathering import Gathering
from rohe_iac.blueprint.importing.journal import Field
from rohe_iac.blueprint.importing.nodes import looks_like_nodes, take_nodes
from rohe_iac.blueprint.importing.profiles import is_profiles, take_profiles
from rohe_iac.blueprint.importing.qoa4ml import is_qoa4ml, take_qoa4ml
from rohe_iac.blueprint.importing.services import looks_like_services, take_services
from rohe_iac.blueprint.importing.settings import is_settings, take_settings

WHOLE: tuple[tuple[str, Callable[[Field], bool], Callable[[Field, Gathering], None]], ...] = (
    ("ROHE contract", is_contract, take_contract),
    ("QoA4ML contract", is_qoa4ml, take_qoa4ml),
    ("Docker Compose", is_compose, take_compose),
    ("ROHE settings", is_settings, take_settings),
    ("model profiles", is_profiles, take_profiles),
)
"""Formats that are told by the whole document, each with its test and its import; the first that fits is taken."""

FORMATS = (
    "nodes or services of ROHE, a contract of ROHE or QoA4ML v0.3, observation or orchestration settings of ROHE, "
    "model profiles, Docker Compose"
)


def take_document(root: Field, into: Gathering) -> str:
    """Imports one document into `into` and returns its format's name; a fault where it is of none."""
    for name, recognises, take in WHOLE:
        if root.is_mapping and recognises(root):
            take(root, into)
            return name
    for body in [part for part in (root.get("data"), root) if part is not None]:
        if looks_like_nodes(body):
            take_nodes(root, body, into)
            return "ROHE nodes"
        if looks_like_services(body):
            take_services(root, body, into)
            return "ROHE services"
    root.fault("this is of no format that can be imported", f"formats: {FORMATS}")
    return "unknown"
