"""Checks of the order of starts: who is `after` whom, beside the flow, and what runs once."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import (
    check_reference,
    check_unique,
    find_cycles,
    format_cycle,
    steps_of,
    without_cycles,
)
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.text.parsed import Path


def check_order(document: Document, pipeline: Pipeline, known: Collection[str]) -> Iterator[Finding]:
    """Yields a finding for each unknown service in `after`, each circle, and each service that cannot run once."""
    services = pipeline.spec.services
    once = {service.name for service in services if service.run_once}
    for index, service in enumerate(services):
        base: Path = ("spec", "services", index)
        yield from check_unique(document, (*base, "init"), "step", [step.name for step in service.init])
        yield from check_unique(document, (*base, "after"), "service", service.after, "")
        for number, name in enumerate(service.after):
            yield from check_reference(
                document, (*base, "after", number), "R205", "service", name, known, among=(("spec", "services"),)
            )
        if service.run_once and service.health.liveness is not None:
            message = f"'{service.name}' runs once, so nothing asks whether it lives"
            hint = "leave liveness out, or runOnce"
            yield Finding(document, (*base, "health", "liveness"), "R116", message, hint, on_key=True)
    for index, link in enumerate(pipeline.spec.flow):
        for end, name in (("from", link.from_), ("to", link.to)):
            if name in once:
                message = f"'{name}' runs once, so no requests flow {'from' if end == 'from' else 'to'} it"
                yield Finding(document, ("spec", "flow", index, end), "R211", message, f"use after: [{name}]")
    if not any(service.after for service in services):
        return
    # A service starts after those that it calls, as it does after those that it names.
    # Circles of the flow alone are reported as such, and say nothing about the order.
    flow = without_cycles([(link.from_, link.to) for link in pipeline.spec.flow])
    waits = {
        (service.name, name): (index, number)
        for index, service in enumerate(services)
        for number, name in enumerate(service.after)
    }
    for cycle in find_cycles([*flow, *waits]):
        index, number = next(waits[step] for step in steps_of(cycle) if step in waits)
        message = f"services wait for each other: {format_cycle(cycle)}"
        hint = "a service starts after those that it flows to: take one of these out"
        yield Finding(document, ("spec", "services", index, "after", number), "R211", message, hint)
