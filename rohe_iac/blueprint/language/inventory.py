"""Inventory: device types, nodes and the links between them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict, ValidationInfo, model_validator

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
    Seconds,
    Share,
    fault,
)
from rohe_iac.blueprint.language.pipeline import Memory
from rohe_iac.blueprint.language.run_limits import MAX_RANGE_NODES, Allowance
from rohe_iac.blueprint.language.scale.node_range import MAX_NODES, NodeNames, is_range, number_of_names
from rohe_iac.foundation.canonical import sha256_hex
from rohe_iac.foundation.names import is_name

Unreachable = Literal["wait", "skip", "fail"]
"""What a node that does not answer means for its replicas: they wait for it, are left as they are, or apply fails."""


class Taint(Model):
    """A mark that keeps replicas off a node unless they tolerate it."""

    key: str
    value: str = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"


class DeviceType(Model):
    """What machines of one type have; without `cores` there are as many whole cores as `cpu`."""

    arch: str | None = None
    frequency: Hertz | None = None
    cpu: Millicores
    cores: tuple[Millicores, ...] | None = None
    memory: Memory
    accelerators: dict[str, Accelerator] = EMPTY
    disk: Annotated[Bytes, Field(gt=0)] | None = None
    network: Annotated[BitsPerSecond, Field(gt=0)] | None = None
    cost: CostPerHour | None = None
    labels: dict[str, str] = EMPTY
    taints: tuple[Taint, ...] = ()


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
    """One machine, or several alike whose name is a range. Its fields replace those of its `deviceType`."""

    name: NodeNames
    count: Annotated[int, Strict(), Field(ge=1, le=MAX_NODES)] | None = None
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


MAX_LINK_NAME = 63
"""Characters of the name of a link."""


def with_link_names(value: object) -> object:
    """Returns the links of an inventory as written, with a name for each that has none.

    A link between `zone/lab-1` and `zone/lab-2` is `lab-1-lab-2`. Where another link has that name, or it is no name,
    a digest of the ends is appended to what is left of it; a further link between the same ends gets a number.
    """
    if not isinstance(value, list):
        return value
    taken = {link["name"] for link in value if isinstance(link, dict) and isinstance(link.get("name"), str)}
    found = []
    for link in value:
        ends = link.get("between") if isinstance(link, dict) and "name" not in link else None
        if isinstance(ends, list) and len(ends) == 2 and all(isinstance(end, str) and end for end in ends):
            name = _free_name(ends, taken)
            taken.add(name)
            found.append({"name": name, **link})
        else:
            found.append(link)
    return found


def _free_name(ends: list[Any], taken: set[str]) -> str:
    short = "-".join(end.partition("/")[2] or end for end in ends)
    if is_name(short) and short not in taken:
        return short
    digest = sha256_hex("\n".join(ends).encode())[:6]
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in short.lower())
    stem, number = f"{plain[: MAX_LINK_NAME - 16]}-{digest}".strip("-"), 1
    while f"{stem}-{number}" in taken:
        number += 1
    return stem if stem not in taken else f"{stem}-{number}"


class NetworkLink(Model):
    """A connection between two nodes or zones (`node/NAME`, `zone/NAME`), both ways."""

    name: Name = ""
    between: tuple[str, str]
    latency: Seconds | None = None
    bandwidth: BitsPerSecond | None = None


class InventorySpec(Model):
    """The machines."""

    device_types: dict[str, DeviceType] = EMPTY
    nodes: Annotated[tuple[Node, ...], Field(min_length=1)] = ()
    links: Annotated[tuple[NetworkLink, ...], BeforeValidator(with_link_names)] = ()

    @model_validator(mode="after")
    def _bounded(self, info: ValidationInfo) -> InventorySpec:
        ranges = [number_of_names(node.name, node.count) for node in self.nodes if is_range(node.name)]
        allowance = info.context
        if isinstance(allowance, Allowance):
            allowance.range_nodes -= sum(ranges)
        exceeded = isinstance(allowance, Allowance) and allowance.range_nodes < 0
        if ranges and (exceeded or sum(ranges) + len(self.nodes) - len(ranges) > MAX_NODES):
            where = "all inventories together have" if exceeded else "it has"
            message = f"{where} more nodes than are read: {MAX_NODES:,} an inventory, {MAX_RANGE_NODES:,} in all"
            raise fault("R111", message, "write shorter ranges, or make several blueprints of it", at=("nodes",))
        return self


class Inventory(Model):
    """A document of kind Inventory."""

    api_version: Literal["rohe.dev/v1"] = "rohe.dev/v1"
    kind: Literal["Inventory"] = "Inventory"
    metadata: Metadata
    spec: InventorySpec
