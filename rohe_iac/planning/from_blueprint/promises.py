"""Promising: which response times the contracts of a blueprint limit, along which ways, and what services take of them.

An objective about the whole pipeline counts along every way from a source of the flow to a sink, each service at most
once; one about a service counts for that service alone. Times are those that sizing plans with: of a sized service with
its waits, of another what its profile says without any; 0 without a profile.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rohe_iac.blueprint.language.contract import Objective
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import Workload, service_with_variant, workloads_of
from rohe_iac.planning.model.promise import Answer, Promise
from rohe_iac.planning.sizing.flow import order_of
from rohe_iac.planning.sizing.profile import ANY_DEVICE, Profile
from rohe_iac.planning.sizing.queueing import Queue, service_times
from rohe_iac.planning.sizing.requirements import Limit, is_about, is_overall, limit_of
from rohe_iac.planning.sizing.response_times import times_of
from rohe_iac.planning.sizing.workload import Sizing

MOST_WAYS = 100
"""Ways through one pipeline that are looked at: of more, those on which the services take longest."""

GRAIN = 10
"""Microseconds that times are rounded up to, so that the last bit of a float decides nothing."""


def promises_of(
    blueprint: Blueprint, profiles: Mapping[str, Profile], sizings: Mapping[str, Sizing]
) -> tuple[Promise, ...]:
    """Every promise of the blueprint's contracts, sorted. profiles: by path; sizings: by address of workload."""
    pipelines = {pipeline.metadata.name: pipeline for pipeline in blueprint.pipelines}
    own: dict[str, dict[str, list[Workload]]] = defaultdict(lambda: defaultdict(list))
    for workload in workloads_of(blueprint):
        if not workload.system:
            own[workload.pipeline][workload.service.name].append(workload)
    found = []
    for contract in blueprint.contracts:
        pipeline = pipelines.get(contract.spec.pipeline)
        if pipeline is None:
            continue
        services = own[pipeline.metadata.name]
        for objective in contract.spec.objectives:
            limit = limit_of(objective)
            if limit is None:
                continue
            name = f"{contract.metadata.name}/{objective.name or objective.metric}"
            most = math.floor(limit.seconds * 1_000_000)
            for way in _ways_of(objective, pipeline, services, limit, profiles, sizings):
                found.append(Promise(name, most, tuple(way)))
    return tuple(sorted(set(found), key=lambda one: (one.objective, one.limit, [_names(part) for part in one.stages])))


def _names(stage: tuple[Answer, ...]) -> tuple[str, ...]:
    return tuple(one.workload for one in stage)


def _ways_of(
    objective: Objective,
    pipeline: Pipeline,
    services: Mapping[str, Sequence[Workload]],
    limit: Limit,
    profiles: Mapping[str, Profile],
    sizings: Mapping[str, Sizing],
) -> Iterable[Sequence[tuple[Answer, ...]]]:
    def stage(workloads: Iterable[Workload]) -> tuple[Answer, ...]:
        return tuple(_answer(workload, limit, profiles, sizings.get(workload.address)) for workload in workloads)

    if not is_overall(objective):
        about = [one for each in services.values() for one in each if is_about(objective, one)]
        return [[stage(about)]] if about else []
    stages = {name: stage(workloads) for name, workloads in services.items()}
    return [[stages[name] for name in way] for way in ways_through(pipeline, stages)]


def ways_through(pipeline: Pipeline, stages: Mapping[str, tuple[Answer, ...]]) -> list[tuple[str, ...]]:
    """The ways from a source of the flow to a sink, by name of service, at most MOST_WAYS.

    What flows to itself is passed once; other circles are refused before planning.
    """
    flow = sorted({(link.from_, link.to) for link in pipeline.spec.flow if link.from_ != link.to})
    following: dict[str, list[str]] = defaultdict(list)
    for source, sink in flow:
        following[source].append(sink)
    fed = {sink for _, sink in flow}
    partial: dict[str, list[tuple[str, ...]]] = {name: [(name,)] for name in stages if name not in fed}

    def slowest(ways: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        told = [(-Promise("", 0, tuple(stages[name] for name in way)).answering, way) for way in ways]
        return [way for _, way in sorted(told)[:MOST_WAYS]]

    ended: list[tuple[str, ...]] = []
    for name in order_of(pipeline):
        here = partial[name] = slowest(partial.get(name, []))
        for sink in following[name]:
            partial.setdefault(sink, []).extend([(*way, sink) for way in here if sink not in way])
        ended += here if not following[name] else []
    return slowest(ended)


def _answer(workload: Workload, limit: Limit, profiles: Mapping[str, Profile], sizing: Sizing | None) -> Answer:
    """What the workload takes; where several variants or device types are open, the slowest of them."""
    options = []
    if sizing is not None:
        profile = profiles.get(service_with_variant(workload, sizing.variant).profile or "")
        alone = profile.times(sizing.device_type, shared=False) if profile else None
        queue = sizing.queue
        lonely = Queue(service_times(alone), queue.rate, queue.servers) if alone else queue
        options.append((_times(queue, limit), _times(lonely, limit)))
    else:
        for path in {workload.service.profile, *(one.profile for one in workload.alternatives)}:
            profile = profiles.get(path or "")
            kinds = list(profile.service_time) if profile else []
            for kind in [ANY_DEVICE] if ANY_DEVICE in kinds else kinds:
                shared, alone = (profile.times(kind, shared=both) if profile else None for both in (True, False))
                if shared is not None and alone is not None:
                    queues = (Queue(service_times(shared), 0.0, 1), Queue(service_times(alone), 0.0, 1))
                    options.append((_times(queues[0], limit), _times(queues[1], limit)))
    if not options:
        return Answer(workload.address)
    (mean, above), lonely_times = max(options, key=lambda option: (sum(option[0]), option))
    return Answer(workload.address, mean, above, min(lonely_times[0], mean), min(lonely_times[1], above))


def _times(queue: Queue, limit: Limit) -> tuple[int, int]:
    mean, above = times_of(queue, limit)
    return _micro(mean), _micro(above)


def _micro(seconds: float) -> int:
    return math.ceil(round(seconds * 1_000_000 / GRAIN, 3)) * GRAIN
