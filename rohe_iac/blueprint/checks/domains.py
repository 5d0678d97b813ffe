"""Checks of rules over topology domains that the nodes of an inventory cannot keep: spread, near and avoid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import guessed_name, warning
from rohe_iac.blueprint.language.pipeline import Pipeline, Requests, Service
from rohe_iac.blueprint.language.placement import Affinity
from rohe_iac.blueprint.linked.machine import Machine
from rohe_iac.blueprint.linked.workload import with_alternative
from rohe_iac.blueprint.text.parsed import Path

_DEMANDS = ("replicas", "requests", "placement", "arch", "variants", "ensemble")
"""Fields of a service that say where its replicas may go."""

UNPLACEABLE = "no replica of it can be placed"


class Domains:
    """The machines of an inventory, searched for those that suit a service of a pipeline."""

    def __init__(self, machines: Sequence[Machine], document: Document, pipeline: Pipeline) -> None:
        self._machines = machines
        self._services = {service.name: service for service in pipeline.spec.services}
        self._allowance = document.allowance

    def check(self, document: Document, base: Path, service: Service) -> Iterator[Finding]:
        """Yields a warning where no node meets all demands of a service at once, though each is met somewhere."""
        of = tuple((*base, field) for field in _DEMANDS)
        for finding in self._findings(document, base, service):
            yield replace(finding, of=of)

    def _findings(self, document: Document, base: Path, service: Service) -> Iterator[Finding]:
        members = service.ensemble.members if service.ensemble is not None else ()
        if any(member.arch is not None or member.placement is not None for member in members):
            yield from self._check_members(document, base, service)
            return
        requests = _requests_of(service)
        # Of variants one is enough.
        for group in [requests] if service.variants else [[each_request] for each_request in requests]:
            if next(self._suitable_machines(service, group), None) is None and self._allowance.domains > 0:
                yield self._nowhere_finding(document, base, service, group[0], service.name)
                return
        rules = service.placement
        for index, rule in enumerate(rules.spread):
            path = (*base, "placement", "spread", index, "topologyKey")
            if rule.limit is not None:
                yield from self._check_spread(document, path, service, rule.topology_key, rule.limit)
        for field, affinities in (("near", rules.near), ("avoid", rules.avoid)):
            for index, affinity in enumerate(affinities):
                other = self._services.get(affinity.service)
                path = (*base, "placement", field, index, "service")
                if other is None or not affinity.required:
                    continue
                if field == "avoid" and other is service:
                    yield from self._check_spread(document, path, service, affinity.topology_key, 1)
                elif other is not service and not self._can_keep(field, service, other, affinity):
                    problem = "have no" if field == "near" else "have only one"
                    message = f"'{service.name}' and '{other.name}' {problem} {affinity.topology_key} that they fit in"
                    yield warning(document, path, "R303", message, UNPLACEABLE)

    def _check_members(self, document: Document, base: Path, service: Service) -> Iterator[Finding]:
        """Yields a warning for each member that no node suits; a member may have nodes of its own."""
        members = service.ensemble.members if service.ensemble is not None else ()
        for number, member in enumerate(members):
            whole = with_alternative(service, member)
            if next(self._suitable_machines(whole, [whole.requests]), None) is None and self._allowance.domains > 0:
                path = (*base, "ensemble", "members", number)
                yield self._nowhere_finding(document, path, whole, whole.requests, member.name)

    def _suitable_machines(self, service: Service, asked: Sequence[Requests]) -> Iterator[Machine]:
        for machine in self._machines:
            self._allowance.domains -= 1
            if self._allowance.domains <= 0:
                return
            if any(not machine.refusal(service, requests) for requests in asked):
                yield machine

    def _nowhere_finding(
        self, document: Document, base: Path, service: Service, requests: Requests, name: str
    ) -> Finding:
        counts = Counter(machine.refusal(service, requests) for machine in self._machines)
        reasons = [f"{count} {'is' if count == 1 else 'are'} {reason}" for reason, count in sorted(counts.items())]
        message = f"no node has all that '{name}' asks for: {', '.join(reasons[:5])}"
        return warning(document, (*base, "name"), "R303", message, UNPLACEABLE)

    def _check_spread(
        self, document: Document, path: Path, service: Service, key: str, limit: int
    ) -> Iterator[Finding]:
        if not isinstance(service.replicas, int):
            return
        wanted, domains = -(-service.replicas // limit), set()
        for machine in self._suitable_machines(service, _requests_of(service)):
            domains.add(machine.domain(key))
            if len(domains) >= wanted:
                return
        if len(domains) < wanted and self._allowance.domains > 0:
            message = f"{service.replicas} replicas with at most {limit} in one {key} need {wanted} of them, found"
            yield warning(document, path, "R303", f"{message} {len(domains)} where it fits", "not all can be placed")

    def _can_keep(self, field: str, service: Service, other: Service, rule: Affinity) -> bool:
        """Checks whether some domain suits both services, or for `avoid` two domains keep them apart."""
        own_domains: set[str | None] = set()
        other_domains: set[str | None] = set()
        pairs = zip_longest(
            self._suitable_machines(service, _requests_of(service)), self._suitable_machines(other, _requests_of(other))
        )
        for machine, other_machine in pairs:
            own_domains |= {machine.domain(rule.topology_key)} if machine is not None else set()
            other_domains |= {other_machine.domain(rule.topology_key)} - {None} if other_machine is not None else set()
            if (
                own_domains
                and other_domains
                and (own_domains & other_domains if field == "near" else len(own_domains | other_domains) > 1)
            ):
                return True
        return self._allowance.domains <= 0 or not other_domains


def check_topology_keys(document: Document, base: Path, service: Service, labels: frozenset[str]) -> Iterator[Finding]:
    """Yields a warning for every topologyKey of a rule that no node has as a label."""
    rules = service.placement
    required = [("spread", index, rule.topology_key) for index, rule in enumerate(rules.spread) if rule.required]
    for field, affinities in (("avoid", rules.avoid), ("near", rules.near)):
        required += [(field, index, rule.topology_key) for index, rule in enumerate(affinities) if rule.required]
    for field, index, key in required:
        if key != "node" and key not in labels:
            path = (*base, "placement", field, index, "topologyKey")
            hint = _label_hint(document, key, labels)
            yield warning(document, path, "R303", f"no node has a label '{key[:63]}'", hint)


def check_flow_keys(document: Document, pipeline: Pipeline, labels: frozenset[str]) -> Iterator[Finding]:
    """Yields a warning for every `within` of a flow that no node has as a label."""
    for index, link in enumerate(pipeline.spec.flow):
        if link.within is not None and link.within not in ("node", *labels):
            hint = _label_hint(document, link.within, labels)
            message = f"no node has a label '{link.within[:63]}'"
            yield warning(document, ("spec", "flow", index, "within"), "R303", message, hint)


def _label_hint(document: Document, key: str, labels: frozenset[str]) -> str:
    """Returns a hint for a label that no node has: the nearest one, or which there are beside the node itself."""
    if near := guessed_name(document, key, [*sorted(labels), "node"]):
        return f"did you mean '{near}'?"
    if not labels:
        return f"give the nodes the label, as labels: {{{key[:63]}: ...}}, or write node for each node by itself"
    return f"labels of the nodes: {', '.join(sorted(labels)[:8])}; or node for each node by itself"


def _requests_of(service: Service) -> list[Requests]:
    """Returns the requests of a service's replicas: one of the service, or one for each variant or member."""
    parts = (*service.variants, *(service.ensemble.members if service.ensemble is not None else ()))
    return [alternative.requests or service.requests for alternative in parts] or [service.requests]
