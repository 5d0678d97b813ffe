"""Which replicas of a plan get a stand-in, and what each stand-in does. Pure.

With a local target a service that has a profile and no command is run by a stand-in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.profile import Times
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.flow import rates_of
from rohe_iac.blueprint.linked.workload import Workload, balancing_of, pipeline_of, service_with_variant, workloads_of
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.sizing.profile import InvalidProfile, Profile
from rohe_iac.planning.sizing.service_time import service_time_distribution
from rohe_iac.planning.sizing.stand_ins.behaviour import Downstream, Replay


def replays_of(blueprint: Blueprint, plan: Plan, profiles: Mapping[str, Profile]) -> dict[str, Replay]:
    """Returns a replay for every placement that a stand-in runs, by address of replica.

    Args:
        blueprint: The linked blueprint.
        plan: The plan of the blueprint.
        profiles: By the path that `profile:` gives.

    Raises:
        InvalidProfile: A profile has no service time.
    """
    workloads = {workload.address: workload for workload in workloads_of(blueprint)}
    types = {node.name: node.device_type or "" for node in blueprint.inventory.spec.nodes}
    placements = [placement for placement in plan.placements if not placement.system]
    replicas = Counter(placement.workload for placement in placements)
    on_node = Counter(placement.node for placement in placements)
    found = {}
    for placement in placements:
        workload = workloads[placement.workload]
        service = service_with_variant(workload, placement.variant)
        if service.command or service.profile is None:
            continue
        profile = profiles[service.profile]
        times = profile.times(types.get(placement.node, ""), shared=on_node[placement.node] > 1)
        if times is None:
            raise InvalidProfile(
                f"{service.profile} has no service time, so nothing can stand in for {placement.service}",
                hint="add serviceTime to the profile, or command: [...] to the service",
            )
        pipeline = pipeline_of(blueprint, workload.pipeline)
        count = replicas[placement.workload]
        replay = _replay(pipeline, workload, profile, times, count)
        # What replicas of a source would be sent from outside, they make themselves: taking turns is near least busy.
        turns = 1 if balancing_of(blueprint, workload.service) == "random" else count
        found[placement.replica] = replace(replay, turns=turns)
    return found


def _replay(pipeline: Pipeline, workload: Workload, profile: Profile, times: Times, replicas: int) -> Replay:
    name = workload.service.name
    rate = rates_of(pipeline).get(name, 0.0) / replicas
    calls = [link for link in pipeline.spec.flow if link.from_ == name and link.to != name]
    called = any(link.to == name and link.from_ != name for link in pipeline.spec.flow)
    # Every request goes to each member of an ensemble; what the members pass on together is what the service passes on.
    members = len(_members(pipeline, name)) or 1
    return Replay(
        times=service_time_distribution(times),
        cpu=_cpu(profile, rate),
        concurrency=profile.concurrency,
        arrivals=0.0 if called else rate,
        following={link.to: Downstream(link.rate / members, link.payload or 0) for link in calls},
    )


def _members(pipeline: Pipeline, name: str) -> tuple[str, ...]:
    for service in pipeline.spec.services:
        if service.name == name and service.ensemble is not None:
            return tuple(member.name for member in service.ensemble.members)
    return ()


def _cpu(profile: Profile, rate: float) -> float:
    """Returns seconds of processor time a request, from the use measured at `rate` requests a second a replica."""
    measured = min((point.load for point in profile.demand), default=0.0)
    load = max(rate, measured)
    demand = profile.demand_at(load)
    return demand.cpu / 1000 / load if demand is not None else 0.0
