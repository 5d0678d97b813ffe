"""Checks of the addresses that a stack protects: each has to name something that exists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rohe_iac.blueprint.documents.tree import Tree
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import check_reference, check_unique
from rohe_iac.blueprint.hints.nearest import nearest
from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.language.stack import Stack
from rohe_iac.blueprint.linked.offer import Offer
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.names import Address, parse_address

_CONTRACTS: tuple[Path, ...] = (("spec", "contracts"),)
_RUN: tuple[Path, ...] = (("spec", "pipelines"),)
"""Where a stack has the names of its contracts and pipelines."""


def check(document: Document, stack: Stack, inventories: Sequence[Document], tree: Tree) -> Iterator[Finding]:
    """Yields every finding of one stack's `protect`; without `inventories` nodes are not looked at."""
    addresses = stack.spec.protect
    if not addresses:
        return
    yield from check_unique(document, ("spec", "protect"), "address", addresses, "")
    pipelines = [tree.catalogue.meant("Pipeline", name, document) for name in stack.spec.pipelines]
    offers = [
        offer
        for pipeline_document in pipelines
        if pipeline_document is not None and (offer := tree.offer(pipeline_document)) is not None
    ]
    is_partial = any(item is not None and item.is_unknown(("spec", "services")) for item in pipelines)
    contracts = set(stack.spec.contracts)
    for index, text in enumerate(addresses):
        path = ("spec", "protect", index)
        try:
            address = parse_address(text)
        except UsageError as error:
            may_guess = document.allowance.guesses > 0
            similar = nearest(text.rpartition("/")[2], _service_names(document, offers)) if may_guess else ""
            hint = f"did you mean service/{similar}?" if similar else error.hint
            yield Finding(document, path, "R119", error.brief, hint)
            continue
        name = address.parts[0]
        if address.kind in ("service", "replica"):
            if len(offers) == len(pipelines):
                yield from _check_service(document, path, text, address, offers, is_partial=is_partial)
        elif address.kind == "contract":
            yield from check_reference(
                document, path, "R204", "contract", name, contracts, whole=text, among=_CONTRACTS
            )
        elif address.kind == "node" and inventories:
            nodes = frozenset[str]().union(*map(tree.nodes, inventories))
            yield from check_reference(document, path, "R209", "node", name, nodes, whole=text)


def _service_names(document: Document, offers: Sequence[Offer]) -> frozenset[str]:
    names = frozenset(name for offer in offers for name in offer.services)
    document.allowance.guesses -= len(names)
    return names


def _check_service(
    document: Document, path: Path, text: str, address: Address, offers: Sequence[Offer], *, is_partial: bool
) -> Iterator[Finding]:
    """Yields what is wrong with the address of a service; `is_partial` says whether some service is at fault."""
    if address.pipeline:
        known = [offer.name for offer in offers]
        if address.pipeline not in known:
            yield from check_reference(
                document, path, "R202", "pipeline", address.pipeline, known, whole=text, among=_RUN
            )
            return
        offers = [offer for offer in offers if offer.name == address.pipeline]
    name = address.parts[0]
    services = [offer.services[name] for offer in offers if name in offer.services]
    if not services:
        may_guess = document.allowance.guesses > 0
        yield from check_reference(
            document,
            path,
            "R205",
            "service",
            name,
            _service_names(document, offers) if may_guess else (),
            whole=text,
            may_exist=is_partial,
        )
    for service in services if len(address.parts) > 1 and not is_partial else ():
        yield from _check_parts(document, path, text, address, service)


def _check_parts(document: Document, path: Path, text: str, address: Address, service: Service) -> Iterator[Finding]:
    members = {member.name: member for member in service.ensemble.members} if service.ensemble is not None else {}
    parts = address.parts[1:]
    replicas = service.replicas
    if parts and (members or not parts[0].isdecimal()):
        if parts[0] not in members:
            yield from check_reference(
                document, path, "R206", f"member of '{service.name}'", parts[0], members, whole=text
            )
            return
        member_replicas = members[parts[0]].replicas
        replicas, parts = member_replicas if member_replicas is not None else replicas, parts[1:]
    if parts and parts[0].isdecimal() and isinstance(replicas, int) and int(parts[0][:9]) >= replicas:
        message = f"no replica {parts[0]} of '{service.name}', which has {replicas}"
        yield Finding(document, path, "R206", message, "replicas count from 0")
