"""The form of a profile: the file of measurements that a service names. What follows from them is for planning."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from rohe_iac.blueprint.language.base import EMPTY, Bytes, Millicores, Model, Name, Rate, Seconds, Share


class AtLoad(Model):
    """95th percentiles of what one replica, with its child processes, uses at an offered load (requests per second)."""

    load: Annotated[Rate, Field(gt=0)]
    cpu: Millicores
    memory: Bytes
    accelerators: dict[str, Share] = EMPTY


class OnDevice(Model):
    """Use on one device type: 95th percentile of each core that the service loads, mean of every core, and memory."""

    cores: tuple[Millicores, ...] = ()
    busy: tuple[Millicores, ...] = ()
    memory: Bytes | None = None


class Times(Model):
    """The distribution of one request's service time; `deviation` is the standard deviation, `requests` the number."""

    mean: Annotated[Seconds, Field(gt=0)]
    deviation: Seconds = 0.0
    p5: Annotated[Seconds, Field(gt=0)] | None = None
    p50: Annotated[Seconds, Field(gt=0)]
    p95: Annotated[Seconds, Field(gt=0)] | None = None
    p99: Annotated[Seconds, Field(gt=0)]
    requests: Annotated[int, Strict(), Field(ge=0)] = 0


class ServiceTime(Model):
    """Service times of a replica that is alone on its node, and of one that shares it with others."""

    alone: Times | None = None
    shared: Times | None = None


class ProfileForm(Model):
    """The measurements of one service.

    Attributes:
        profile: The version of this form.
        service: The service that was measured.
        concurrency: Number of requests that one replica works on at once.
        demand: What one replica uses, by offered load.
        devices: What one replica uses, by device type.
        service_time: How long one request takes, by device type.
        idle: The reading of an idle accelerator, which was subtracted.
        missing: What the measurements do not cover, in words.
        estimated: What was estimated instead of measured, in words.
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
