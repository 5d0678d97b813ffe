"""Inventory: device types, nodes and the links between them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from rohe_iac.blueprint.language.accelerators.accelerator import Accelerator
from rohe_iac.blueprint.language.base import (
    EMPTY,
    BitsPerSecond,
    Bytes,
    CostPerHour,
    Hertz,
    Metadata,
    Millicores,
    Model,
    Name,
    NodeName,
    Seconds,
    Share,
)
from rohe_iac.blueprint.language.pipeline import Memory

Unreachable = Literal["wait", "skip", "fail"]
"""What a node that does not answer means for its replicas: they wait for it, are left as they are, or apply fails."""


class DeviceType(Model):
    """The capacity of machines of one type; without `cores` there are as many whole cores as `cpu`."""

    arch: str | None = None
    frequency: Hertz | None = None
    cpu: Millicores
    cores: tuple[Millicores, ...] | None = None
    memory: Memory
    accelerators: dict[str, Accelerator] = EMPTY
    disk: Annotated[Bytes, Field(gt=0)] | None = None
    network: Annotated[BitsPerSecond, Field(gt=0)] | None = None
    cost: CostPerHour | None = None


class Taint(Model):
    """A mark that keeps replicas off a node unless they tolerate it."""

    key: str
    value: str = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"


def _expand_used_share(value: object) -> object:
    # The short form `GPU0: 30%` states the share alone.
    return value if isinstance(value, dict | UsedAccelerator) else {"share": value}


class UsedAccelerator(Model):
    """The part of a device that others use: a share, and memory of the device; a bare share is short for it."""

    share: Share = 0
    memory: Bytes = 0


class Used(Model):
    """The part of a node that is used by others already."""

    cpu: Millicores = 0
    cores: tuple[Millicores, ...] = ()
    memory: Memory | None = None
    accelerators: dict[str, Annotated[UsedAccelerator, BeforeValidator(_expand_used_share)]] = EMPTY
    disk: Bytes = 0
    network: BitsPerSecond = 0


class Node(Model):
    """One machine. Its fields replace those of its `deviceType`."""

    name: NodeName
    device_type: str | None = None
    arch: str | None = None
    frequency: Hertz | None = None
    cpu: Millicores | None = None
    cores: tuple[Millicores, ...] | None = None
    memory: Memory | None = None
    accelerators: dict[str, Accelerator] | None = None
    disk: Annotated[Bytes, Field(gt=0)] | None = None
    network: Annotated[BitsPerSecond, Field(gt=0)] | None = None
    cost: CostPerHour | None = None
    mac: str | None = None
    labels: dict[str, str] = EMPTY
    taints: tuple[Taint, ...] = ()
    used: Used = Used.model_construct()
    status: Literal["running", "cordoned", "down"] = "running"
    unreachable: Unreachable | None = None


class NetworkLink(Model):
    """A connection between two nodes or zones (`node/NAME`, `zone/NAME`), both ways."""

    name: Name
    between: tuple[str, str]
    latency: Seconds | None = None
    bandwidth: BitsPerSecond | None = None


class InventorySpec(Model):
    """The machines."""

    device_types: dict[str, DeviceType] = EMPTY
    nodes: Annotated[tuple[Node, ...], Field(min_length=1)]
    links: tuple[NetworkLink, ...] = ()


class Inventory(Model):
    """A document of kind Inventory."""

    api_version: Literal["rohe.dev/v1"] = "rohe.dev/v1"
    kind: Literal["Inventory"] = "Inventory"
    metadata: Metadata
    spec: InventorySpec
