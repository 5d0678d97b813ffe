"""Finds the format of a document by its content, never by the name of its file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rohe_iac.importing.compose.project.projects import join_projects
from rohe_iac.importing.compose.services import import_compose, is_compose
from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.foreign.journal import Field, loose_spelling
from rohe_iac.importing.kubernetes.import_objects import import_kubernetes
from rohe_iac.importing.kubernetes.objects import is_kubernetes
from rohe_iac.importing.model_profiles import import_profiles, is_profiles
from rohe_iac.importing.qoa4ml import import_qoa4ml, is_qoa4ml
from rohe_iac.importing.rohe.contracts import import_contract, is_contract
from rohe_iac.importing.rohe.nodes import HEADER, import_nodes, is_node, looks_like_nodes
from rohe_iac.importing.rohe.services import import_services, is_service, looks_like_services
from rohe_iac.importing.rohe.settings import import_settings, is_settings

COMPOSE, KUBERNETES = "Docker Compose", "Kubernetes"


DOCUMENT_FORMATS: tuple[tuple[str, Callable[[Field], bool], Callable[[Field, Drafts], None]], ...] = (
    ("ROHE contract", is_contract, import_contract),
    ("QoA4ML contract", is_qoa4ml, import_qoa4ml),
    (COMPOSE, is_compose, import_compose),
    ("ROHE settings", is_settings, import_settings),
    ("model profiles", is_profiles, import_profiles),
)
"""Formats that a whole document has: name, test and import. The first format whose test holds is taken."""

NODES, SERVICES = "ROHE nodes", "ROHE services"


HOLDERS = ("data", "nodes", "services")
"""Keys above nodes or services; their values may be empty."""

FORMATS = (
    "nodes or services of ROHE, a contract of ROHE or QoA4ML, observation or orchestration settings of ROHE, "
    "model profiles, Docker Compose, objects of Kubernetes"
)


def import_documents(roots: Sequence[Field], drafts: Drafts) -> list[str]:
    """Imports documents and returns the names of their formats; objects of Kubernetes are imported together."""
    objects = [root for root in roots if is_kubernetes(root)]
    import_kubernetes(objects, drafts)
    together = {id(root) for root in objects}
    return [KUBERNETES if id(root) in together else import_document(root, drafts) for root in roots]


def join_documents(roots: Sequence[Field], drafts: Drafts) -> list[Field]:
    """Returns the documents, the Compose files of one project joined in the last of them."""
    places = [index for index, root in enumerate(roots) if _format(root) == COMPOSE]
    found = list(roots)
    for index, root in zip(places, join_projects([roots[index] for index in places], drafts), strict=True):
        found[index] = root
    return found


def _format(root: Field) -> str:
    return next((name for name, recognises, _ in DOCUMENT_FORMATS if root.is_mapping and recognises(root)), "")


def import_document(root: Field, drafts: Drafts) -> str:
    """Imports one document and returns the name of its format; a document of no known format gets a fault."""
    named = _format(root)
    for name, _, import_format in DOCUMENT_FORMATS:
        if name == named:
            if root.path not in root.journal.mapped:
                import_format(root, drafts)
            return name
    wrapped = root.get("data")
    bodies = [part for part in (wrapped, root.get("nodes"), root.get("services"), root) if part is not None]
    found: list[str] = []
    for body in bodies:
        if body is root and found:
            break  # the root only wraps the nodes and services found
        if (looks_like_nodes(body) or is_node(body)) and NODES not in found:
            import_nodes(root, body, drafts)
            found.append(NODES)
        elif (looks_like_services(body, sure=body is not wrapped) or is_service(body, sure=True)) and (
            SERVICES not in found
        ):
            import_services(root, body, drafts)
            found.append(SERVICES)
    if found:
        root.drop_rest(HEADER)
        return " and ".join(found)
    if root.items() and not root.path:
        return ", ".join(dict.fromkeys(import_document(item, drafts) for item in root.items()))
    command = root.get("command")
    if any(loose_spelling(key) in HOLDERS and part.is_empty for key, part in root.entries()) or (
        command is not None and re.search(r"(?i)\b(node|service|orchestration)s?\b", command.text) and wrapped is None
    ):
        root.drop_rest(HEADER)
        root.note("there are no nodes and no services in it")
        return "ROHE nodes or services"
    version = root.get("apiVersion")
    if version is not None and version.text.startswith("rohe.dev/"):
        root.report_fault("this is a blueprint document already", "check it with `rohe validate`")
        return "blueprint"
    root.report_fault("this is of no format that can be imported", f"formats: {FORMATS}")
    return "unknown"
