"""Storage: the volume with what has to survive the pod of a replica, and the claim that it is on."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.stack import StackSpec
from rohe_iac.blueprint.linked.workload import Workload
from rohe_iac.planning.model.plan import Placement

MEBIBYTE = 2**20

STORE_MARGIN = 256 * MEBIBYTE
"""Bytes of an agent's claim beyond `store.maxSize`: the write-ahead log, and what is written before old reports go."""

BROKER_SIZE = 2**30
"""Bytes of the broker's claim, at least: its messages have a bound of 512 MB, and it writes files anew."""

FOLDER = "/var/lib/rohe"
"""The folder in a container that the volume is mounted at."""

VOLUME = "rohe"
"""The name of the volume in the pod."""


def storage_claim(placement: Placement) -> str:
    """Returns the name of a replica's claim.

    Volumes of most classes of edge clusters are folders of one node, so that a replica that moves gets another claim;
    a name with the node also leaves the reports of the former one where they are. An instance has no dot in its name.
    """
    return f"{placement.instance}.{placement.node}"


def claim_size(workload: Workload, spec: StackSpec) -> int:
    """Returns the bytes of the claim of a replica: at least what the stack says, and what the replica may write."""
    stated = spec.storage.claim.size if spec.storage.claim is not None else 0
    return max(stated, {"agent": spec.store.max_size + STORE_MARGIN, "broker": BROKER_SIZE}.get(workload.role, 0))


def storage_volume(
    placement: Placement, spec: StackSpec, namespace: str, stack: str, *, lasts: bool = True
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the mount and the volume of a replica's storage.

    A folder of a node is shared by all namespaces of a cluster, in which stacks may have one name.

    Args:
        placement: The replica.
        spec: The stack.
        namespace: The namespace of the stack.
        stack: The name of the stack.
        lasts: Whether it has to outlive the pod.
    """
    mount: dict[str, Any] = {"name": VOLUME, "mountPath": FOLDER}
    if not lasts:
        return mount, {"name": VOLUME, "emptyDir": {}}
    if spec.storage.host_path is not None:
        # The kubelet makes the inner folders with the mode of the outer one.
        mount["subPath"] = f"{namespace}/{stack}/{placement.instance}"
        return mount, {"name": VOLUME, "hostPath": {"path": spec.storage.host_path, "type": "DirectoryOrCreate"}}
    if spec.storage.claim is not None:
        return mount, {"name": VOLUME, "persistentVolumeClaim": {"claimName": storage_claim(placement)}}
    return mount, {"name": VOLUME, "emptyDir": {}}
