"""From measured samples to profiles. Pure: what a file holds comes as lists of numbers by column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rohe_iac.blueprint.language.profile import AtLoad, OnDevice, ServiceTime
from rohe_iac.planning.sizing.interference import LEAST_SERVICES, Interference, Slowdown, Weights, learn
from rohe_iac.planning.sizing.profile import ANY_DEVICE, Profile, percentile, slowed, times_of

Columns = Mapping[str, Sequence[float]]

MEBIBYTE = 2**20


IDLE_MARGIN = 1.0
"""Points of percent that the median reading of a device must be above the idle one to count as use of the device."""


QUIET_CORE = 50
"""Millicores of the 95th percentile below which a core is the system's own business, not the service's."""

PUBLISHED = Interference(
    mean=Weights(0.4149, -0.1880, 0.1599),
    p99=Weights(0.4921, -0.2468, 0.3751),
    services=9,
)
"""Learned from run 0 of Nguyen and Truong, Software: Practice and Experience, 2024 (three pipelines, nine services);
stands in where a folder has too few services measured both alone and shared."""


@dataclass(frozen=True)
class Measured:
    """The samples of one service, by what they tell; what was not measured is empty.

    process: columns of each offered load (requests a second): cpu_usage and child_cpu in millicores, memory_usage and
    child_memory in MB, gpu_usage in percent. system: columns of each device type: core1, core2, ... and gpu in percent,
    mem in MB. alone and shared: response times in seconds.
    """

    service: str
    process: Mapping[float, Columns] = field(default_factory=dict)
    system: Mapping[str, Columns] = field(default_factory=dict)
    alone: Sequence[float] = ()
    shared: Sequence[float] = ()


def profiles_of(measured: Sequence[Measured]) -> tuple[tuple[Profile, ...], Interference]:
    """The profile of each, in the order given, and the slowdown learned of those measured alone and shared.

    A service that was not measured shared gets an estimate, and its profile says so.
    """
    idle = _idle(measured)
    plain = [_profile(item, idle) for item in measured]
    known = [(profile.loads, profile.slowdown) for profile in plain]
    pairs = [(loads, slowdown) for loads, slowdown in known if loads is not None and slowdown is not None]
    learned = (
        learn([loads for loads, _ in pairs], [slowdown for _, slowdown in pairs])
        if len(pairs) >= LEAST_SERVICES
        else PUBLISHED
    )
    return tuple(_completed(profile, learned) for profile in plain), learned


def _idle(measured: Sequence[Measured]) -> float | None:
    """The reading of a GPU that does nothing: the smallest median of all files; None where no file has one."""
    medians = [
        percentile(sorted(columns[name]), 50)
        for item in measured
        for columns, name in (
            *((columns, "gpu_usage") for columns in item.process.values()),
            *((columns, "gpu") for columns in item.system.values()),
        )
        if columns.get(name)
    ]
    return min(medians, default=None)


def _profile(item: Measured, idle: float | None) -> Profile:
    uses_gpu = idle is not None and any(
        percentile(sorted(columns["gpu_usage"]), 50) > idle + IDLE_MARGIN
        for columns in item.process.values()
        if columns.get("gpu_usage")
    )
    taken_off = idle if idle is not None and any("gpu_usage" in columns for columns in item.process.values()) else None
    found = ServiceTime.model_construct(
        alone=times_of(item.alone) if item.alone else None, shared=times_of(item.shared) if item.shared else None
    )
    return Profile.model_construct(
        service=item.service,
        demand=tuple(
            _at_load(load, columns, idle if uses_gpu else None) for load, columns in sorted(item.process.items())
        ),
        devices={name: _on_device(columns) for name, columns in sorted(item.system.items())},
        service_time={ANY_DEVICE: found} if found.alone or found.shared else {},
        idle={"gpu": _share(taken_off)} if taken_off is not None else {},
        missing=_missing(item),
        estimated=_estimated(item),
    )


def _at_load(load: float, columns: Columns, idle: float | None) -> AtLoad:
    cpu = _sums(columns["cpu_usage"], columns.get("child_cpu", ()))
    memory = _sums(columns["memory_usage"], columns.get("child_memory", ()))
    gpu = columns.get("gpu_usage")
    share = _share(percentile(sorted(gpu), 95) - idle) if gpu and idle is not None else 0
    return AtLoad.model_construct(
        load=load,
        cpu=math.ceil(percentile(cpu, 95)),
        memory=math.ceil(percentile(memory, 95) * MEBIBYTE),
        accelerators={"gpu": share} if share > 0 else {},
    )


def _sums(own: Sequence[float], children: Sequence[float]) -> list[float]:
    return sorted(a + b for a, b in zip(own, children, strict=True)) if children else sorted(own)


def _share(percent: float) -> int:
    return math.ceil(round(percent * 100, 6))


def _on_device(columns: Columns) -> OnDevice:
    cores = [columns[name] for name in sorted(columns, key=_core_number) if _core_number(name)]
    peaks = sorted((math.ceil(percentile(sorted(core), 95) * 10) for core in cores), reverse=True)
    memory = columns.get("mem")
    return OnDevice.model_construct(
        # A reading above 100 % is the sampling of a core that was busy throughout.
        cores=tuple(min(peak, 1000) for peak in peaks if peak >= QUIET_CORE),
        busy=tuple(round(sum(core) / len(core) * 10) for core in cores),
        memory=math.ceil(percentile(sorted(memory), 95) * MEBIBYTE) if memory else None,
    )


def _core_number(name: str) -> int:
    digits = name.removeprefix("core")
    return int(digits) if name.startswith("core") and digits.isdecimal() else 0


def _missing(item: Measured) -> tuple[str, ...]:
    told = []
    if not item.process:
        told.append("demand by offered load")
    if not item.system:
        told.append("load of each core, by device type")
    if not item.alone:
        told.append("service time alone")
    if not item.shared:
        told.append("service time shared")
    if item.alone or item.shared:
        told.append("device type of the response times")
        told.append("offered load of the response times")
    if item.shared:
        told.append("what the service shared its node with")
    if item.system:
        told.append("offered load of the cores' readings")
    if any("gpu_usage" not in columns for columns in item.process.values()):
        told.append("gpu_usage at every load")
    return tuple(told)


def _estimated(item: Measured) -> tuple[str, ...]:
    told = []
    if item.alone or item.shared:
        told.append("response times stand for service times: no waiting shows in them")
        told.append("concurrency: one request at a time in a replica")
    return tuple(told)


def _completed(profile: Profile, learned: Interference) -> Profile:
    found = profile.service_time.get(ANY_DEVICE)
    if found is None or found.alone is None or found.shared is not None:
        return profile
    slowdown: Slowdown = learned.of(profile.loads)
    note = (
        f"service time shared: {slowdown.mean:.2f} times the mean alone, {slowdown.p99:.2f} times the 99th percentile, "
        f"as learned of {learned.services} other services"
    )
    return profile.model_copy(
        update={
            "service_time": {
                ANY_DEVICE: ServiceTime.model_construct(alone=found.alone, shared=slowed(found.alone, slowdown))
            },
            "estimated": (*profile.estimated, note),
        }
    )
