"""Devices: what a pod asks its cluster for, so that its container gets the accelerators that the plan names.

An extended resource counts whole devices. A ResourceClaim of dynamic resource allocation (resource.k8s.io/v1, stable
since Kubernetes 1.34) selects the planned device by an expression on one of its attributes. Parts of a device are
taken by `capacity.requests` of the claim (KEP-5075 DRAConsumableCapacity, alpha in 1.34).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rohe_iac.blueprint.language.accelerators.kubernetes_device import KubernetesDevice
from rohe_iac.blueprint.language.pipeline import AcceleratorRequest
from rohe_iac.blueprint.linked.cluster_device import ClusterDevice
from rohe_iac.foundation.canonical import canonical_json, sha256_hex
from rohe_iac.manifests.kubernetes.quantities import byte_quantity, whole_quantity
from rohe_iac.planning.model.plan import DeviceUse, Placement

CLAIM = "devices"
"""The name of a replica's ResourceClaim inside its pod."""


@dataclass(frozen=True, slots=True)
class PodDevices:
    """What the pod of one replica asks for.

    Attributes:
        extended: Whole devices, by the name of the extended resource.
        requests: The requests of its ResourceClaim, one a device; empty where it needs no claim.
    """

    extended: Mapping[str, int]
    requests: tuple[dict[str, Any], ...]

    def claim_name(self, instance: str) -> str:
        """Returns the name of the ResourceClaim of an instance; "" where it needs none.

        The spec of a claim cannot be changed, so that a claim for other devices has another name.
        """
        if not self.requests:
            return ""
        return f"{instance}-{sha256_hex(canonical_json(list(self.requests)))[:8]}"


def pod_devices(
    placement: Placement, requests: Mapping[str, AcceleratorRequest], devices: Mapping[str, ClusterDevice]
) -> PodDevices:
    """Returns what the pod of a placed replica asks for.

    Args:
        placement: The replica with its devices.
        requests: The accelerators that its service asks for, by type.
        devices: The devices of its node, by name.
    """
    extended: Counter[str] = Counter()
    claimed: list[dict[str, Any]] = []
    for use in placement.devices:
        device = devices[use.device]
        if device.known is None:
            continue
        if device.known.extended_resource is not None:
            extended[device.known.extended_resource] += 1
        else:
            claimed.append(_request(f"device-{len(claimed)}", use, device, device.known, requests.get(use.type)))
    return PodDevices(dict(sorted(extended.items())), tuple(claimed))


def _request(
    name: str, use: DeviceUse, device: ClusterDevice, known: KubernetesDevice, asked: AcceleratorRequest | None
) -> dict[str, Any]:
    exactly: dict[str, Any] = {
        "deviceClassName": known.device_class,
        "selectors": [{"cel": {"expression": selection(known.attribute or "", device.value)}}],
    }
    amounts = {}
    if asked is not None and asked.count is None:  # a claim that names no amount takes the whole device
        if device.memory and use.memory:
            amounts[device.memory] = byte_quantity(use.memory)
        if device.share:
            amounts[device.share] = whole_quantity(-(-use.amount // 100))
    if amounts:
        exactly["capacity"] = {"requests": amounts}
    return {"name": name, "exactly": exactly}


def selection(attribute: str, value: str | int | bool) -> str:
    """Returns the CEL expression that holds for the device with that value of the attribute, and for no other.

    An attribute without a domain is the driver's own. Asking a device for an attribute that it lacks would be an error
    that ends the allocation, so its presence is asked first.

    Source: https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/resource-claim-v1/ (CELDeviceSelector).
    """
    domain, _, name = attribute.rpartition("/")
    attributes = f"device.attributes[{json.dumps(domain) if domain else 'device.driver'}]"
    literal = json.dumps(value, ensure_ascii=False)
    return f"{json.dumps(name)} in {attributes} && {attributes}[{json.dumps(name)}] == {literal}"
