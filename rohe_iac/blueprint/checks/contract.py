"""Checks of a contract beyond its fields: metrics, scopes, user modules and actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from rohe_iac.blueprint.checks import objective as objective_checks
from rohe_iac.blueprint.documents.tree import Tree
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import (
    check_reference,
    check_unique,
    check_user_module,
    find_cycles,
    format_cycle,
    name_hint,
    warning,
)
from rohe_iac.blueprint.findings.remainder import Remainder
from rohe_iac.blueprint.hints.nearest import MAX_NAMES
from rohe_iac.blueprint.language.contract import Objective, ObservationContract, Processing, Scope
from rohe_iac.blueprint.language.metric_expression import names_in, percentiles_in
from rohe_iac.blueprint.linked.metric_units import BUILT_IN
from rohe_iac.blueprint.linked.offer import Offer, joined_offer
from rohe_iac.blueprint.text.parsed import Path

REPORT_FIELDS = frozenset(
    ("service", "member", "model", "instance", "node", "device", "request", "sent", "answered", "began", *BUILT_IN)
)
"""The fields that conditions may name besides those that services declare."""


MAX_SLUG = 63


_NAMED = ((), ("name",), ("reports",), ("reports", "metrics"), ("reports", "fields"))
"""Parts of a service with the names of what it reports, and the service itself."""

_PART_DEPTH = len(("ensemble", "members", 0))


_SAMPLE_FIELDS = frozenset(("from", "to", "rate", "name", "ensemble", "members", "variants"))
"""Fields of a pipeline's services and flow from which the samples of each service follow, besides its load."""


def check(document: Document, contract: ObservationContract, tree: Tree) -> Iterator[Finding]:
    """Yields every finding of one contract."""
    spec = contract.spec
    offers: list[Offer | None] = []
    broken_names, has_unnamed = document.broken_names, False
    partials: list[Remainder] = []
    yield from check_unique(document, ("spec", "pipelines"), "pipeline", spec.pipelines or (), "")
    for number, name in enumerate(spec.about):
        pipeline_document = tree.catalogue.meant("Pipeline", name, document)
        offers.append(tree.offer(pipeline_document) if pipeline_document is not None else None)
        if pipeline_document is not None:
            # Faulty parts of the pipeline are not in its model, and are reported there.
            broken_names |= pipeline_document.broken_names
            has_unnamed |= pipeline_document.has_unknown_names or pipeline_document.lacks_names(("spec", "services"))
            partials += [pipeline_document.remainder] if pipeline_document.remainder is not None else []
        if tree.catalogue.named("Pipeline", name, document) is None and not tree.catalogue.is_broken("Pipeline", name):
            names = tree.catalogue.names("Pipeline", document)
            at: Path = ("spec", "pipeline") if spec.pipelines is None else ("spec", "pipelines", number)
            yield from check_reference(document, at, "R202", "pipeline", name, names)
    offer = joined_offer(offers)
    if offer is not None and any(_may_have_name(path) for partial in partials for path in partial.lost_parts()):
        offer = replace(offer, is_partial=True)
    yield from check_unique(
        document,
        ("spec", "objectives"),
        "objective",
        [objective.name or f" {index}" for index, objective in enumerate(spec.objectives)],
    )
    known = offer
    if offer is not None and any(_may_have_sample(path) for partial in partials for path in partial.lost_parts()):
        known = replace(offer, rates={})  # samples are not known where a part that they follow from is at fault
    yield from objective_checks.check(document, spec, known)
    yield from check_unique(document, ("spec", "sinks"), "sink", [_sink_name(sink) for sink in spec.sinks], "")
    yield from _check_metrics(document, contract, offer, broken_names)
    for index, objective in enumerate(spec.objectives):
        base: Path = ("spec", "objectives", index)
        if offer is not None:
            yield from _check_scope(document, (*base, "scope"), objective.scope, offer, broken_names, has_unnamed)
        if objective.metric not in spec.metrics and not document.lacks_names(("spec", "metrics")):
            yield from _check_reported(
                document,
                (*base, "metric"),
                objective.metric,
                spec.metrics,
                offer,
                broken_names,
                objective.scope.service,
            )
        if (
            objective.on_violation is not None
            and objective.on_violation.action in ("degrade", "reroute")
            and offer is not None
            and not any(_may_have_choice(path) for partial in partials for path in partial.lost_parts())
        ):
            yield from _check_choices(document, (*base, "onViolation"), objective, offer)
    for index, processing in enumerate(spec.processing):
        path: Path = ("spec", "processing", index)
        yield from _check_modules(document, path, processing, tree)
        for number, feature in enumerate(processing.features):
            if feature not in spec.metrics:
                yield from _check_field(document, (*path, "features", number), feature, offer, broken_names)
    if not spec.objectives and not spec.processing:
        yield warning(document, ("spec",), "R228", "the contract has no objectives, so it is always kept")


