"""Extended resources: devices that a device plugin counts, as accelerators of a node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rohe_iac.foundation.quantities import exact_bytes
from rohe_iac.importing.cluster.nodes import ClusterNode

MOST_DEVICES = 64
"""The most units of a resource that count as devices of a node; plugins offer thousands of what is not one."""

_TYPES = {"gpu.intel.com/i915": "gpu", "gpu.intel.com/xe": "gpu", "nvidia.com/gpu.shared": "gpu"}
"""The type of device of resources whose name ends with another word."""

_OF_THE_CLUSTER = ("hugepages-", "attachable-volumes-")

_MODELS = {"nvidia.com/gpu": "nvidia.com/gpu.product", "amd.com/gpu": "amd.com/gpu.product-name"}
"""The label with the model of a resource's devices, as the vendor's feature discovery sets it."""

_NVIDIA_MEMORY = "nvidia.com/gpu.memory"
"""The label with the MiB of memory of each GPU of a node."""


def extended_resources(node: ClusterNode) -> Iterator[tuple[str, str]]:
    """Adds the devices of a node's extended resources to its accelerators.

    Yields:
        Each resource that is left out, with the reason.
    """
    found = {}
    for name, count in node.others.items():
        if name == "pods" or not count:
            continue
        if "/" not in name or name.startswith(_OF_THE_CLUSTER) or name.partition("/")[0].endswith("kubernetes.io"):
            yield name, "an inventory has no such amount"
        elif count > MOST_DEVICES:
            yield name, f"over {MOST_DEVICES} units: they are hardly devices"
        else:
            found[name] = count
    types = Counter(type_of(name) for name in found)
    for name, count in found.items():
        kind = type_of(name)
        entry = kind.upper() if types[kind] == 1 else name.replace("/", "-")
        while entry in node.accelerators:
            entry += "-x"
        node.accelerators[entry] = _accelerator(name, kind, count, node.labels)


def type_of(resource: str) -> str:
    """Returns the type of device of an extended resource: `gpu` of nvidia.com/gpu."""
    return _TYPES.get(resource, resource.rpartition("/")[2].lower())


def _accelerator(resource: str, kind: str, count: int, labels: dict[str, str]) -> dict[str, Any]:
    accelerator: dict[str, Any] = {"type": kind}
    model = labels.get(_MODELS.get(resource, ""))
    if model:
        accelerator["model"] = model
    if resource == "nvidia.com/gpu" and labels.get(_NVIDIA_MEMORY, "").isdecimal():
        accelerator["memory"] = exact_bytes(int(labels[_NVIDIA_MEMORY]) << 20)
    if count > 1:
        accelerator["count"] = count
    accelerator["mode"] = "exclusive"
    accelerator["kubernetes"] = {"extendedResource": resource}
    return accelerator
