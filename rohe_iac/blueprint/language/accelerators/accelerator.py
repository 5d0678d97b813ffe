"""Accelerator: a device of a node."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict, model_validator

from rohe_iac.blueprint.language.accelerators.kubernetes_device import KubernetesDevice
from rohe_iac.blueprint.language.base import Bytes, Model, Share, fault


class Accelerator(Model):
    """A device of a node. `shared` devices are given out in shares of `capacity`, `exclusive` ones whole."""

    type: str
    model: str | None = None
    mode: Literal["shared", "exclusive"] = "shared"
    cores: Annotated[int, Strict(), Field(ge=0, le=10**9)] | None = None
    capacity: Annotated[Share, Field(le=10000)] = 10000
    memory: Annotated[Bytes, Field(gt=0)] | None = None
    count: Annotated[int, Strict(), Field(ge=1, le=10**9)] = 1
    kubernetes: KubernetesDevice | None = None

    @model_validator(mode="after")
    def _known_to_clusters(self) -> Accelerator:
        known = self.kubernetes
        if known is None:
            return self
        if known.values and len(known.values) != self.count:
            message = f"{len(known.values)} values of the attribute for {self.count} devices"
            raise fault("R240", message, "write one value a device, in their order", at=("kubernetes", "values"))
        if len({(type(value), value) for value in known.values}) != len(known.values):
            message = "two devices have the same value of the attribute"
            raise fault("R240", message, "a claim names a device by a value of its own", at=("kubernetes", "values"))
        if known.capacity is not None and self.mode == "exclusive":
            message = "an exclusive device is given out whole, so that claims take no part of its capacity"
            raise fault("R240", message, "write mode: shared, or leave capacity out", at=("kubernetes", "capacity"))
        return self