def _may_have_sample(lost: Path) -> bool:
    """Checks whether the number of samples may follow from a part of a pipeline that is lost."""
    if lost[:2] == ("spec", "load"):
        return True
    inside = lost[2 : lost.index("reports")] if "reports" in lost else lost[2:]
    is_near = lost[:2] in (("spec", "services"), ("spec", "flow"))
    return is_near and all(isinstance(step, int) or step in _SAMPLE_FIELDS for step in inside)


def _may_have_name(lost: Path) -> bool:
    """Checks whether a part of a pipeline that is lost may have the name of a service, a part of it, or a report."""
    inside = lost[len(("spec", "services", 0)) :]
    is_named = inside in _NAMED or inside[:2] == ("reports", "fields")
    is_part = inside[:1] in (("ensemble",), ("variants",)) and (len(inside) <= _PART_DEPTH or inside[-1] == "name")
    return lost[:2] == ("spec", "services") and (is_named or is_part)


def _may_have_choice(lost: Path) -> bool:
    """Checks whether a part of a pipeline that is lost may have variants, or members of an ensemble."""
    return lost[:2] == ("spec", "services") and (len(lost) <= 3 or lost[3] in ("ensemble", "variants"))


def _check_scope(
    document: Document, base: Path, scope: Scope, offer: Offer, broken: frozenset[str], has_unnamed: bool
) -> Iterator[Finding]:
    yield from _check_reporter(document, base, scope, offer)
    if scope.service is None:
        if scope.member is not None:
            message, hint, of = "a member needs its service", "add service to the scope", ((*base, "service"),)
            yield Finding(document, (*base, "member"), "R107", message, hint, of=of)
        return
    if scope.service not in offer.services:
        if scope.service not in broken:
            name, known = scope.service, offer.services
            path = (*base, "service")
            yield from check_reference(document, path, "R205", "service", name, known, may_exist=has_unnamed)
        return
    if scope.member is not None:
        members = offer.members.get(scope.service, frozenset())
        yield from check_reference(
            document,
            (*base, "member"),
            "R206",
            f"member of '{scope.service}'",
            scope.member,
            members,
            may_exist=offer.is_partial,
        )


def _check_reporter(document: Document, base: Path, scope: Scope, offer: Offer) -> Iterator[Finding]:
    """Yields a warning where no report can be of that instance or model; services may name themselves, so no error."""
    if scope.instance is not None:
        slug, _, number = scope.instance.rpartition("-")
        # Where two pipelines have a service of the same name, instance names begin with the pipeline's name.
        words = slug.split("-") if len(slug) <= MAX_SLUG else []
        services = [name for begin in range(len(words)) if _is_instance_prefix(name := "-".join(words[begin:]), offer)]
        if not number.isdecimal() or not (services or offer.is_partial):
            hint = f"an instance is SERVICE-INDEX, such as {scope.service or next(iter(offer.services))}-0"
            yield warning(document, (*base, "instance"), "R206", f"no instance '{scope.instance[:63]}'", hint)
        elif services and services[0] in offer.services and services[0] not in offer.members:
            replicas = offer.services[services[0]].replicas
            if isinstance(replicas, int) and int(number[:9]) >= replicas:
                count = f"{replicas} replica{'s' if replicas != 1 else ''}"
                message = f"'{scope.instance[:63]}' is beyond the {count} of '{services[0]}'"
                yield warning(document, (*base, "instance"), "R206", message, "instances count from 0")
    members = offer.parts if scope.service is None else offer.members.get(scope.service, frozenset())
    if (
        scope.model is not None
        and members
        and not offer.is_partial
        and scope.model not in members
        and "model" not in offer.fields
    ):
        hint = name_hint(document, scope.model, members)
        yield warning(document, (*base, "model"), "R206", f"no model '{scope.model[:63]}'", hint)


def _is_instance_prefix(slug: str, offer: Offer) -> bool:
    """Checks whether replicas of a service, or of a member of one, have this name before their number."""
    cuts = [index for index, letter in enumerate(slug) if letter == "-"]
    return slug in offer.services or any(slug[cut + 1 :] in offer.members.get(slug[:cut], ()) for cut in cuts)


def _sink_name(sink: object) -> str:
    return ": ".join(map(str, next(iter(sink.items())))) if isinstance(sink, dict) else str(sink)


def _check_choices(document: Document, base: Path, objective: Objective, offer: Offer) -> Iterator[Finding]:
    service = objective.scope.service
    is_known = offer.services if service is None else service in offer.services
    if is_known and not (offer.choices if service is None else service in offer.choices):
        name = objective.on_violation.action if objective.on_violation is not None else ""
        message = f"'{name}' has nothing to choose from: no service in scope has an ensemble or variants"
        yield warning(document, base, "R229", message, "use alert, or add an ensemble")


