"""Checks of what a stack runs for itself: requests, placement and architecture of its agents and its broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from rohe_iac.blueprint.checks.domains import UNPLACEABLE
from rohe_iac.blueprint.checks.fitting import Fleet, check_requests, check_rules
from rohe_iac.blueprint.documents.tree import Tree
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import check_reference, warning
from rohe_iac.blueprint.language.contract import ObservationContract
from rohe_iac.blueprint.language.pipeline import Pipeline, Service
from rohe_iac.blueprint.language.placement import PlacementRules, joined_label
from rohe_iac.blueprint.language.stack import Agents, EmbeddedBroker, Stack, StackSpec
from rohe_iac.blueprint.linked.observation import is_observed, names_broker
from rohe_iac.blueprint.linked.workload import agent_placement
from rohe_iac.blueprint.text.parsed import Path

TAINTED = "tainted "
"""How the reason of a node begins that a toleration would open."""


def check(document: Document, stack: Stack, fleet: Fleet, tree: Tree) -> Iterator[Finding]:
    """Yields every finding about the agents and the broker of a stack that runs them."""
    spec = stack.spec
    pipelines = [
        found.model
        for name in spec.pipelines
        if (found := tree.catalogue.meant("Pipeline", name, document)) is not None and isinstance(found.model, Pipeline)
    ]
    contracts = [
        found.model
        for name in spec.contracts
        if (found := tree.catalogue.meant("ObservationContract", name, document)) is not None
        and isinstance(found.model, ObservationContract)
    ]
    known = _service_names(pipelines) if len(pipelines) == len(spec.pipelines) else frozenset()
    observed = any(is_observed(pipeline, contracts) for pipeline in pipelines)
    broker = spec.broker.embedded
    parts: list[tuple[Path, Agents | EmbeddedBroker, bool]] = [(("spec", "agents"), spec.agents, observed)]
    if broker is not None:
        parts.append((("spec", "broker", "embedded"), broker, observed or names_broker(spec)))
    findings: list[Finding]
    if "store" in spec.model_fields_set:
        findings = [*_check_rules(document, ("spec", "store"), spec.store.placement, (), fleet, known)]
        findings += _check_store(document, spec)
        yield from findings
    for base, part, runs in parts:
        written = str(base[1]) in spec.model_fields_set
        rules = agent_placement(spec) if part is spec.agents else part.placement
        service = Service.model_construct(name=str(base[1]), arch=part.arch, placement=rules)
        findings = []
        if written:
            findings += check_requests(document, (*base, "requests"), part.requests, fleet)
            findings += _check_rules(document, base, part.placement, part.arch, fleet, known)
        yield from findings
        if runs and not findings and fleet.machines:
            yield from _check_somewhere(document, base, service, part, fleet, written=written)


def _service_names(pipelines: Iterable[Pipeline]) -> frozenset[str]:
    """Returns the names of all services, alone and after that of their pipeline."""
    named = [(pipeline.metadata.name, service.name) for pipeline in pipelines for service in pipeline.spec.services]
    return frozenset([*(service for _, service in named), *(f"{pipeline}:{service}" for pipeline, service in named)])


def _check_store(document: Document, spec: StackSpec) -> Iterator[Finding]:
    """Yields a finding for each label that the store and its agent ask for with different values."""
    own = spec.agents.placement.node_selector
    for key, value in spec.store.placement.node_selector.items():
        if key in own and joined_label(own[key], value) is None:
            path = ("spec", "store", "placement", "nodeSelector", key)
            message = f"the store is a file of its agent, which asks for another {key}"
            yield Finding(document, path, "R214", message, "write it under agents alone")


def _check_rules(
    document: Document, base: Path, rules: PlacementRules, arch: tuple[str, ...], fleet: Fleet, known: Collection[str]
) -> Iterator[Finding]:
    """Yields a finding for each label, architecture and service of rules that the stack does not have.

    Args:
        document: The document of the stack.
        base: The path of the part that has the rules.
        rules: The rules.
        arch: The architectures that the part runs on.
        fleet: The nodes.
        known: The names of services; empty where some are not known.
    """
    yield from check_rules(document, base, Service.model_construct(name="", arch=arch, placement=rules), fleet)
    for field, affinities in (("near", rules.near), ("avoid", rules.avoid)) if known else ():
        for index, rule in enumerate(affinities):
            path = (*base, "placement", field, index, "service")
            yield from check_reference(document, path, "R205", "service", rule.service, known)


def _check_somewhere(
    document: Document, base: Path, service: Service, part: Agents | EmbeddedBroker, fleet: Fleet, *, written: bool
) -> Iterator[Finding]:
    """Yields a warning where no node can take an agent, or the broker."""
    counts: Counter[str] = Counter()
    for machine in fleet.machines:
        document.allowance.domains -= 1
        reason = machine.refusal(service, part.requests)
        if not reason or document.allowance.domains <= 0:
            return
        counts[reason] += 1
    who = "an agent" if isinstance(part, Agents) else "the broker"
    reasons = [f"{count} {'is' if count == 1 else 'are'} {reason}" for reason, count in sorted(counts.items())]
    message = f"no node has all that {who} of the stack asks for: {', '.join(reasons[:5])}"
    tainted = next((reason.removeprefix(TAINTED) for reason, _ in counts.most_common() if TAINTED in reason), "")
    inner = f"placement: {{tolerations: [{{key: {tainted}, operator: Exists}}]}}"
    whole = f"agents: {{{inner}}}" if isinstance(part, Agents) else f"broker: {{embedded: {{{inner}}}}}"
    hint = f"add {whole}" if tainted else UNPLACEABLE
    path: Path = (*base, "placement") if written and "placement" in part.model_fields_set else ("spec", "inventory")
    yield warning(document, path, "R303", message, hint)
