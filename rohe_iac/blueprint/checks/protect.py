"""What is wrong in the addresses that a stack protects: what they name that is not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rohe_iac.blueprint.documents.tree import Tree
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import missing, unique
from rohe_iac.blueprint.hints.nearest import nearest
from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.language.stack import Stack
from rohe_iac.blueprint.linked.offer import Offer
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.names import Address, parse_address


def check(document: Document, stack: Stack, inventory: Document | None, tree: Tree) -> Iterator[Finding]:
    """Every finding of one stack's `protect`. inventory: None where it is not there."""
    addresses = stack.spec.protect
    if not addresses:
        return
    yield from unique(document, ("spec", "protect"), "address", addresses, "")
    pipelines = [tree.catalogue.named("Pipeline", name, document) for name in stack.spec.pipelines]
    offers = [offer for found in pipelines if found is not None and (offer := tree.offer(found)) is not None]
    contracts = set(stack.spec.contracts)
    for index, text in enumerate(addresses):
        path = ("spec", "protect", index)
        try:
            address = parse_address(text)
        except UsageError as error:
            few = document.allowance.guesses > 0
            meant = nearest(text.rpartition("/")[2], _services(document, offers)) if few else ""
            hint = f"did you mean service/{meant}?" if meant else error.hint
            yield Finding(document, path, "R119", error.brief, hint)
            continue
        name = address.parts[0]
        if address.kind in ("service", "replica"):
            if len(offers) == len(pipelines):
                yield from _service(document, path, address, offers)
        elif address.kind == "contract":
            yield from missing(document, path, "R204", "contract", name, contracts)
        elif address.kind == "node" and inventory is not None:
            yield from missing(document, path, "R209", "node", name, tree.nodes(inventory))


def _services(document: Document, offers: Sequence[Offer]) -> frozenset[str]:
    names = frozenset(name for offer in offers for name in offer.services)
    document.allowance.guesses -= len(names)
    return names


def _service(document: Document, path: Path, address: Address, offers: Sequence[Offer]) -> Iterator[Finding]:
    if address.pipeline:
        known = [offer.name for offer in offers]
        if address.pipeline not in known:
            yield from missing(document, path, "R202", "pipeline", address.pipeline, known)
            return
        offers = [offer for offer in offers if offer.name == address.pipeline]
    name = address.parts[0]
    named = [offer.services[name] for offer in offers if name in offer.services]
    if not named:
        few = document.allowance.guesses > 0
        yield from missing(document, path, "R205", "service", name, _services(document, offers) if few else ())
    for service in named if len(address.parts) > 1 else ():
        yield from _parts(document, path, address, service)


def _parts(document: Document, path: Path, address: Address, service: Service) -> Iterator[Finding]:
    members = {member.name: member for member in service.ensemble.members} if service.ensemble is not None else {}
    rest = address.parts[1:]
    replicas = service.replicas
    if rest and (members or not rest[0].isdecimal()):
        if rest[0] not in members:
            yield from missing(document, path, "R206", f"member of '{service.name}'", rest[0], members)
            return
        own = members[rest[0]].replicas
        replicas, rest = own if own is not None else replicas, rest[1:]
    if rest and rest[0].isdecimal() and isinstance(replicas, int) and int(rest[0][:9]) >= replicas:
        message = f"no replica {rest[0]} of '{service.name}', which has {replicas}"
        yield Finding(document, path, "R206", message, "replicas count from 0")
