"""Sizes all services of a pipeline together, so that its contract holds at least cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.planning.sizing.cheapest import cheapest
from rohe_iac.planning.sizing.flow import rates_of
from rohe_iac.planning.sizing.profile import Profile
from rohe_iac.planning.sizing.requirements import Limit, wanted_of_pipeline
from rohe_iac.planning.sizing.response_times import path_of, times_of
from rohe_iac.planning.sizing.workload import WORTH, Sizing, _Case


def sized(blueprint: Blueprint, profiles: Mapping[str, Profile]) -> dict[str, Sizing]:
    """Sizings by address of workload, of every workload with a profile in a pipeline that tells its load.

    profiles: by the path that `profile:` gives. Workloads that are not sized keep what the blueprint says.
    """
    found: dict[str, Sizing] = {}
    workloads = workloads_of(blueprint)
    for pipeline in blueprint.pipelines:
        rates = rates_of(pipeline)
        own = [item for item in workloads if not item.system and item.pipeline == pipeline.metadata.name]
        cases = {
            workload.address: case
            for workload in own
            if rates.get(workload.service.name)
            and (case := _Case(blueprint, workload, rates[workload.service.name], profiles)).options
        }
        chosen = {address: case.best() for address, case in cases.items()}
        limits = wanted_of_pipeline(blueprint, pipeline.metadata.name).limits
        services = {workload.address: workload.service.name for workload in own}
        if limits and cases:
            candidates = {address: case.candidates(limits, chosen[address]) for address, case in cases.items()}
            kept = cheapest(pipeline, limits, candidates, services)
            if kept is None:
                for limit in limits:
                    _shorten(pipeline, limit, cases, chosen, services)
            chosen = kept or chosen
        told = {limit: _path(pipeline, limit, chosen, services)[0] for limit in limits}
        for address, sizing in chosen.items():
            found[address] = replace(sizing, note=cases[address].note(sizing, told))
    return found


def _shorten(
    pipeline: Pipeline,
    limit: Limit,
    cases: Mapping[str, _Case],
    chosen: dict[str, Sizing],
    services: Mapping[str, str],
) -> None:
    """Steps until the slowest path keeps the limit, or no step is worth it."""
    while True:
        taken, path = _path(pipeline, limit, chosen, services)
        if taken <= limit.seconds:
            return
        best: tuple[float, str, Sizing] | None = None
        for address in sorted(chosen):
            if services[address] not in path:
                continue
            sizing = chosen[address]
            for step in cases[address].steps(sizing):
                off = taken - _path(pipeline, limit, {**chosen, address: step}, services)[0]
                worth = off / max(step.cost - sizing.cost, 1e-9)
                if off > WORTH and (best is None or worth > best[0]):
                    best = (worth, address, step)
        if best is None:
            return
        chosen[best[1]] = best[2]


def _path(
    pipeline: Pipeline, limit: Limit, chosen: Mapping[str, Sizing], services: Mapping[str, str]
) -> tuple[float, tuple[str, ...]]:
    times = {address: times_of(sizing.queue, limit) for address, sizing in chosen.items()}
    return path_of(pipeline, times, services)
