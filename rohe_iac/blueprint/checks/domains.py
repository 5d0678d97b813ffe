"""Rules over domains that the nodes of an inventory cannot keep: spread, near and avoid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import warning
from rohe_iac.blueprint.hints.nearest import did_you_mean
from rohe_iac.blueprint.language.pipeline import Affinity, Pipeline, Requests, Service
from rohe_iac.blueprint.linked.machine import Machine
from rohe_iac.blueprint.text.parsed import Path

NOWHERE = "no replica of it can be placed"


class Domains:
    """The machines of an inventory, asked for those where a service of a pipeline fits."""

    def __init__(self, machines: Sequence[Machine], document: Document, pipeline: Pipeline) -> None:
        self._machines = machines
        self._services = {service.name: service for service in pipeline.spec.services}
        self._allowance = document.allowance

    def check(self, document: Document, at: Path, service: Service) -> Iterator[Finding]:
        """What a service whose every single demand is met somewhere cannot have all at once."""
        asked = _asked(service)
        # Of variants one is enough.
        for each in [asked] if service.variants else [[requests] for requests in asked]:
            if next(self._fitting(service, each), None) is None and self._allowance.domains > 0:
                yield self._nowhere(document, at, service, each[0])
                return
        rules = service.placement
        for index, rule in enumerate(rules.spread):
            path = (*at, "placement", "spread", index, "topologyKey")
            yield from self._spread(document, path, service, rule.topology_key, rule.max_per_domain)
        for field, affinities in (("near", rules.near), ("avoid", rules.avoid)):
            for index, affinity in enumerate(affinities):
                other = self._services.get(affinity.service)
                path = (*at, "placement", field, index, "service")
                if other is None or not affinity.required:
                    continue
                if field == "avoid" and other is service:
                    yield from self._spread(document, path, service, affinity.topology_key, 1)
                elif other is not service and not self._can(field, service, other, affinity):
                    where = "have no" if field == "near" else "have only one"
                    message = f"'{service.name}' and '{other.name}' {where} {affinity.topology_key} that they fit in"
                    yield warning(document, path, "R303", message, NOWHERE)

    def _fitting(self, service: Service, asked: Sequence[Requests]) -> Iterator[Machine]:
        for machine in self._machines:
            self._allowance.domains -= 1
            if self._allowance.domains <= 0:
                return
            if any(not machine.refusal(service, requests) for requests in asked):
                yield machine

    def _nowhere(self, document: Document, at: Path, service: Service, requests: Requests) -> Finding:
        counts = Counter(machine.refusal(service, requests) for machine in self._machines)
        told = [f"{count} {'is' if count == 1 else 'are'} {why}" for why, count in sorted(counts.items())]
        message = f"no node has all that '{service.name}' asks for: {', '.join(told[:5])}"
        return warning(document, (*at, "name"), "R303", message, NOWHERE)

    def _spread(self, document: Document, path: Path, service: Service, key: str, most: int) -> Iterator[Finding]:
        if service.replicas == "auto":
            return
        wanted, found = -(-service.replicas // most), set()
        for machine in self._fitting(service, _asked(service)):
            found.add(machine.domain(key))
            if len(found) >= wanted:
                return
        if len(found) < wanted and self._allowance.domains > 0:
            message = f"{service.replicas} replicas with at most {most} in one {key} need {wanted} of them, found"
            yield warning(document, path, "R303", f"{message} {len(found)} where it fits", "not all can be placed")

    def _can(self, field: str, service: Service, other: Service, rule: Affinity) -> bool:
        """Whether some domain holds both, or for `avoid` two domains keep them apart."""
        mine: set[str | None] = set()
        theirs: set[str | None] = set()
        pairs = zip_longest(self._fitting(service, _asked(service)), self._fitting(other, _asked(other)))
        for one, two in pairs:
            mine |= {one.domain(rule.topology_key)} if one is not None else set()
            theirs |= {two.domain(rule.topology_key)} - {None} if two is not None else set()
            if mine and theirs and (mine & theirs if field == "near" else len(mine | theirs) > 1):
                return True
        return self._allowance.domains <= 0 or not theirs


def check_keys(document: Document, at: Path, service: Service, labels: frozenset[str]) -> Iterator[Finding]:
    """A warning for every topologyKey of a rule that no node has as a label."""
    rules = service.placement
    required = [("spread", index, rule.topology_key) for index, rule in enumerate(rules.spread)]
    for field, affinities in (("avoid", rules.avoid), ("near", rules.near)):
        required += [(field, index, rule.topology_key) for index, rule in enumerate(affinities) if rule.required]
    for field, index, key in required:
        if key != "node" and key not in labels:
            path = (*at, "placement", field, index, "topologyKey")
            hint = did_you_mean(key, [*labels, "node"])
            yield warning(document, path, "R303", f"no node has a label '{key[:63]}'", hint)


def _asked(service: Service) -> list[Requests]:
    """What replicas of a service ask for: of a service with variants or members, each of these."""
    parts = (*service.variants, *(service.ensemble.members if service.ensemble is not None else ()))
    return [part.requests or service.requests for part in parts] or [service.requests]
