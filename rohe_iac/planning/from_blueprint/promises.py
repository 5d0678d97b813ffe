"""Which response times the contracts of a blueprint limit, along which paths, and how long services take on each.

An objective about the whole pipeline limits every path from a source of the flow to a sink, with each service at most
once; an objective about a service limits that service alone. Times are those that sizing plans with: of a sized service
its service times and waits, of other services the service times of their profile; 0 without a profile.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rohe_iac.blueprint.language.contract import Objective
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.profile import Times
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.flow import order_of
from rohe_iac.blueprint.linked.workload import Workload, service_with_variant, workloads_of
from rohe_iac.planning.model.promise import ResponseTimeLimit, WorkloadServiceTime
from rohe_iac.planning.sizing.profile import ANY_DEVICE, Profile
from rohe_iac.planning.sizing.queueing import ReplicaQueues
from rohe_iac.planning.sizing.requirements import Limit, is_about, is_overall, limit_of
from rohe_iac.planning.sizing.response_times import mean_and_excess
from rohe_iac.planning.sizing.service_time import service_time_distribution
from rohe_iac.planning.sizing.workload import Sizing

MAX_PATHS = 100
"""Paths through one pipeline that are limited; of more, those on which the services take longest."""

GRAIN = 10
"""Microseconds: times are rounded up to multiples of it, so that the last bit of a float decides nothing."""


def promises_of(
    blueprint: Blueprint, profiles: Mapping[str, Profile], sizings: Mapping[str, Sizing]
) -> tuple[ResponseTimeLimit, ...]:
    """Returns every response time that the blueprint's contracts limit, along each path, sorted.

    Args:
        blueprint: The linked blueprint.
        profiles: By the path that `profile:` gives.
        sizings: By address of workload.
    """
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
            microseconds = math.floor(limit.seconds * 1_000_000)
            for path in _paths_of(objective, pipeline, services, limit, profiles, sizings):
                found.append(ResponseTimeLimit(name, microseconds, tuple(path)))
    return tuple(sorted(set(found), key=_sort_key))


def _sort_key(promise: ResponseTimeLimit) -> tuple[str, int, list[tuple[str, ...]]]:
    names = [tuple(answer.workload for answer in stage) for stage in promise.stages]
    return promise.objective, promise.limit, names


def _paths_of(
    objective: Objective,
    pipeline: Pipeline,
    services: Mapping[str, Sequence[Workload]],
    limit: Limit,
    profiles: Mapping[str, Profile],
    sizings: Mapping[str, Sizing],
) -> Iterable[Sequence[tuple[WorkloadServiceTime, ...]]]:
    def stage(workloads: Iterable[Workload]) -> tuple[WorkloadServiceTime, ...]:
        return tuple(_answer(workload, limit, profiles, sizings.get(workload.address)) for workload in workloads)

    if not is_overall(objective):
        about = [workload for workloads in services.values() for workload in workloads if is_about(objective, workload)]
        return [[stage(about)]] if about else []
    stages = {name: stage(workloads) for name, workloads in services.items()}
    return [[stages[name] for name in path] for path in paths_through(pipeline, stages)]


def paths_through(pipeline: Pipeline, stages: Mapping[str, tuple[WorkloadServiceTime, ...]]) -> list[tuple[str, ...]]:
    """Returns the paths from a source of the flow to a sink, as names of services, at most MAX_PATHS.

    A service that flows to itself is passed once; other circles are refused before planning.
    """
    flow = sorted({(link.from_, link.to) for link in pipeline.spec.flow if link.from_ != link.to})
    following: dict[str, list[str]] = defaultdict(list)
    for source, sink in flow:
        following[source].append(sink)
    fed = {sink for _, sink in flow}
    partial: dict[str, list[tuple[str, ...]]] = {name: [(name,)] for name in stages if name not in fed}

    def slowest(paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        keyed = [(-ResponseTimeLimit("", 0, tuple(stages[name] for name in path)).service_time, path) for path in paths]
        return [path for _, path in sorted(keyed)[:MAX_PATHS]]

    ended: list[tuple[str, ...]] = []
    for name in order_of(pipeline):
        here = partial[name] = slowest(partial.get(name, []))
        for sink in following[name]:
            partial.setdefault(sink, []).extend([(*path, sink) for path in here if sink not in path])
        ended += here if not following[name] else []
    return slowest(ended)


def _answer(
    workload: Workload, limit: Limit, profiles: Mapping[str, Profile], sizing: Sizing | None
) -> WorkloadServiceTime:
    """Returns the time that a workload takes; with several variants or device types to choose from, the slowest's."""
    options = []
    if sizing is not None:
        profile = profiles.get(service_with_variant(workload, sizing.variant).profile or "")
        alone = profile.times(sizing.device_type, shared=False) if profile else None
        queue = sizing.queue
        alone_queue = replace(queue, service=service_time_distribution(alone)) if alone else queue
        overloads = queue.overload, min(alone_queue.overload, queue.overload)
        options.append((_times(queue, limit), _times(alone_queue, limit), overloads))
    else:
        for path in {workload.service.profile, *(variant.profile for variant in workload.alternatives)}:
            profile = profiles.get(path or "")
            kinds = list(profile.service_time) if profile else []
            for kind in [ANY_DEVICE] if ANY_DEVICE in kinds else kinds:
                shared, alone = (
                    profile.times(kind, shared=on_shared) if profile else None for on_shared in (True, False)
                )
                if shared is not None and alone is not None:
                    options.append(
                        (_times(_without_waits(shared), limit), _times(_without_waits(alone), limit), (0, 0))
                    )
    if not options:
        return WorkloadServiceTime(workload.address)
    (mean, above), alone_times, overloads = max(options, key=lambda option: (sum(option[0]), option))
    alone_mean, alone_above = min(alone_times[0], mean), min(alone_times[1], above)
    return WorkloadServiceTime(workload.address, mean, above, alone_mean, alone_above, *overloads)


def _without_waits(times: Times) -> ReplicaQueues:
    """Returns a queue without arrivals, whose response times are the service times."""
    return ReplicaQueues(service_time_distribution(times), 0.0, 1, "random")


def _times(queue: ReplicaQueues, limit: Limit) -> tuple[int, int]:
    mean, excess = mean_and_excess(queue, limit)
    return _microseconds(mean), _microseconds(excess)


def _microseconds(seconds: float) -> int:
    """Returns a time as microseconds, rounded up to GRAIN; what rounding of floats explains is not rounded up."""
    return math.ceil(round(seconds * 1_000_000 / GRAIN, 3)) * GRAIN
