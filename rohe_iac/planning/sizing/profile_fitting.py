"""Makes profiles of measured samples. Pure: the content of files comes as lists of numbers by column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rohe_iac.blueprint.language.profile import AtLoad, OnDevice, ServiceTime
from rohe_iac.planning.sizing.interference import (
    MIN_SERVICES,
    Interference,
    Slowdown,
    SlowdownWeights,
    fit_interference,
)
from rohe_iac.planning.sizing.profile import ANY_DEVICE, Profile, percentile, sample_statistics, shared_estimate

Columns = Mapping[str, Sequence[float]]
"""The samples of one file, by name of column."""

MEBIBYTE = 2**20


IDLE_MARGIN = 1.0
"""Percentage points that the median reading of a device must be above the idle reading to count as use."""


QUIET_CORE = 50
"""Millicores: a core whose 95th percentile is below is loaded by the operating system, not by the service."""

PUBLISHED = Interference(
    mean=SlowdownWeights(0.4149, -0.1880, 0.1599),
    p99=SlowdownWeights(0.4921, -0.2468, 0.3751),
    services=9,
)
"""Weights learned from run 0 of Nguyen and Truong, Software: Practice and Experience, 2024 (three pipelines, nine
services); used where fewer than MIN_SERVICES services were measured both alone and shared."""


@dataclass(frozen=True)
class ServiceMeasurements:
    """The samples of one service; what was not measured is empty.

    Attributes:
        service: The name of the service.
        process: Columns by offered load (requests a second): cpu_usage and child_cpu in millicores, memory_usage and
            child_memory in MB, gpu_usage in percent.
        system: Columns by device type: core1, core2, ... and gpu in percent, mem in MB.
        alone: Response times in seconds on a node of its own.
        shared: Response times in seconds on a shared node.
    """

    service: str
    process: Mapping[float, Columns] = field(default_factory=dict)
    system: Mapping[str, Columns] = field(default_factory=dict)
    alone: Sequence[float] = ()
    shared: Sequence[float] = ()


def fit_profiles(measurements: Sequence[ServiceMeasurements]) -> tuple[tuple[Profile, ...], Interference]:
    """Returns a profile for each service, in order, and the weights of slowdown used.

    A service that was not measured on a shared node gets estimated times, and the profile lists them as estimated.
    """
    idle = _idle_reading(measurements)
    measured = [_profile(service, idle) for service in measurements]
    known = [(profile.loads, profile.slowdown) for profile in measured]
    pairs = [(loads, slowdown) for loads, slowdown in known if loads is not None and slowdown is not None]
    interference = (
        fit_interference([loads for loads, _ in pairs], [slowdown for _, slowdown in pairs])
        if len(pairs) >= MIN_SERVICES
        else PUBLISHED
    )
    return tuple(_with_shared_times(profile, interference) for profile in measured), interference


def _idle_reading(measurements: Sequence[ServiceMeasurements]) -> float | None:
    """Returns the reading of an idle GPU in percent: the smallest median of all files; None where no file has any."""
    medians = [
        percentile(sorted(columns[name]), 50)
        for service in measurements
        for columns, name in (
            *((columns, "gpu_usage") for columns in service.process.values()),
            *((columns, "gpu") for columns in service.system.values()),
        )
        if columns.get(name)
    ]
    return min(medians, default=None)


def _profile(service: ServiceMeasurements, idle: float | None) -> Profile:
    uses_gpu = idle is not None and any(
        percentile(sorted(columns["gpu_usage"]), 50) > idle + IDLE_MARGIN
        for columns in service.process.values()
        if columns.get("gpu_usage")
    )
    has_gpu_readings = any("gpu_usage" in columns for columns in service.process.values())
    service_time = ServiceTime.model_construct(
        alone=sample_statistics(service.alone) if service.alone else None,
        shared=sample_statistics(service.shared) if service.shared else None,
    )
    return Profile.model_construct(
        service=service.service,
        demand=tuple(
            _at_load(load, columns, idle if uses_gpu else None) for load, columns in sorted(service.process.items())
        ),
        devices={name: _on_device(columns) for name, columns in sorted(service.system.items())},
        service_time={ANY_DEVICE: service_time} if service_time.alone or service_time.shared else {},
        idle={"gpu": _basis_points(idle)} if idle is not None and has_gpu_readings else {},
        missing=_missing(service),
        estimated=_estimated(service),
    )


def _at_load(load: float, columns: Columns, idle: float | None) -> AtLoad:
    cpu = _sums(columns["cpu_usage"], columns.get("child_cpu", ()))
    memory = _sums(columns["memory_usage"], columns.get("child_memory", ()))
    gpu = columns.get("gpu_usage")
    share = _basis_points(percentile(sorted(gpu), 95) - idle) if gpu and idle is not None else 0
    return AtLoad.model_construct(
        load=load,
        cpu=math.ceil(percentile(cpu, 95)),
        memory=math.ceil(percentile(memory, 95) * MEBIBYTE),
        accelerators={"gpu": share} if share > 0 else {},
    )


def _sums(own: Sequence[float], children: Sequence[float]) -> list[float]:
    return (
        sorted(of_own + of_child for of_own, of_child in zip(own, children, strict=True)) if children else sorted(own)
    )


def _basis_points(percent: float) -> int:
    return math.ceil(round(percent * 100, 6))


def _on_device(columns: Columns) -> OnDevice:
    cores = [columns[name] for name in sorted(columns, key=_core_number) if _core_number(name)]
    peaks = sorted((math.ceil(percentile(sorted(core), 95) * 10) for core in cores), reverse=True)
    memory = columns.get("mem")
    return OnDevice.model_construct(
        # Sampling reads a core that was busy throughout as slightly more than 100 %.
        cores=tuple(min(peak, 1000) for peak in peaks if peak >= QUIET_CORE),
        busy=tuple(round(sum(core) / len(core) * 10) for core in cores),
        memory=math.ceil(percentile(sorted(memory), 95) * MEBIBYTE) if memory else None,
    )


def _core_number(name: str) -> int:
    digits = name.removeprefix("core")
    return int(digits) if name.startswith("core") and digits.isdecimal() else 0


def _missing(service: ServiceMeasurements) -> tuple[str, ...]:
    missing = []
    if not service.process:
        missing.append("demand by offered load")
    if not service.system:
        missing.append("load of each core, by device type")
    if not service.alone:
        missing.append("service time alone")
    if not service.shared:
        missing.append("service time shared")
    if service.alone or service.shared:
        missing.append("device type of the response times")
        missing.append("offered load of the response times")
    if service.shared:
        missing.append("what the service shared its node with")
    if service.system:
        missing.append("offered load of the cores' readings")
    if any("gpu_usage" not in columns for columns in service.process.values()):
        missing.append("gpu_usage at every load")
    return tuple(missing)


def _estimated(service: ServiceMeasurements) -> tuple[str, ...]:
    if not service.alone and not service.shared:
        return ()
    return (
        "response times stand for service times: no waiting shows in them",
        "concurrency: one request at a time in a replica",
    )


def _with_shared_times(profile: Profile, interference: Interference) -> Profile:
    """Returns the profile with estimated times on a shared node, where it has only times alone."""
    measured = profile.service_time.get(ANY_DEVICE)
    if measured is None or measured.alone is None or measured.shared is not None:
        return profile
    slowdown: Slowdown = interference.slowdown(profile.loads)
    note = (
        f"service time shared: {slowdown.mean:.2f} times the mean alone, {slowdown.p99:.2f} times the 99th percentile, "
        f"as learned of {interference.services} other services"
    )
    shared = shared_estimate(measured.alone, slowdown)
    return profile.model_copy(
        update={
            "service_time": {ANY_DEVICE: ServiceTime.model_construct(alone=measured.alone, shared=shared)},
            "estimated": (*profile.estimated, note),
        }
    )
