"""Observed: the objects of one replica as the API server has them, and which pods are of its present template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KubernetesObject = Mapping[str, Any]
"""An object in the JSON form of the API server."""

HASH = "pod-template-hash"
"""The label that the Deployment controller adds to the template of each ReplicaSet."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What the cluster has of one replica.

    Attributes:
        deployment: Its Deployment, or None where there is none.
        replica_sets: ReplicaSets that the Deployment owns.
        pods: Pods that one of these ReplicaSets owns, or the Job.
        events: Warnings about the Deployment or Job, its ReplicaSets and pods, oldest first.
        node: The planned node, or None where the cluster has no node of that name.
        claims: Claims that the pods mount.
        claim_events: Events about these claims, oldest first.
        classes: Names of the cluster's storage classes, or None where this user may not list them.
        pulls: Events about images of the pods that are being pulled, oldest first.
        job: Its Job, or None where there is none.
        leaving: Names of the stack's pods that still hold room on the planned node, and are to leave it.
    """

    deployment: KubernetesObject | None
    replica_sets: Sequence[KubernetesObject] = ()
    pods: Sequence[KubernetesObject] = ()
    events: Sequence[KubernetesObject] = ()
    node: KubernetesObject | None = None
    claims: Sequence[KubernetesObject] = ()
    claim_events: Sequence[KubernetesObject] = ()
    classes: frozenset[str] | None = None
    pulls: Sequence[KubernetesObject] = ()
    job: KubernetesObject | None = None
    leaving: Sequence[str] = ()

    def current_set(self) -> KubernetesObject | None:
        """Returns the ReplicaSet with the Deployment's present template, or None where it is not made yet.

        The controller itself finds it by comparing templates (EqualIgnoreHash of k8s.io/kubernetes
        pkg/controller/deployment/util); revisions and conditions may still be those of the template before.
        """
        wanted = template_of(self.deployment or {})
        return next((item for item in self.replica_sets if template_of(item) == wanted), None)

    def current_pods(self) -> tuple[KubernetesObject, ...]:
        """Returns the pods of the present template that are not being deleted, sorted by name."""
        current = self.current_set()
        if current is None:
            return ()
        found = (pod for pod in self.pods if is_owned_by(pod, current) and not is_terminating(pod))
        return tuple(sorted(found, key=name_of))

    def last_warning(self, name: str, reasons: Iterable[str] = ()) -> KubernetesObject | None:
        """Returns the newest warning about the object with this name, of one of these reasons where any are given."""
        wanted = frozenset(reasons)
        for event in reversed(self.events):
            if event.get("involvedObject", {}).get("name") == name and (not wanted or event.get("reason") in wanted):
                return event
        return None


def template_of(item: KubernetesObject) -> KubernetesObject:
    """Returns the pod template of a Deployment or ReplicaSet without the controller's own label."""
    template = item.get("spec", {}).get("template", {})
    metadata = template.get("metadata", {})
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH}
    return {**template, "metadata": {**metadata, "labels": labels}}


def name_of(item: KubernetesObject) -> str:
    """Returns an object's name."""
    return str(item.get("metadata", {}).get("name", ""))


def is_owned_by(item: KubernetesObject, owner: KubernetesObject) -> bool:
    """Returns whether `owner` is an owner of the object."""
    uid = owner.get("metadata", {}).get("uid")
    return any(reference.get("uid") == uid for reference in item.get("metadata", {}).get("ownerReferences") or ())


def is_terminating(item: KubernetesObject) -> bool:
    """Returns whether the object is being deleted."""
    return bool(item.get("metadata", {}).get("deletionTimestamp"))


def condition(item: KubernetesObject, kind: str) -> KubernetesObject | None:
    """Returns the condition of this type of an object's status, or None where it has none."""
    conditions = item.get("status", {}).get("conditions") or ()
    return next((entry for entry in conditions if entry.get("type") == kind), None)


def holds(item: KubernetesObject, kind: str) -> bool:
    """Returns whether the condition of this type is there and true."""
    found = condition(item, kind)
    return found is not None and found.get("status") == "True"