def _check_reported(
    document: Document,
    base: Path,
    metric: str,
    metrics: Mapping[str, object],
    offer: Offer | None,
    broken: frozenset[str],
    service: str | None = None,
) -> Iterator[Finding]:
    if offer is None or metric in broken:
        return
    if metric in BUILT_IN:
        yield from _check_accuracy(document, base, offer) if metric == "accuracy" else ()
        return
    if service is not None and service not in offer.services:
        service = None  # the service is reported itself; a metric that no service has is misspelt all the same
    declared, silent = offer.of(service)
    if metric in declared:
        return
    subject = f"service '{service}'" if service is not None else f"service of '{offer.name}'"
    may_guess = len(declared) + len(metrics) <= MAX_NAMES
    hint = name_hint(document, metric, {*declared, *metrics, *BUILT_IN}) if may_guess else ""
    if offer.is_partial and "mean" not in hint:
        return
    if not silent:
        yield Finding(document, base, "R213", f"no {subject} reports the metric '{metric[:63]}'", hint)
    else:
        hint = hint if "mean" in hint else "declare it under reports.metrics"
        yield warning(document, base, "R213", f"no {subject} declares the metric '{metric[:63]}'", hint)


def _check_field(
    document: Document, base: Path, name: str, offer: Offer | None, broken: frozenset[str]
) -> Iterator[Finding]:
    """Yields a warning for a field or metric that no service declares; no error, since reports may hold more."""
    if offer is None or name in broken or name in REPORT_FIELDS or name in offer.fields:
        return
    similar = name_hint(document, name, offer.fields) if len(offer.fields) <= MAX_NAMES else ""
    if "mean" in similar or not (offer.mute or offer.is_partial):
        hint = similar if "mean" in similar else "declare it under reports.fields"
        yield warning(document, base, "R213", f"no service declares '{name[:63]}'", hint, on_key="where" in base)


def _check_accuracy(document: Document, base: Path, offer: Offer) -> Iterator[Finding]:
    absent = [name for name in ("prediction", "truth") if name not in offer.fields]
    if absent and not offer.is_partial:
        message = f"accuracy compares prediction and truth, and no service declares {' and '.join(absent)}"
        yield warning(document, base, "R213", message, "declare them under reports.fields")


def _check_metrics(
    document: Document, contract: ObservationContract, offer: Offer | None, broken: frozenset[str]
) -> Iterator[Finding]:
    metrics = contract.spec.metrics
    edges = []
    for name, tree in metrics.items():
        base: Path = ("spec", "metrics", name)
        if name in BUILT_IN:
            yield Finding(
                document, base, "R216", f"'{name}' is a metric of rohe's own", "give yours another name", on_key=True
            )
        for path, role, name_used in names_in(tree):
            if role == "metric":
                edges.append((name, name_used))
                is_known = name_used in metrics or name_used in broken or document.lacks_names(("spec", "metrics"))
                if not is_known:
                    message = f"the contract defines no metric '{name_used[:63]}'"
                    hint = f"a reported one is taken with an aggregate: {{mean: {{of: {name_used[:63]}}}}}"
                    similar = name_hint(document, name_used, metrics)
                    similar = similar if "mean" in similar else hint
                    yield Finding(document, (*base, *path), "R213", message, similar)
            elif role == "of":
                yield from _check_reported(document, (*base, *path), name_used, {}, offer, broken)
            elif role == "where":
                yield from _check_field(document, (*base, *path), name_used, offer, broken)
            elif name_used not in ("model", "member"):
                message = f"the variance is between the members of an ensemble, not by '{name_used[:63]}'"
                yield warning(document, (*base, *path), "R109", message, "write by: model")
        for path, percentile in percentiles_in(tree):
            if percentile < 1:
                hint = f"did you mean {percentile * 100:g}?"
                yield warning(document, (*base, *path), "R113", f"the percentile {percentile:g} of 100", hint)
        if offer is not None and name in offer.declared and name not in BUILT_IN:
            message = f"a service reports '{name[:63]}' too, and objectives take the contract's own"
            yield warning(document, base, "R216", message, "give yours another name", on_key=True)
    for cycle in find_cycles(edge for edge in edges if edge[1] in metrics):
        cycle_text = format_cycle(cycle)
        path = ("spec", "metrics", cycle[0])
        yield Finding(
            document, path, "R212", f"the metric is made of itself: {cycle_text}", "take one reference out", on_key=True
        )


def _check_modules(document: Document, base: Path, processing: Processing, tree: Tree) -> Iterator[Finding]:
    options = frozenset(processing.options)
    keywords = options | ({"features"} if processing.features else frozenset())
    unused_options = set(options)
    for field, reference in (("parser", processing.parser), ("function", processing.function)):
        if reference is None:
            continue
        # Either may take features and options, and is given only those that it takes: only its own needs count.
        fault = tree.user_modules.check(reference, positional=1, options=keywords, surplus=False)
        imports = tree.user_modules.import_faults(reference)
        yield from check_user_module(document, (*base, field), fault, imports)
        surplus_fault = tree.user_modules.check(reference, positional=1, options=keywords) if fault is None else None
        unused_options &= set(surplus_fault.unaccepted) if surplus_fault is not None else set()
    for option in sorted(unused_options):
        message = f"no function takes the option '{option[:63]}'"
        yield warning(document, (*base, "options", option), "R219", message, "it has no effect", on_key=True)
