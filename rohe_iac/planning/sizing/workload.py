"""Sizing of one workload: how many replicas of which variant on which device type keep a contract, at least cost. Pure.

1. Each service gets the requests of the pipeline's load through the rates of the flow.
2. For each variant and device type: the fewest replicas whose response times (queueing.py, with the service times of a
   shared node) keep the objectives about the service, at a utilisation of at most MAX_UTILISATION.
3. The cheapest of those that keep the service's rate and accuracy too.
4. An objective about the whole pipeline holds when the slowest path keeps it (response_times.slowest_path): of all
   numbers of replicas, variants and device types the cheapest that keep it together are taken (cheapest.py). Where none
   do, pipeline.py steps (one replica more, another variant or device type) where a step saves most time for its cost.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rohe_iac.blueprint.language.inventory import DeviceType
from rohe_iac.blueprint.language.profile import Times
from rohe_iac.blueprint.language.scale.replicas import WHOLE, node_share
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.machine import machines_of
from rohe_iac.blueprint.linked.workload import Workload, balancing_of
from rohe_iac.planning.model.demand import DeviceRequest, Resources
from rohe_iac.planning.sizing.profile import ANY_DEVICE, Profile
from rohe_iac.planning.sizing.queueing import MAX_UTILISATION, TOLERANCE, ReplicaQueues
from rohe_iac.planning.sizing.requests import has_amounts
from rohe_iac.planning.sizing.requirements import Limit, pipeline_requirements, requirements_of
from rohe_iac.planning.sizing.response_times import UNBOUNDED, response_time
from rohe_iac.planning.sizing.service_time import (
    ServiceTimeDistribution,
    service_tail_probability,
    service_time_distribution,
)

TARGET_UTILISATION = 0.8
"""The utilisation of replicas that no objective about response times limits."""


SPREAD: Mapping[str, str] = {
    "random": "to a replica at random",
    "roundRobin": "to each replica in turn",
    "leastBusy": "to the least busy replica",
}
"""How requests are spread over replicas, in words."""


MAX_REPLICAS = 10_000
"""The most replicas that sizing gives a workload."""


MIN_UTILISATION = 0.1
"""The utilisation that sizing never plans below with more than FEW_REPLICAS: more of them hardly save time."""


FEW_REPLICAS = 10
"""Number of replicas up to which their utilisation does not matter."""


MIN_GAIN = 1e-4
"""Seconds of response time that a step has to save at least."""


MIN_GAIN_SHARE = 1e-3
"""Part of the limit that one replica more has to save at least."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """What sizing decided for one workload.

    Attributes:
        workload: The address of the workload.
        variant: The name of the variant; "" where there is no choice.
        device_type: The name of the device type; "" where there is no choice.
        replicas: Number of replicas.
        rate: Requests a second at the service.
        cost: Of all replicas, in the inventory's currency an hour, or in cores where not every device type has a cost.
        holds: Whether every objective about the service is kept.
        queue: The queues at the replicas.
        resources: What a replica asks for: as written, else what the profile says at the replica's part of the load.
        note: One line for people: why so many replicas.
    """

    workload: str
    variant: str
    device_type: str
    replicas: int
    rate: float
    cost: float
    holds: bool
    queue: ReplicaQueues
    resources: Resources
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Option:
    """One variant ("": the service itself) on one device type ("": any)."""

    variant: str
    device_type: str
    accuracy: float
    profile: Profile
    times: Times


def _replicas_by_nodes(blueprint: Blueprint, workload: Workload) -> int | None:
    """Returns how many replicas a service has that nodes count, at least 1; None for one of another kind."""
    share = node_share(workload.service.replicas)
    if not share:
        return None
    suitable = sum(not machine.exclusion(workload.service) for machine in machines_of(blueprint.inventory))
    return max(1, -(-suitable * share // WHOLE))


class WorkloadSizer:
    """One workload with every variant and device type that it could have, and the sizings of each.

    Attributes:
        workload: The workload.
        types: Device types of the inventory by name.
        requirements: What contracts ask of the workload.
        limited: Whether a contract limits response times of the service or of the whole pipeline.
        rate: Requests a second at the service.
        balancing: How requests are spread over the replicas.
        options: Variants on device types with measured service times.
    """

    def __init__(self, blueprint: Blueprint, workload: Workload, rate: float, profiles: Mapping[str, Profile]) -> None:
        self.workload = workload
        self.types = blueprint.inventory.spec.device_types
        self.requirements = requirements_of(blueprint, workload)
        overall = pipeline_requirements(blueprint, workload.pipeline)
        # Limits of the whole pipeline are met later, by the combination; here they only raise the utilisation allowed.
        self.limited = bool(self.requirements.limits or overall.limits)
        if workload.alternatives:
            accuracy = max(self.requirements.accuracy, overall.accuracy)
            self.requirements = replace(self.requirements, accuracy=accuracy)
        self.rate = max(rate, self.requirements.rate)
        self.balancing = balancing_of(blueprint, workload.service)
        self._replicas_by_nodes = _replicas_by_nodes(blueprint, workload)
        self.options = tuple(self._options(profiles))

    def _options(self, profiles: Mapping[str, Profile]) -> Iterable[_Option]:
        service = self.workload.service
        variants = self.workload.alternatives or (None,)
        for variant in variants:
            profile = profiles.get((variant.profile if variant else None) or service.profile or "")
            if profile is None:
                continue
            own_accuracy = variant.accuracy if variant is not None else None
            accuracy = own_accuracy if own_accuracy is not None else service.accuracy or 0.0
            devices = [name for name in sorted(profile.service_time) if name in self.types]
            for device in devices or ([ANY_DEVICE] if ANY_DEVICE in profile.service_time else []):
                times = profile.times(device)
                if times is not None:
                    device_type = "" if device == ANY_DEVICE else device
                    yield _Option(variant.name if variant else "", device_type, accuracy, profile, times)

    def best(self) -> Sizing:
        """Returns the cheapest sizing that holds; where none does, the one with the shortest response times."""
        sizings = [self._size(option) for option in self.options]
        return min(
            sizings,
            key=lambda sizing: (
                not sizing.holds,
                sizing.cost if sizing.holds else sizing.queue.percentile(99),
                -self._option(sizing).accuracy,
                sizing.variant,
                sizing.device_type,
            ),
        )

    def candidates(self, limits: Sequence[Limit], chosen: Sizing) -> list[Sizing]:
        """Returns all sizings that hold; else `chosen` alone.

        Each option comes with ever more replicas, until one more saves little of what `limits` are about.
        """
        found = []
        for option in sorted(self.options, key=lambda item: (-item.accuracy, item.variant, item.device_type)):
            sizing = self._size(option)
            while sizing.holds:
                found.append(sizing)
                if not self.is_auto or sizing.replicas >= self._most_replicas(option):
                    break
                before = [response_time(sizing.queue, limit) for limit in limits]
                sizing = self._size(option, sizing.replicas + 1)
                if all(
                    time - response_time(sizing.queue, limit) <= max(MIN_GAIN, limit.seconds * MIN_GAIN_SHARE)
                    for time, limit in zip(before, limits, strict=True)
                ):
                    break
        return found or [chosen]

    def steps(self, sizing: Sizing) -> Iterable[Sizing]:
        """Yields the neighbours of a sizing: one replica more where the number is free, and other options that hold."""
        option = self._option(sizing)
        if self.is_auto and sizing.replicas < self._most_replicas(option):
            yield self._size(option, sizing.replicas + 1)
        for option in self.options:
            other = self._size(option)
            if other.holds and (option.variant, option.device_type) != (sizing.variant, sizing.device_type):
                yield other

    @property
    def is_auto(self) -> bool:
        """Whether the blueprint leaves the number of replicas free."""
        return self.workload.service.replicas == "auto"

    def _option(self, sizing: Sizing) -> _Option:
        return next(
            option
            for option in self.options
            if (option.variant, option.device_type) == (sizing.variant, sizing.device_type)
        )

    def _size(self, option: _Option, replicas: int | None = None) -> Sizing:
        """Returns the sizing of an option with `replicas`; None: as written, else the fewest that keep the limits."""
        service = service_time_distribution(option.times)
        written = self.workload.service.replicas
        if replicas is None:
            replicas = written if isinstance(written, int) else self._replicas_by_nodes
        if replicas is None:
            replicas = self._fewest_replicas(service, option)
        queue = self._queue(service, replicas, option.profile.concurrency)
        resources = self._resources(option, replicas)
        cost = self._cost(option.device_type, resources)
        holds = (
            queue.utilisation <= MAX_UTILISATION
            and cost is not None
            and option.accuracy >= self.requirements.accuracy
            and all(_keeps(queue, limit) for limit in self.requirements.limits)
        )
        return Sizing(
            self.workload.address,
            option.variant,
            option.device_type,
            replicas,
            self.rate,
            (cost or 0.0) * replicas,
            holds,
            queue,
            resources,
        )

    def _most_replicas(self, option: _Option) -> int:
        """Returns how many replicas of an option are worth their cost at most."""
        idle = self.rate * option.times.mean / option.profile.concurrency / MIN_UTILISATION
        return min(max(FEW_REPLICAS, math.ceil(round(idle, 9))), MAX_REPLICAS)

    def _fewest_replicas(self, service: ServiceTimeDistribution, option: _Option) -> int:
        concurrency, most = option.profile.concurrency, self._most_replicas(option)
        offered_load = self.rate * service.mean / concurrency
        utilisation = MAX_UTILISATION if self.limited else TARGET_UTILISATION
        replicas = max(1, math.ceil(round(offered_load / utilisation, 9)))
        for limit in self.requirements.limits:
            if not (_can_keep(service, limit) and _keeps(self._queue(service, most, concurrency), limit)):
                # More replicas cannot keep this limit; as many as keep waits short are all that helps.
                replicas = max(replicas, math.ceil(round(offered_load / TARGET_UTILISATION, 9)))
                continue
            while replicas < most and not _keeps(self._queue(service, replicas, concurrency), limit):
                replicas += 1
        return min(replicas, MAX_REPLICAS)

    def _queue(self, service: ServiceTimeDistribution, replicas: int, concurrency: int) -> ReplicaQueues:
        return ReplicaQueues(service, self.rate, replicas, self.balancing, concurrency)

    def _resources(self, option: _Option, replicas: int) -> Resources:
        """Returns what a replica asks for: as written, else the profile's demand at the replica's part of the load."""
        variant = next((item for item in self.workload.alternatives if item.name == option.variant), None)
        requests = (variant.requests if variant is not None else None) or self.workload.service.requests
        if has_amounts(requests):
            return Resources(
                requests.cpu,
                (),
                requests.memory.rss if requests.memory else 0,
                None,
                tuple(
                    DeviceRequest(kind, request.share or 0, request.count or 0)
                    for kind, request in requests.accelerators.items()
                ),
            )
        demand = option.profile.demand_at(self.rate / max(replicas, 1))
        devices = option.profile.devices
        # Cores were measured by device type; for any device type, the type with the fewest loaded cores stands in.
        cores = (
            devices[option.device_type].cores
            if option.device_type in devices
            else min((device.cores for device in devices.values()), key=lambda cores: (len(cores), cores), default=())
        )
        if demand is None:
            return Resources(cores=tuple(sorted(cores, reverse=True)))
        return Resources(
            demand.cpu,
            tuple(sorted(cores, reverse=True)),
            demand.memory,
            None,
            tuple(DeviceRequest(kind, share) for kind, share in sorted(demand.accelerators.items())),
        )

    def _cost(self, device_type: str, resources: Resources) -> float | None:
        """Returns the cost of one replica on a device type, or on the cheapest type that it fits; None where none fits.

        The cost of a replica is its part of the machine's cost, or of the machine's cores where a type has no cost.
        """
        kinds = [self.types[device_type]] if device_type in self.types else list(self.types.values())
        priced = all(kind.cost is not None for kind in self.types.values())
        costs = [
            part * (kind.cost if priced and kind.cost is not None else kind.cpu / 1000)
            for kind in kinds
            if (part := _part_of_machine(resources, kind)) is not None
        ]
        # Nodes may have a capacity of their own and no device type: then nothing rules the replica out.
        return min(costs, default=None if kinds else resources.cpu / 1000)

    def note(self, sizing: Sizing, path_times: Mapping[Limit, float]) -> str:
        """Returns one line for people: why so many replicas. path_times: of the slowest path in seconds, by limit."""
        queue = sizing.queue
        what = " on ".join(part for part in (sizing.variant, sizing.device_type) if part)
        spread = f" {SPREAD[self.balancing]}" if sizing.replicas > 1 else ""
        load = f"{sizing.replicas} for {sizing.rate:g}/s{spread}"
        parts = [f"{what + ', ' if what else ''}{load}, {queue.utilisation:.0%} busy"]
        for limit in self.requirements.limits:
            time = response_time(queue, limit)
            parts.append(_predicted(limit, time, limit.seconds + 1e-6))
        for limit, time in path_times.items():
            parts.append(f"pipeline {_predicted(limit, time, limit.seconds)}")
        accuracy = self._option(sizing).accuracy
        if accuracy < self.requirements.accuracy:
            parts.append(f"accuracy {accuracy:g}, below {self.requirements.accuracy:g}")
        return "sized: " + ", ".join(parts)


def _keeps(queue: ReplicaQueues, limit: Limit) -> bool:
    if not limit.percent:
        return queue.mean_response_time <= limit.seconds
    if queue.utilisation > MAX_UTILISATION:
        return False
    return queue.tail_probability(limit.seconds) <= 1 - limit.percent / 100 + TOLERANCE


def _can_keep(service: ServiceTimeDistribution, limit: Limit) -> bool:
    """Checks whether enough replicas could keep the limit, that is, whether the service time alone is within it."""
    if not limit.percent:
        return service.mean < limit.seconds
    return service_tail_probability(service, limit.seconds) < 1 - limit.percent / 100


def _part_of_machine(resources: Resources, kind: DeviceType) -> float | None:
    """Returns the largest part of a machine's cpu, memory or devices that a replica takes; None where none fits."""
    parts = [resources.cpu / kind.cpu if kind.cpu else math.inf, resources.rss / max(kind.memory.rss, 1)]
    for asked, offer in ((resources.disk, kind.disk), (resources.network, kind.network)):
        parts += [asked / offer if offer else math.inf] if asked and offer is not None else []
    for request in resources.devices:
        offered = [
            device
            for device in kind.accelerators.values()
            if device.type == request.type and (device.memory is None or device.memory >= request.memory)
        ]
        whole = sum(device.capacity * device.count for device in offered)
        if not whole or (request.share and request.share > max(device.capacity for device in offered)):
            return None
        count = sum(device.count for device in offered)
        parts.append(request.share / whole if request.share else request.count / count)
    return max(parts) if max(parts) <= 1 else None


def _predicted(limit: Limit, time: float, longest: float) -> str:
    """Returns what is predicted of a limit, in words; `longest` is the longest time that keeps it, in seconds."""
    if time >= UNBOUNDED:
        return f"{limit.aggregate} of {_milliseconds(limit.seconds)} not met, overloaded"
    late = "" if time <= longest else ", too slow"
    return f"{limit.aggregate} {_milliseconds(time)} of {_milliseconds(limit.seconds)} on full nodes{late}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
