"""Volume: disk space of a replica, its own or shared by the services of a pipeline, and devices of its node."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from rohe_iac.blueprint.language.base import Bytes, Flag, Model, Name, fault, schema_requiring_one
from rohe_iac.blueprint.language.cluster.storage import StorageClass
from rohe_iac.blueprint.language.container import InnerPath

AccessMode = Literal["ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany"]
"""Whether the replicas of one node may use a volume, or those of many nodes, as Kubernetes names it."""


class Volume(Model):
    """Disk space of a replica: named with a size, a volume of the pipeline, or an emptyDir that ends with it."""

    model_config = ConfigDict(json_schema_extra=schema_requiring_one("name", "emptyDir"))

    path: InnerPath
    name: Name | None = None
    size: Bytes | None = None
    empty_dir: Bytes | None = None
    sub_path: str | None = None
    read_only: Flag = False

    @model_validator(mode="after")
    def _one_kind(self) -> Volume:
        if (self.name is None) == (self.empty_dir is None):
            message = "a volume has either a name with a size, or an emptyDir"
            if self.name is not None:
                raise fault("R116", message, "leave it out", ("emptyDir",), on_key=True, surplus=True)
            raise fault("R116", message, "add name: NAME, or emptyDir: 1Gi, which ends with the replica")
        if self.sub_path is not None and (self.sub_path.startswith("/") or ".." in self.sub_path.split("/")):
            hint = "name a folder of the volume, such as models/current"
            raise fault("R135", f"'{self.sub_path[:60]}' leaves the volume", hint, ("subPath",))
        return self

    @property
    def is_shared(self) -> bool:
        """Checks whether it is a volume of the pipeline, which has its size."""
        return self.name is not None and self.size is None


class SharedVolume(Model):
    """Disk space of a pipeline that several of its services use, and that outlives their replicas."""

    name: Name
    size: Annotated[Bytes, Field(gt=0)]
    access_mode: AccessMode = "ReadWriteOnce"
    class_: Annotated[StorageClass | None, Field(alias="class")] = None


class HostDevice(Model):
    """A device file of the node that a replica uses, such as a camera or a serial port."""

    path: InnerPath
    from_: Annotated[InnerPath | None, Field(alias="from")] = None

    @property
    def source(self) -> str:
        """Returns the path on the node."""
        return self.from_ or self.path
