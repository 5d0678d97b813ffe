"""The offer of a pipeline to its observers: its services, their reports, and their variants or members."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from rohe_iac.blueprint.language.pipeline import Pipeline, ReportedMetric, Reports, Service


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
