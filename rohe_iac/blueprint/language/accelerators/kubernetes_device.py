"""How a Kubernetes cluster knows an accelerator: as an extended resource, or by dynamic resource allocation (DRA)."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Strict, model_validator

from rohe_iac.blueprint.language.base import Model, check_exactly_one, fault, schema_requiring_one

CODE = "R240"

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_RESOURCE = re.compile(rf"(?P<domain>{_SUBDOMAIN})/[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?")
_CLASS = re.compile(_SUBDOMAIN)
_QUALIFIED = re.compile(rf"({_SUBDOMAIN}/)?[A-Za-z_][A-Za-z0-9_]{{0,31}}")
_MAX_DOMAIN = {"resource": 243, "class": 253, "qualified": 63}
"""The longest domains that a server accepts, in characters."""


def _extended_resource(text: str) -> str:
    match = _RESOURCE.fullmatch(text)
    if match is None or len(match["domain"]) > _MAX_DOMAIN["resource"]:
        raise fault(CODE, f"'{text[:70]}' is not the name of an extended resource", "for example nvidia.com/gpu")
    domain = match["domain"]
    if domain == "kubernetes.io" or domain.endswith(".kubernetes.io") or domain.startswith("requests."):
        raise fault(CODE, f"'{text[:70]}' is a name that Kubernetes keeps for itself", "for example nvidia.com/gpu")
    return text


def _device_class(text: str) -> str:
    if _CLASS.fullmatch(text) is None or len(text) > _MAX_DOMAIN["class"]:
        hint = "`kubectl get deviceclasses` lists those of a cluster"
        raise fault(CODE, f"'{text[:70]}' is not the name of a DeviceClass", hint)
    return text


def _qualified(text: str) -> str:
    if _QUALIFIED.fullmatch(text) is None or len(text.rpartition("/")[0]) > _MAX_DOMAIN["qualified"]:
        hint = "for example gpu.example.com/uuid, or as uuid where the domain is the name of the device's driver"
        raise fault(CODE, f"'{text[:70]}' is not the name of an attribute or capacity of a device", hint)
    return text


QualifiedName = Annotated[str, AfterValidator(_qualified)]
"""The name of an attribute or capacity of a device: `NAME`, or `DOMAIN/NAME`."""

AttributeValue = Annotated[str, Field(max_length=64)] | Annotated[int, Strict()] | Annotated[bool, Strict()]
"""A value of an attribute of a device (resource.k8s.io/v1 DeviceAttribute; versions are not supported)."""


def _expand_capacity(value: object) -> object:
    # The short form `capacity: NAME` stands for what the device is shared by.
    return {"memory": value, "share": value} if isinstance(value, str) else value


class ConsumableCapacity(Model):
    """The capacities of a device that claims take parts of; a bare name is one of both, decided by the device."""

    memory: QualifiedName | None = None
    share: QualifiedName | None = None


class KubernetesDevice(Model):
    """An extended resource, which counts whole devices; or a DeviceClass, whose devices differ in an attribute."""

    model_config = ConfigDict(json_schema_extra=schema_requiring_one("extendedResource", "deviceClass"))

    extended_resource: Annotated[str, AfterValidator(_extended_resource)] | None = None
    device_class: Annotated[str, AfterValidator(_device_class)] | None = None
    attribute: QualifiedName | None = None
    values: tuple[AttributeValue, ...] = ()
    capacity: Annotated[ConsumableCapacity, BeforeValidator(_expand_capacity)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> KubernetesDevice:
        check_exactly_one(self, "extended_resource", "device_class")
        given: dict[str, Any] = {"attribute": self.attribute, "values": self.values, "capacity": self.capacity}
        for name, value in given.items():
            if self.extended_resource is not None and value:
                hint = "leave it out, or name a deviceClass in place of the extendedResource"
                raise fault(CODE, f"an extendedResource has no {name}: it counts whole devices", hint, at=(name,))
        if self.device_class is not None and self.attribute is None:
            hint = "add the attribute that devices differ in, as in attribute: gpu.example.com/uuid"
            raise fault(CODE, "a deviceClass needs an attribute: a claim could not name the planned device", hint)
        if self.capacity is not None and self.capacity == ConsumableCapacity():
            hint = "name one, as in capacity: {memory: memory}"
            raise fault(CODE, "capacity names neither memory nor share", hint, at=("capacity",))
        return self
