"""Sizing: how many replicas of which variant on which device type hold a contract, at least cost. Pure.

1. Each service gets the requests of the pipeline's load through the rates of the flow.
2. For each variant and device type: the fewest replicas whose response times (queueing.py, with the service times of a
   shared node) keep the objectives about the service, not above BUSIEST.
3. The cheapest of those that keep the service's rate and accuracy too.
4. An objective about the whole pipeline holds when the slowest path keeps it (objectives.slowest): of all numbers of
   replicas, variants and device types the cheapest that keep it together are taken (combination.py). Where none do, the
   step (one replica more, another variant or device type) that takes most off for its cost is made while worth it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rohe_iac.blueprint.language.inventory import DeviceType
from rohe_iac.blueprint.language.profile import Times
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.planning.model.demand import DeviceRequest, Resources
from rohe_iac.planning.sizing.profile import ANY_DEVICE, Profile
from rohe_iac.planning.sizing.queueing import BUSIEST, TOLERANCE, Queue, Service, service_times, slower
from rohe_iac.planning.sizing.requirements import Limit, wanted_of, wanted_of_pipeline
from rohe_iac.planning.sizing.response_times import time_of

COMFORTABLY = 0.8
"""How busy replicas may be where no objective speaks of response times."""


MOST = 10_000
"""The most replicas that sizing asks for."""


WORTH = 1e-4
"""A step that takes less than this many seconds off the slowest path is not made."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """What sizing decided for one workload.

    variant, device_type: "" where there is nothing to choose. resources: what the profile says a replica uses at its
    part of the load. holds: whether every objective about the service is kept. cost: of all replicas, in the
    inventory's currency an hour, or in cores where device types tell no cost. rate: requests a second at the service.
    """

    workload: str
    variant: str
    device_type: str
    replicas: int
    rate: float
    cost: float
    holds: bool
    queue: Queue
    resources: Resources
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Option:
    """One variant on one device type ("": any)."""

    variant: str
    device_type: str
    accuracy: float
    profile: Profile
    times: Times


class _Case:
    """One workload with all that it could be."""

    def __init__(self, blueprint: Blueprint, workload: Workload, rate: float, profiles: Mapping[str, Profile]) -> None:
        self.workload = workload
        self.types = blueprint.inventory.spec.device_types
        self.wanted = wanted_of(blueprint, workload)
        overall = wanted_of_pipeline(blueprint, workload.pipeline)
        # A limit of the whole pipeline is kept by steps afterwards; until then it allows as busy as one of its own.
        self.limited = bool(self.wanted.limits or overall.limits)
        if workload.alternatives:
            self.wanted = replace(self.wanted, accuracy=max(self.wanted.accuracy, overall.accuracy))
        self.rate = max(rate, self.wanted.rate)
        self.options = tuple(self._options(profiles))

    def _options(self, profiles: Mapping[str, Profile]) -> Iterable[_Option]:
        service = self.workload.service
        parts = self.workload.alternatives or (None,)
        for part in parts:
            profile = profiles.get((part.profile if part else None) or service.profile or "")
            if profile is None:
                continue
            accuracy = part.accuracy if part is not None and part.accuracy is not None else service.accuracy or 0.0
            devices = [name for name in sorted(profile.service_time) if name in self.types]
            for device in devices or ([ANY_DEVICE] if ANY_DEVICE in profile.service_time else []):
                times = profile.times(device)
                if times is not None:
                    shown = "" if device == ANY_DEVICE else device
                    yield _Option(part.name if part else "", shown, accuracy, profile, times)

    def best(self) -> Sizing:
        """The cheapest sizing that holds; where none does, the one with the shortest response times."""
        sizings = [self.sizing(option) for option in self.options]
        return min(
            sizings,
            key=lambda item: (
                not item.holds,
                item.cost if item.holds else item.queue.percentile(99),
                -self._option(item).accuracy,
                item.variant,
                item.device_type,
            ),
        )

    def candidates(self, limits: Sequence[Limit], chosen: Sizing) -> list[Sizing]:
        """All that hold, of each option with ever more replicas while that takes anything off; else what is chosen."""
        found = []
        for option in sorted(self.options, key=lambda one: (-one.accuracy, one.variant, one.device_type)):
            sizing = self.sizing(option)
            while sizing.holds:
                found.append(sizing)
                if not self.auto or sizing.replicas >= MOST:
                    break
                before = [time_of(sizing.queue, limit) for limit in limits]
                sizing = self.sizing(option, sizing.replicas + 1)
                if all(
                    time - time_of(sizing.queue, limit) <= WORTH for time, limit in zip(before, limits, strict=True)
                ):
                    break
        return found or [chosen]

    def steps(self, sizing: Sizing) -> Iterable[Sizing]:
        """One replica more, where their number is free, and every other option that holds."""
        if self.auto and sizing.replicas < MOST:
            yield self.sizing(self._option(sizing), sizing.replicas + 1)
        for option in self.options:
            other = self.sizing(option)
            if other.holds and (option.variant, option.device_type) != (sizing.variant, sizing.device_type):
                yield other

    @property
    def auto(self) -> bool:
        """Whether the blueprint leaves the number of replicas free."""
        return self.workload.service.replicas == "auto"

    def _option(self, sizing: Sizing) -> _Option:
        return next(
            item for item in self.options if (item.variant, item.device_type) == (sizing.variant, sizing.device_type)
        )

    def sizing(self, option: _Option, replicas: int | None = None) -> Sizing:
        """That option with so many replicas; without a number, with the fewest that keep the limits."""
        service = service_times(option.times)
        asked = self.workload.service.replicas
        if replicas is None:
            replicas = asked if isinstance(asked, int) else self._fewest(service, option.profile.concurrency)
        queue = Queue(service, self.rate, replicas * option.profile.concurrency)
        resources = self.resources(option, replicas)
        cost = self._cost(option.device_type, resources)
        holds = (
            queue.busy <= BUSIEST
            and cost is not None
            and option.accuracy >= self.wanted.accuracy
            and all(_kept(queue, limit) for limit in self.wanted.limits)
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

    def _fewest(self, service: Service, concurrency: int) -> int:
        offered = self.rate * service.mean / concurrency
        replicas = max(1, math.ceil(round(offered / (BUSIEST if self.limited else COMFORTABLY), 9)))
        for limit in self.wanted.limits:
            if not _possible(service, limit):
                # More replicas would not help; as many as keep waits short is all that can be done.
                replicas = max(replicas, math.ceil(round(offered / COMFORTABLY, 9)))
                continue
            while replicas < MOST and not _kept(Queue(service, self.rate, replicas * concurrency), limit):
                replicas += 1
        return min(replicas, MOST)

    def resources(self, option: _Option, replicas: int) -> Resources:
        """What a replica asks for: as written, else the profile's demand at its part of the load."""
        part = next((item for item in self.workload.alternatives if item.name == option.variant), None)
        requests = (part.requests if part is not None else None) or self.workload.service.requests
        if requests.cpu or requests.cores or requests.memory or requests.accelerators:
            return Resources(
                requests.cpu,
                (),
                requests.memory.rss if requests.memory else 0,
                None,
                tuple(
                    DeviceRequest(kind, one.share or 0, one.count or 0) for kind, one in requests.accelerators.items()
                ),
            )
        point = option.profile.at(self.rate / max(replicas, 1))
        devices = option.profile.devices
        # Cores were measured by device type; of any device, the type on which the fewest are loaded must do.
        cores = (
            devices[option.device_type].cores
            if option.device_type in devices
            else min((device.cores for device in devices.values()), key=lambda cores: (len(cores), cores), default=())
        )
        if point is None:
            return Resources(cores=tuple(sorted(cores, reverse=True)))
        return Resources(
            point.cpu,
            tuple(sorted(cores, reverse=True)),
            point.memory,
            None,
            tuple(DeviceRequest(kind, share) for kind, share in sorted(point.accelerators.items())),
        )

    def _cost(self, device_type: str, resources: Resources) -> float | None:
        """What one replica costs on the device type, or on the cheapest that holds it; None where none does."""
        kinds = [self.types[device_type]] if device_type in self.types else list(self.types.values())
        priced = all(kind.cost is not None for kind in self.types.values())
        costs = [
            part * (kind.cost if priced and kind.cost is not None else kind.cpu / 1000)
            for kind in kinds
            if (part := _part(resources, kind)) is not None
        ]
        # Nodes may tell their own capacity without a device type: then nothing is known that would rule them out.
        return min(costs, default=None if kinds else resources.cpu / 1000)

    def note(self, sizing: Sizing, told: Mapping[Limit, float]) -> str:
        """Why so many, in one line."""
        queue = sizing.queue
        what = " on ".join(part for part in (sizing.variant, sizing.device_type) if part)
        parts = [f"{what + ', ' if what else ''}{sizing.replicas} for {sizing.rate:g}/s, {queue.busy:.0%} busy"]
        for limit in self.wanted.limits:
            time = time_of(queue, limit)
            late = "" if time <= limit.seconds + 1e-6 else ", too slow"
            parts.append(f"{limit.word} {_ms(time)} of {_ms(limit.seconds)}{late}")
        for limit, taken in told.items():
            late = "" if taken <= limit.seconds else ", too slow"
            parts.append(f"pipeline {limit.word} {_ms(taken)} of {_ms(limit.seconds)}{late}")
        if self._option(sizing).accuracy < self.wanted.accuracy:
            parts.append(f"accuracy {self._option(sizing).accuracy:g}, below {self.wanted.accuracy:g}")
        return "sized: " + ", ".join(parts)


def _kept(queue: Queue, limit: Limit) -> bool:
    if not limit.percent:
        return queue.mean <= limit.seconds
    return queue.busy <= BUSIEST and queue.late(limit.seconds) <= 1 - limit.percent / 100 + TOLERANCE


def _possible(service: Service, limit: Limit) -> bool:
    if not limit.percent:
        return service.mean < limit.seconds
    return slower(service, limit.seconds) < 1 - limit.percent / 100


def _part(resources: Resources, kind: DeviceType) -> float | None:
    """The largest part of a machine of that type that a replica takes; None where it does not fit one."""
    parts = [resources.cpu / kind.cpu if kind.cpu else math.inf, resources.rss / max(kind.memory.rss, 1)]
    for asked in resources.devices:
        offered = [item for item in kind.accelerators.values() if item.type == asked.type]
        whole = sum(item.capacity * item.count for item in offered)
        if not whole or (asked.share and asked.share > max(item.capacity for item in offered)):
            return None
        parts.append(asked.share / whole if asked.share else asked.count / sum(item.count for item in offered))
    return max(parts) if max(parts) <= 1 else None


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if math.isfinite(seconds) else "without end"
