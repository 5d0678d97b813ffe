"""The offer of a pipeline to its observers: its services, their reports, and their variants or members."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rohe_iac.blueprint.language.pipeline import Pipeline, ReportedMetric, Reports, Service
from rohe_iac.blueprint.linked.flow import rates_of


@dataclass(frozen=True)
class Offer:
    """The reports of one pipeline's services, and the variants or members that they can choose from.

    Attributes:
        name: The pipeline's name.
        services: The services by name.
        declared: Metrics that any service declares.
        silent: Whether any service declares no metrics.
        fields: Metrics and other fields that any service declares.
        members: Names of the members or variants, by service that has some.
        choices: Services with more than one member or variant.
        mute: Whether any service declares neither metrics nor fields.
        parts: Names of all members and variants.
        units: The unit by metric, where all services that declare a unit agree.
        rates: Requests a second at each service; empty where the pipeline has no load.
        is_partial: Whether there may be further names, of services, parts or reports, since some are at fault.
    """

    name: str
    services: dict[str, Service]
    declared: frozenset[str]
    silent: bool
    fields: frozenset[str]
    members: dict[str, frozenset[str]]
    choices: frozenset[str]
    mute: bool
    parts: frozenset[str]
    units: dict[str, str]
    rates: dict[str, float]
    is_partial: bool = False

    def of(self, service: str | None) -> tuple[Collection[str], bool]:
        """Returns the metrics that a service declares, any service for None, and whether it (or any) declares none."""
        if service is None:
            return self.declared, self.silent
        metrics = self.services[service].reports.metrics
        return metrics or (), metrics is None


def offer_of(pipeline: Pipeline) -> Offer:
    """Returns the offer of a pipeline."""
    services = {service.name: service for service in pipeline.spec.services}
    reports = [service.reports for service in services.values()]
    members = {name: names for name, service in services.items() if (names := _members(service))}
    declared = frozenset(name for reports_item in reports for name in reports_item.metrics or ())
    return Offer(
        pipeline.metadata.name,
        services,
        declared,
        any(reports_item.metrics is None for reports_item in reports),
        declared.union(name for reports_item in reports for name in reports_item.fields),
        members,
        frozenset(name for name, names in members.items() if len(names) > 1),
        any(reports_item.metrics is None and not reports_item.fields for reports_item in reports),
        frozenset(part for names in members.values() for part in names),
        {name: units.pop() for name, units in _units(reports).items() if len(units) == 1},
        rates_of(pipeline),
    )


def joined_offer(offers: Sequence[Offer | None]) -> Offer | None:
    """Returns what several pipelines offer together; None where one of them is not known."""
    known = [offer for offer in offers if offer is not None]
    if len(known) < len(offers) or len(known) < 2:
        return known[0] if known and len(known) == len(offers) else None
    units: dict[str, set[str]] = {}
    for offer in known:
        for metric, unit in offer.units.items():
            units.setdefault(metric, set()).add(unit)
    return Offer(
        " and ".join(offer.name for offer in known),
        {name: service for offer in known for name, service in offer.services.items()},
        frozenset().union(*(offer.declared for offer in known)),
        any(offer.silent for offer in known),
        frozenset().union(*(offer.fields for offer in known)),
        {name: parts for offer in known for name, parts in offer.members.items()},
        frozenset().union(*(offer.choices for offer in known)),
        any(offer.mute for offer in known),
        frozenset().union(*(offer.parts for offer in known)),
        {metric: found.pop() for metric, found in units.items() if len(found) == 1},
        {},
    )


def _units(reports: Iterable[Reports]) -> dict[str, set[str]]:
    units: dict[str, set[str]] = {}
    for reports_item in reports:
        for name, metric in (reports_item.metrics or {}).items():
            units.setdefault(name, set()).add(unit_of_metric(metric))
    return units


def unit_of_metric(metric: ReportedMetric | None) -> str:
    """Returns the unit that a service declares for a metric, "" where it declares none."""
    return metric.unit if metric is not None and "unit" in metric.model_fields_set else ""


def _members(service: Service) -> frozenset[str]:
    parts = service.ensemble.members if service.ensemble is not None else service.variants
    return frozenset(part.name for part in parts)
