"""What is wrong in a contract beyond its fields: what it measures, of whom, and with which of the user's code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rohe_iac.blueprint.contract import Objective, ObservationContract, Processing, Scope
from rohe_iac.blueprint.expression import names_in
from rohe_iac.blueprint.finding import Document, Finding, Path
from rohe_iac.blueprint.hints import MOST_NAMES
from rohe_iac.blueprint.offer import Offer
from rohe_iac.blueprint.references import cycle, meant, missing, of_user_module, shown_cycle, unique, warning
from rohe_iac.blueprint.tree import Tree

BUILT_IN = frozenset(("response_time", "throughput", "availability", "accuracy"))
"""Metrics that the agent makes itself: from start and end of reports, from their number, from prediction and truth."""


def check(document: Document, contract: ObservationContract, tree: Tree) -> Iterator[Finding]:
    """Every finding of one contract."""
    spec = contract.spec
    found = tree.catalogue.named("Pipeline", spec.pipeline, document)
    offer = tree.offer(found) if found is not None else None
    # What is faulty in the pipeline's own text is not in its model; its faults are told there.
    broken = document.broken_names | (found.broken_names if found is not None else frozenset())
    if offer is None and not tree.catalogue.is_broken("Pipeline", spec.pipeline):
        names = tree.catalogue.names("Pipeline", document)
        yield from missing(document, ("spec", "pipeline"), "R202", "pipeline", spec.pipeline, names)
    yield from unique(
        document,
        ("spec", "objectives"),
        "objective",
        [item.name or f" {index}" for index, item in enumerate(spec.objectives)],
    )
    yield from _metrics(document, contract, offer, broken)
    for index, objective in enumerate(spec.objectives):
        at: Path = ("spec", "objectives", index)
        if offer is not None:
            yield from _scope(document, (*at, "scope"), objective.scope, offer, broken)
        if objective.metric not in spec.metrics:
            yield from _reported(
                document, (*at, "metric"), objective.metric, spec.metrics, offer, broken, objective.scope.service
            )
        if (
            objective.on_violation is not None
            and objective.on_violation.action in ("degrade", "reroute")
            and offer is not None
        ):
            yield from _degradable(document, (*at, "onViolation"), objective, offer)
    for index, processing in enumerate(spec.processing):
        yield from _modules(document, ("spec", "processing", index), processing, tree)
    if not spec.objectives and not spec.processing:
        yield warning(document, ("spec",), "R228", "the contract has no objectives, so it is always kept")


def _scope(document: Document, at: Path, scope: Scope, offer: Offer, broken: frozenset[str]) -> Iterator[Finding]:
    if scope.service is None:
        if scope.member is not None:
            yield Finding(document, (*at, "member"), "R107", "a member needs its service", "add service to the scope")
        return
    if scope.service not in offer.services:
        if scope.service not in broken:
            yield from missing(document, (*at, "service"), "R205", "service", scope.service, offer.services)
        return
    if scope.member is not None:
        members = offer.members.get(scope.service, frozenset())
        yield from missing(document, (*at, "member"), "R206", f"member of '{scope.service}'", scope.member, members)


def _degradable(document: Document, at: Path, objective: Objective, offer: Offer) -> Iterator[Finding]:
    wanted = objective.scope.service
    known = offer.services if wanted is None else wanted in offer.services
    if known and not (offer.choices if wanted is None else wanted in offer.choices):
        name = objective.on_violation.action if objective.on_violation is not None else ""
        message = f"'{name}' has nothing to choose from: no service in scope has an ensemble or variants"
        yield warning(document, at, "R229", message, "use alert, or add an ensemble")


def _reported(
    document: Document,
    at: Path,
    metric: str,
    metrics: Mapping[str, object],
    offer: Offer | None,
    broken: frozenset[str],
    service: str | None = None,
) -> Iterator[Finding]:
    if offer is None or metric in broken:
        return
    if metric in BUILT_IN:
        yield from _accuracy(document, at, offer) if metric == "accuracy" else ()
        return
    if service is not None and service not in offer.services:
        return
    declared, silent = offer.of(service)
    if metric in declared:
        return
    where = f"service '{service}'" if service is not None else f"service of '{offer.name}'"
    few = len(declared) + len(metrics) <= MOST_NAMES
    hint = meant(document, metric, {*declared, *metrics, *BUILT_IN}) if few else ""
    if not silent:
        yield Finding(document, at, "R213", f"no {where} reports the metric '{metric[:63]}'", hint)
    else:
        hint = hint if "mean" in hint else "declare it under reports.metrics"
        yield warning(document, at, "R213", f"no {where} declares the metric '{metric[:63]}'", hint)


def _accuracy(document: Document, at: Path, offer: Offer) -> Iterator[Finding]:
    absent = [name for name in ("prediction", "truth") if name not in offer.fields]
    if absent:
        message = f"accuracy compares prediction and truth, and no service declares {' and '.join(absent)}"
        yield warning(document, at, "R213", message, "declare them under reports.fields")


def _metrics(
    document: Document, contract: ObservationContract, offer: Offer | None, broken: frozenset[str]
) -> Iterator[Finding]:
    metrics = contract.spec.metrics
    edges = []
    for name, tree in metrics.items():
        at: Path = ("spec", "metrics", name)
        if name in BUILT_IN:
            yield Finding(
                document, at, "R216", f"'{name}' is a metric of rohe's own", "give yours another name", on_key=True
            )
        for path, role, used in names_in(tree):
            if role == "metric":
                edges.append((name, used))
                if used not in metrics and used not in broken:
                    message = f"the contract defines no metric '{used[:63]}'"
                    hint = f"a reported one is taken with an aggregate: {{mean: {{of: {used[:63]}}}}}"
                    near = meant(document, used, metrics)
                    yield Finding(document, (*at, *path), "R213", message, near if "mean" in near else hint)
            elif role == "of":
                yield from _reported(document, (*at, *path), used, {}, offer, broken)
    around = cycle(edge for edge in edges if edge[1] in metrics)
    if around:
        shown = shown_cycle(around)
        path = ("spec", "metrics", around[0])
        yield Finding(
            document, path, "R212", f"the metric is made of itself: {shown}", "take one reference out", on_key=True
        )


def _modules(document: Document, at: Path, processing: Processing, tree: Tree) -> Iterator[Finding]:
    options = frozenset(processing.options)
    given = options | ({"features"} if processing.features else frozenset())
    for field, reference in (("parser", processing.parser), ("function", processing.function)):
        if reference is None:
            continue
        # Either may take features and options; what it does not take it is not given, so only its own needs count.
        trouble = tree.code.check(reference, positional=1, options=given, surplus=False)
        yield from of_user_module(document, (*at, field), trouble)
