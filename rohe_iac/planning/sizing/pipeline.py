"""Sizes all services of a pipeline together, so that the contract of the pipeline holds at least cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.flow import rates_of
from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.planning.sizing.cheapest import cheapest_combination
from rohe_iac.planning.sizing.profile import Profile
from rohe_iac.planning.sizing.requirements import Limit, pipeline_requirements
from rohe_iac.planning.sizing.response_times import mean_and_excess, slowest_path_of_workloads
from rohe_iac.planning.sizing.workload import MIN_GAIN, MIN_GAIN_SHARE, Sizing, WorkloadSizer


def sizings_of(blueprint: Blueprint, profiles: Mapping[str, Profile]) -> dict[str, Sizing]:
    """Returns sizings by address, of every workload that has a profile, in every pipeline that has a load.

    Workloads without a sizing keep what the blueprint says.

    Args:
        blueprint: The linked blueprint.
        profiles: By the path that `profile:` gives.
    """
    found: dict[str, Sizing] = {}
    workloads = workloads_of(blueprint)
    for pipeline in blueprint.pipelines:
        rates = rates_of(pipeline)
        own = [
            workload for workload in workloads if not workload.system and workload.pipeline == pipeline.metadata.name
        ]
        sizers = {
            workload.address: sizer
            for workload in own
            if rates.get(workload.service.name)
            and (sizer := WorkloadSizer(blueprint, workload, rates[workload.service.name], profiles)).options
        }
        chosen = {address: sizer.best() for address, sizer in sizers.items()}
        limits = pipeline_requirements(blueprint, pipeline.metadata.name).limits
        services = {workload.address: workload.service.name for workload in own}
        if limits and sizers:
            candidates = {address: sizer.candidates(limits, chosen[address]) for address, sizer in sizers.items()}
            combination = cheapest_combination(pipeline, limits, candidates, services)
            if combination is None:
                for limit in limits:
                    _shorten(pipeline, limit, sizers, chosen, services)
            chosen = combination or chosen
        path_times = {limit: _slowest_path(pipeline, limit, chosen, services)[0] for limit in limits}
        for address, sizing in chosen.items():
            found[address] = replace(sizing, note=sizers[address].note(sizing, path_times))
    return found


def _shorten(
    pipeline: Pipeline,
    limit: Limit,
    sizers: Mapping[str, WorkloadSizer],
    chosen: dict[str, Sizing],
    services: Mapping[str, str],
) -> None:
    """Replaces sizings in `chosen`, the most time saved per cost first, until the slowest path keeps the limit.

    Ends early where no step saves more than MIN_GAIN, and MIN_GAIN_SHARE of the limit.
    """
    least_gain = max(MIN_GAIN, limit.seconds * MIN_GAIN_SHARE)
    while True:
        time, path = _slowest_path(pipeline, limit, chosen, services)
        if time <= limit.seconds:
            return
        best: tuple[float, str, Sizing] | None = None
        for address in sorted(chosen):
            if services[address] not in path:
                continue
            sizing = chosen[address]
            for step in sizers[address].steps(sizing):
                gain = time - _slowest_path(pipeline, limit, {**chosen, address: step}, services)[0]
                gain_per_cost = gain / max(step.cost - sizing.cost, 1e-9)
                if gain > least_gain and (best is None or gain_per_cost > best[0]):
                    best = (gain_per_cost, address, step)
        if best is None:
            return
        chosen[best[1]] = best[2]


def _slowest_path(
    pipeline: Pipeline, limit: Limit, chosen: Mapping[str, Sizing], services: Mapping[str, str]
) -> tuple[float, tuple[str, ...]]:
    times = {address: mean_and_excess(sizing.queue, limit) for address, sizing in chosen.items()}
    return slowest_path_of_workloads(pipeline, times, services)
