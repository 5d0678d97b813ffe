"""What shells complete: names of stacks, addresses, nodes, services and kinds of documents.

A function takes the context of the command line and returns every name; Typer keeps those that begin as the user has
typed. Nothing is checked, planned or asked of a running stack, and a fault ends in no names: a shell shows no errors.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rohe_iac.usecases.known_names import KnownNames

DOCUMENT_KINDS = ("Pipeline", "Inventory", "ObservationContract", "Stack", "Module")
"""Kinds of documents; their models cost more to import than a user waits for a completion."""


def complete_stacks(context: typer.Context) -> list[str]:
    """Returns the names of stacks."""
    names = _names(context)
    return sorted(names.stacks) if names else []


def complete_services(context: typer.Context) -> list[str]:
    """Returns the addresses of services, and their names."""
    names = _names(context)
    if not names:
        return []
    bare = {service for _, service, _ in names.workloads}
    return [*sorted(bare), *(address for address in names.addresses() if address.startswith("service/"))]


def complete_nodes(context: typer.Context) -> list[str]:
    """Returns the names of nodes, and their addresses."""
    names = _names(context)
    return [*sorted(names.nodes), *(f"node/{name}" for name in sorted(names.nodes))] if names else []


def complete_logs(context: typer.Context) -> list[str]:
    """Returns the addresses of what writes logs."""
    names = _names(context)
    return [text for text in names.addresses() if not text.startswith(("node/", "contract/"))] if names else []


def complete_parts(context: typer.Context) -> list[str]:
    """Returns the addresses of what a stack is made of."""
    names = _names(context)
    return names.addresses() if names else []


def complete_subjects(context: typer.Context) -> list[str]:
    """Returns what `rohe explain` explains: addresses, bare names, `latest`, and the codes of diagnostics."""
    from rohe_iac.blueprint.findings.codes import CODES

    names = _names(context)
    bare = {service for _, service, _ in names.workloads} | names.nodes if names else set()
    addresses = [text for text in names.addresses() if not text.startswith("contract/")] if names else []
    return [*addresses, *sorted(bare), "latest", *CODES]


def complete_kinds() -> list[str]:
    """Returns the kinds of documents."""
    return [*DOCUMENT_KINDS, "all"]


def _names(context: typer.Context) -> KnownNames | None:
    """Returns the names of the blueprint in the folder that `-C` names; None where there is none to read."""
    from rohe_iac.usecases.known_names import known_names

    folder = context.find_root().params.get("folder") or Path()
    try:
        return known_names(Path(folder))
    except Exception:  # noqa: BLE001 - in the middle of a line that a user types, no error is of use
        return None
