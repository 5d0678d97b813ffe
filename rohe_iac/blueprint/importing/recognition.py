"""Which format a document is of, told by what it holds and never by its file's name."""

from __future__ import annotations

from rohe_iac.blueprint.importing.gathering import Gathering
from rohe_iac.blueprint.importing.journal import Field
from rohe_iac.blueprint.importing.nodes import looks_like_nodes, take_nodes
from rohe_iac.blueprint.importing.services import looks_like_services, take_services

FORMATS = (
    "nodes or services of ROHE, a contract of ROHE or QoA4ML v0.3, observation or orchestration settings of ROHE, "
    "model profiles, Docker Compose"
)


def take_document(root: Field, into: Gathering) -> str:
    """Imports one document into `into` and returns its format's name; a fault where it is of none."""
    for body in [part for part in (root.get("data"), root) if part is not None]:
        if looks_like_nodes(body):
            take_nodes(root, body, into)
            return "ROHE nodes"
        if looks_like_services(body):
            take_services(root, body, into)
            return "ROHE services"
    root.fault("this is of no format that can be imported", f"formats: {FORMATS}")
    return "unknown"
