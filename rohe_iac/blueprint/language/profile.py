"""The form of a profile, the file of measurements that a service names; what follows from it is for planning."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from rohe_iac.blueprint.language.base import EMPTY, Bytes, Millicores, Model, Name, Rate, Seconds, Share


class AtLoad(Model):
    """95th percentiles of what one replica uses at an offered load (requests a second); children counted in."""

    load: Annotated[Rate, Field(gt=0)]
    cpu: Millicores
    memory: Bytes
    accelerators: dict[str, Share] = EMPTY


class OnDevice(Model):
    """One device type: 95th percentile of each core that the service loads, the mean of every core, and memory."""

    cores: tuple[Millicores, ...] = ()
    busy: tuple[Millicores, ...] = ()
    memory: Bytes | None = None


class Times(Model):
    """How long one request takes, and how far it scatters (deviation: the standard deviation)."""

    mean: Annotated[Seconds, Field(gt=0)]
    deviation: Seconds = 0.0
    p5: Annotated[Seconds, Field(gt=0)] | None = None
    p50: Annotated[Seconds, Field(gt=0)]
    p95: Annotated[Seconds, Field(gt=0)] | None = None
    p99: Annotated[Seconds, Field(gt=0)]
    requests: Annotated[int, Strict(), Field(ge=0)] = 0


class ServiceTime(Model):
    """Alone on its node, and sharing it with others."""

    alone: Times | None = None
    shared: Times | None = None


class ProfileForm(Model):
    """What was measured of one service. `profile` is the version of this form.

    concurrency: requests that one replica works on at once. idle: the reading of a device that does nothing, which was
    taken off. missing, estimated: what the measurements did not tell, in words.
    """

    profile: Literal[1] = 1
    service: Name
    concurrency: Annotated[int, Strict(), Field(ge=1)] = 1
    demand: tuple[AtLoad, ...] = ()
    devices: dict[Name, OnDevice] = EMPTY
    service_time: dict[Name, ServiceTime] = EMPTY
    idle: dict[str, Share] = EMPTY
    missing: tuple[str, ...] = ()
    estimated: tuple[str, ...] = ()
