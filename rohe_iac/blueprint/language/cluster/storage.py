"""Storage: where a cluster keeps what has to survive a pod: outboxes, stores of agents, and messages of the broker."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from rohe_iac.blueprint.language.base import Bytes, Model, check_exactly_one, fault, schema_requiring_one
from rohe_iac.blueprint.language.container import InnerPath
from rohe_iac.foundation.names import is_name


def _validate_class(text: str) -> str:
    if len(text) > 253 or not all(map(is_name, text.split("."))):
        hint = "`kubectl get storageclass` lists the classes of a cluster"
        raise fault("R111", f"'{text[:70]}' is not the name of a StorageClass", hint)
    return text


StorageClass = Annotated[
    str,
    AfterValidator(_validate_class),
    Field(json_schema_extra={"pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"}),
]


class ClaimStorage(Model):
    """A PersistentVolumeClaim for each replica that reports, each agent and the broker."""

    class_: Annotated[StorageClass | None, Field(alias="class")] = None
    size: Annotated[Bytes, Field(gt=0)] = 512 * 2**20


class PodStorage(Model):
    """A folder that ends with its pod."""


class Storage(Model):
    """Where a cluster keeps what has to survive a pod; exactly one."""

    model_config = ConfigDict(json_schema_extra=schema_requiring_one("claim", "hostPath", "emptyDir"))

    claim: ClaimStorage | None = None
    host_path: InnerPath | None = None
    empty_dir: PodStorage | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Storage:
        check_exactly_one(self, "claim", "host_path", "empty_dir")
        return self
