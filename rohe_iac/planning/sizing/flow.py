"""The order of services along the flow of a pipeline, and the rate of requests at each."""

from __future__ import annotations

from rohe_iac.blueprint.language.pipeline import Pipeline


def rates_of(pipeline: Pipeline) -> dict[str, float]:
    """Requests a second at each service: the load at the sources, times the rates of the flow after them.

    Empty where the pipeline tells no load. What flows in a circle is counted once around.
    """
    load = pipeline.spec.load
    if load is None:
        return {}
    names = [service.name for service in pipeline.spec.services]
    flow = [(link.from_, link.to, link.rate) for link in pipeline.spec.flow if link.from_ != link.to]
    fed = {to for _, to, _ in flow}
    rates = {name: 0.0 if name in fed else load for name in names}
    if not any(rates.values()):
        return dict.fromkeys(names, load)
    for name in order_of(pipeline):
        for source, sink, rate in flow:
            if source == name and sink in rates:
                rates[sink] += rates.get(name, 0.0) * rate
    return rates


def order_of(pipeline: Pipeline) -> tuple[str, ...]:
    """The services so that each comes after those that feed it; those in a circle come last, by name."""
    waits: dict[str, set[str]] = {service.name: set() for service in pipeline.spec.services}
    for link in pipeline.spec.flow:
        if link.from_ != link.to and link.to in waits and link.from_ in waits:
            waits[link.to].add(link.from_)
    done: list[str] = []
    while len(done) < len(waits):
        ready = sorted(name for name, before in waits.items() if name not in done and before <= set(done))
        done += ready or sorted(name for name in waits if name not in done)
    return tuple(done)
