"""Replaying: which replicas of a plan are stood in for, and what each of their stand-ins does. Pure.

On this machine a service that has a profile and no command is run by a stand-in.
"""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.profile import Times
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import Workload, pipeline_of, service_with_variant, workloads_of
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.sizing.flow import rates_of
from rohe_iac.planning.sizing.profile import InvalidProfile, Profile
from rohe_iac.planning.sizing.queueing import service_times
from rohe_iac.planning.sizing.stand_ins.behaviour import Next, Replay


def replays_of(blueprint: Blueprint, plan: Plan, profiles: Mapping[str, Profile]) -> dict[str, Replay]:
    """By address of replica, for every placement whose service is replayed; profiles by the path of `profile:`.

    Errors: InvalidProfile where a profile has no service time.
    """
    workloads = {workload.address: workload for workload in workloads_of(blueprint)}
    types = {node.name: node.device_type or "" for node in blueprint.inventory.spec.nodes}
    alike: dict[str, int] = {}
    shared: dict[str, int] = {}
    replicas = [place for place in plan.placements if not place.system]
    for place in replicas:
        alike[place.workload] = alike.get(place.workload, 0) + 1
        shared[place.node] = shared.get(place.node, 0) + 1
    found = {}
    for place in replicas:
        workload = workloads[place.workload]
        service = service_with_variant(workload, place.variant)
        if service.command or service.profile is None:
            continue
        profile = profiles[service.profile]
        times = profile.times(types.get(place.node, ""), shared=shared[place.node] > 1)
        if times is None:
            raise InvalidProfile(
                f"{service.profile} tells no service time, so nothing can stand in for {place.service}",
                hint="add serviceTime to the profile, or command: [...] to the service",
            )
        pipeline = pipeline_of(blueprint, workload.pipeline)
        found[place.replica] = _replay(pipeline, workload, profile, times, alike[place.workload])
    return found


def _replay(pipeline: Pipeline, workload: Workload, profile: Profile, times: Times, replicas: int) -> Replay:
    name = workload.service.name
    rate = rates_of(pipeline).get(name, 0.0) / replicas
    calls = [link for link in pipeline.spec.flow if link.from_ == name and link.to != name]
    called = any(link.to == name and link.from_ != name for link in pipeline.spec.flow)
    # Each member of an ensemble is asked once a request; what they pass on together is what the service passes on.
    members = len(_members(pipeline, name)) or 1
    return Replay(
        times=service_times(times),
        cpu=_cpu(profile, rate),
        concurrency=profile.concurrency,
        arrivals=0.0 if called else rate,
        following={link.to: Next(link.rate / members, link.payload or 0) for link in calls},
    )


def _members(pipeline: Pipeline, name: str) -> tuple[str, ...]:
    for service in pipeline.spec.services:
        if service.name == name and service.ensemble is not None:
            return tuple(member.name for member in service.ensemble.members)
    return ()


def _cpu(profile: Profile, rate: float) -> float:
    """Seconds of processor time a request, from the use measured at that many requests a second a replica."""
    measured = min((point.load for point in profile.demand), default=0.0)
    load = max(rate, measured)
    at = profile.at(load)
    return at.cpu / 1000 / load if at is not None else 0.0
