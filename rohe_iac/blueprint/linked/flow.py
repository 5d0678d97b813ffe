"""The order of services along the flow of a pipeline, and the rate of requests at each service."""

from __future__ import annotations

from collections import defaultdict

from rohe_iac.blueprint.language.pipeline import Pipeline


def rates_of(pipeline: Pipeline) -> dict[str, float]:
    """Returns the requests a second at each service: the load at the sources, times the rates of the flow after them.

    Empty where the pipeline has no load. A circle of the flow is counted once around.
    """
    load = pipeline.spec.load
    if load is None:
        return {}
    names = [service.name for service in pipeline.spec.services]
    flow = [(link.from_, link.to, link.rate) for link in pipeline.spec.flow if link.from_ != link.to]
    fed = {sink for _, sink, _ in flow}
    rates = {name: 0.0 if name in fed else load for name in names}
    if not any(rates.values()):
        return dict.fromkeys(names, load)
    outgoing: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for source, sink, rate in flow:
        if sink in rates:
            outgoing[source].append((sink, rate))
    for name in order_of(pipeline):
        for sink, rate in outgoing[name]:
            rates[sink] += rates.get(name, 0.0) * rate
    return rates


def order_of(pipeline: Pipeline) -> tuple[str, ...]:
    """Returns the services in topological order: each after those that feed it; services in a circle last, by name."""
    sources: dict[str, set[str]] = {service.name: set() for service in pipeline.spec.services}
    for link in pipeline.spec.flow:
        if link.from_ != link.to and link.to in sources and link.from_ in sources:
            sources[link.to].add(link.from_)
    done: dict[str, None] = {}
    left = sorted(sources)
    while left:
        # Those that nothing left feeds, or all of a circle.
        ready = [name for name in left if sources[name] <= done.keys()] or left
        done.update(dict.fromkeys(ready))
        left = [name for name in left if name not in done]
    return tuple(done)
