"""Image pull: one image that goes to one node, and how far a pod that pulls it has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from rohe_iac.manifests.kubernetes.pod.images import planned_pod
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.kubernetes.container_state import IMAGE, main_container
from rohe_iac.targets.kubernetes.object import object_of
from rohe_iac.targets.kubernetes.readiness.nodes import unreachable_of
from rohe_iac.targets.kubernetes.readiness.observed import KubernetesObject, Observed, name_of
from rohe_iac.targets.kubernetes.readiness.reasons.container_reasons import container_prospects

ALWAYS = "Always"
"""The pull policy that asks the registry even where the node has the image."""


@dataclass(frozen=True, slots=True)
class ImagePull:
    """One image that goes to one node.

    Two of them are equal where node and image are.

    Attributes:
        node: The node.
        image: The image, as the manifests name it.
        policy: The pull policy of the containers, "" for the cluster's default.
        secrets: Names of the Secrets with credentials for registries.
        tolerations: What the pods tolerate, without which a tainted node would end them.
        unreachable: wait, skip or fail: what it means that the node does not answer.
    """

    node: str
    image: str
    policy: str = field(default="", compare=False)
    secrets: tuple[str, ...] = field(default=(), compare=False)
    tolerations: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)
    unreachable: str = field(default="wait", compare=False)

    def __str__(self) -> str:
        """Returns the pull as people name it."""
        return f"{self.image} on {self.node}"


def image_pulls(manifests: Iterable[Manifest], all_manifests: Sequence[Manifest]) -> tuple[ImagePull, ...]:
    """Returns what the pods of manifests need on their nodes, sorted by node and image.

    Pods whose node the cluster chooses are left out.

    Args:
        manifests: The manifests whose images are pulled.
        all_manifests: Every manifest of the stack: pods also pull with the Secrets of their ServiceAccount.
    """
    of_accounts = {
        item.name: _names(item.body.get("imagePullSecrets"))
        for item in map(object_of, (manifest for manifest in all_manifests if manifest.kind == "ServiceAccount"))
    }
    found: dict[ImagePull, ImagePull] = {}
    for manifest in manifests:
        pod = planned_pod(manifest.text)
        if pod is None or not pod.node:
            continue
        secrets = _names(pod.spec.get("imagePullSecrets")) + of_accounts.get(pod.spec.get("serviceAccountName", ""), ())
        unreachable = unreachable_of(object_of(manifest))
        for image, policy in pod.policies().items():
            pull = ImagePull(pod.node, image, policy, secrets, tuple(pod.spec.get("tolerations") or ()), unreachable)
            found[pull] = _merged(found[pull], pull) if pull in found else pull
    return tuple(sorted(found.values(), key=lambda pull: (pull.node, pull.image)))


def _names(references: Iterable[Mapping[str, Any]] | None) -> tuple[str, ...]:
    return tuple(str(item["name"]) for item in references or ())


def _merged(first: ImagePull, other: ImagePull) -> ImagePull:
    """Returns one pull for the pods of both, with what either of them needs."""
    return ImagePull(
        first.node,
        first.image,
        ALWAYS if ALWAYS in (first.policy, other.policy) else first.policy or other.policy,
        tuple(dict.fromkeys((*first.secrets, *other.secrets))),
        (*first.tolerations, *(item for item in other.tolerations if item not in first.tolerations)),
        "fail" if "fail" in (first.unreachable, other.unreachable) else first.unreachable,
    )


class PullState(Enum):
    """How far a pull is."""

    PULLING = "pulling"
    PULLED = "pulled"
    FAILED = "failed"


def pull_state(pod: KubernetesObject, warnings: Callable[[str], Sequence[KubernetesObject]]) -> tuple[PullState, str]:
    """Returns how far the pod of a pull is, and why it failed.

    Args:
        pod: The pod, with one container.
        warnings: Returns the warnings about the pod of a name; asked only where the pull failed.
    """
    status = pod.get("status") or {}
    container = main_container(pod)
    if container.has_image:
        return PullState.PULLED, ""
    if container.waits_for in IMAGE:
        observed = Observed(None, events=warnings(name_of(pod)))
        words = next(prospect.words for prospect in container_prospects(pod, observed))
        return PullState.FAILED, words[words.index(container.waits_for) :]
    if status.get("phase") == "Failed":
        words = ": ".join(str(status[name]) for name in ("reason", "message") if status.get(name))
        return PullState.FAILED, f"the node rejects the pod that pulls it: {words or 'it gives no reason'}"
    return PullState.PULLING, ""
