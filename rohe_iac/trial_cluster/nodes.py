"""Simulated nodes: Node documents that kwok takes for its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ANNOTATION = "kwok.x-k8s.io/node"
"""The annotation, with the value `fake`, by which kwok knows a node to simulate."""


def simulated_node(
    name: str,
    *,
    cpu: str = "8",
    memory: str = "32Gi",
    pods: str = "110",
    arch: str = "amd64",
    labels: Mapping[str, str] | None = None,
    taints: Sequence[Mapping[str, str]] = (),
    unschedulable: bool = False,
    resources: Mapping[str, str] | None = None,
    allocatable: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Returns the document of a simulated node, which becomes Ready once it is created.

    Args:
        name: The node's name, also its label kubernetes.io/hostname.
        cpu: Processor cores, a quantity of Kubernetes.
        memory: Bytes of memory, a quantity of Kubernetes.
        pods: The most pods that it takes.
        arch: Its architecture, as Kubernetes names it, such as arm64.
        labels: More labels.
        taints: Taints, each with key, effect and perhaps value.
        unschedulable: Whether it is cordoned.
        resources: More amounts of its capacity, such as {"nvidia.com/gpu": "1"}.
        allocatable: What pods may have of it, where that is less than its capacity.
    """
    capacity = {"cpu": cpu, "memory": memory, "pods": pods, "ephemeral-storage": "100Gi", **(resources or {})}
    own = {"kubernetes.io/hostname": name, "kubernetes.io/arch": arch, "kubernetes.io/os": "linux"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "annotations": {ANNOTATION: "fake"}, "labels": {**own, **(labels or {})}},
        "spec": {"taints": [dict(taint) for taint in taints], "unschedulable": unschedulable},
        "status": {
            "capacity": capacity,
            "allocatable": {**capacity, **(allocatable or {})},
            "nodeInfo": {
                **dict.fromkeys(("bootID", "machineID", "systemUUID", "kernelVersion", "osImage"), ""),
                **dict.fromkeys(("containerRuntimeVersion", "kubeletVersion", "kubeProxyVersion"), "kwok"),
                "architecture": arch,
                "operatingSystem": "linux",
            },
        },
    }
