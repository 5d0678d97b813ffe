"""Stack objects: what the cluster has of one stack, indexed by name and owner, and who waits for a change of it."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rohe_iac.manifests.kubernetes.labels import INSTANCE, NODE
from rohe_iac.targets.kubernetes.readiness.observed import KubernetesObject, Observed, is_terminating, name_of
from rohe_iac.targets.kubernetes.readiness.reasons.claims import claims_of

DEPLOYMENTS, JOBS, REPLICA_SETS, PODS, EVENTS, NODES = "deployments", "jobs", "replicasets", "pods", "events", "nodes"
CLAIMS, CLASSES = "persistentvolumeclaims", "storageclasses"
"""The plural names of the kinds that are watched, as in paths of the API; EVENTS are the warnings among the events."""

CLAIM_EVENTS, PULLS = "claim events", "pulls"
"""Names of further selections of events: those about claims, and those of images that a node begins to pull."""

ENDED = ("Succeeded", "Failed")
"""Phases of pods that hold no room on their node any more."""

SELECTIONS = (EVENTS, CLAIM_EVENTS, PULLS)
"""All selections of events."""


@dataclass(frozen=True)
class Subscription:
    """Somebody who waits.

    Attributes:
        changed: Is set when an object of one of the instances, or one of the nodes, has changed.
        instances: The instances.
        nodes: The nodes.
    """

    changed: threading.Event
    instances: frozenset[str]
    nodes: frozenset[str]


class StackObjects:
    """Objects by kind and name; every method may be called from any thread."""

    def __init__(self) -> None:
        """Begins without any object."""
        self._objects: dict[str, dict[str, KubernetesObject]] = defaultdict(dict)
        self._owned: dict[str, dict[str, KubernetesObject]] = defaultdict(dict)
        self._events: dict[tuple[str, str], dict[str, KubernetesObject]] = defaultdict(dict)
        self._classes_known = False
        self._subscriptions: list[Subscription] = []
        self._lock = threading.RLock()

    def replace(self, plural: str, objects: Iterable[KubernetesObject]) -> None:
        """Replaces all objects of a kind, which wakes everybody."""
        with self._lock:
            for item in tuple(self._objects[plural].values()):
                self._forget(plural, item)
            for item in objects:
                self._remember(plural, item)
            self._classes_known = self._classes_known or plural == CLASSES
            for subscription in self._subscriptions:
                subscription.changed.set()

    def put(self, plural: str, item: KubernetesObject) -> None:
        """Adds or replaces one object, which wakes those who wait for its instance or node."""
        with self._lock:
            self._forget(plural, item)
            self._remember(plural, item)
            self._wake(plural, item)

    def remove(self, plural: str, item: KubernetesObject) -> None:
        """Removes one object, which wakes those who wait for its instance or node."""
        with self._lock:
            self._forget(plural, item)
            self._wake(plural, item)

    def observed(self, instance: str, node: str) -> Observed:
        """Returns what there is of an instance, whose Deployment or Job has its name, and of a node."""
        with self._lock:
            deployment = self._objects[DEPLOYMENTS].get(instance)
            replica_sets = self._owned_by(deployment) if deployment is not None else ()
            job = self._objects[JOBS].get(instance)
            owners = replica_sets if job is None else (*replica_sets, job)
            pods = tuple(pod for owner in owners for pod in self._owned_by(owner))
            claimed = sorted(name for pod in pods for name in claims_of(pod))
            names = [name_of(item) for item in (*replica_sets, *pods)]
            return Observed(
                deployment,
                replica_sets,
                pods,
                self._about(EVENTS, (instance, *names)),
                self._objects[NODES].get(node),
                claims=[self._objects[CLAIMS][name] for name in claimed if name in self._objects[CLAIMS]],
                claim_events=self._about(CLAIM_EVENTS, claimed),
                classes=frozenset(self._objects[CLASSES]) if self._classes_known else None,
                pulls=self._about(PULLS, names),
                job=job,
                leaving=self._leaving(node) if any("nodeName" not in pod.get("spec", {}) for pod in pods) else (),
            )

    def all(self, plural: str) -> tuple[KubernetesObject, ...]:
        """Returns every object of a kind, sorted by name."""
        with self._lock:
            return tuple(item for _, item in sorted(self._objects[plural].items()))

    @contextlib.contextmanager
    def subscribed(self, instances: Iterable[str], nodes: Iterable[str]) -> Iterator[threading.Event]:
        """Returns a context with an event that is set at each change of one of these instances or nodes."""
        subscription = Subscription(threading.Event(), frozenset(instances), frozenset(nodes))
        with self._lock:
            self._subscriptions.append(subscription)
        try:
            yield subscription.changed
        finally:
            with self._lock:
                self._subscriptions.remove(subscription)

    def wake_all(self) -> None:
        """Wakes everybody who waits."""
        with self._lock:
            for subscription in self._subscriptions:
                subscription.changed.set()

    def _leaving(self, node: str) -> Sequence[str]:
        """Returns the names of the pods on a node that end, or whose Deployment or Job is gone or planned elsewhere."""
        found = []
        for pod in self._objects[PODS].values():
            ended = pod.get("status", {}).get("phase") in ENDED
            if pod.get("spec", {}).get("nodeName") == node and not ended:
                instance = self._instance_of(PODS, pod)
                deployment = self._objects[DEPLOYMENTS].get(instance) or self._objects[JOBS].get(instance)
                # The garbage collector ends the pod of a Deployment a moment after it; one without an owner stays.
                is_left = deployment is None and bool(pod.get("metadata", {}).get("ownerReferences"))
                planned = ((deployment or {}).get("metadata", {}).get("annotations") or {}).get(NODE, node)
                if is_terminating(pod) or is_left or planned != node:
                    found.append(name_of(pod))
        return sorted(found)

    def _about(self, selection: str, names: Iterable[str]) -> Sequence[KubernetesObject]:
        """Returns the events of a selection about objects of these names, oldest first."""
        found = [event for name in dict.fromkeys(names) for event in self._events.get((selection, name), {}).values()]
        return sorted(found, key=_time_of)

    def _owned_by(self, owner: KubernetesObject) -> tuple[KubernetesObject, ...]:
        return tuple(self._owned.get(str(owner.get("metadata", {}).get("uid", "")), {}).values())

    def _remember(self, plural: str, item: KubernetesObject) -> None:
        self._objects[plural][name_of(item)] = item
        if plural in SELECTIONS:
            self._events[plural, _about(item)][name_of(item)] = item
        for owner in item.get("metadata", {}).get("ownerReferences") or ():
            self._owned[owner["uid"]][name_of(item)] = item

    def _forget(self, plural: str, item: KubernetesObject) -> None:
        before = self._objects[plural].pop(name_of(item), None)
        if before is None:
            return
        if plural in SELECTIONS:
            self._events[plural, _about(before)].pop(name_of(before), None)
        for owner in before.get("metadata", {}).get("ownerReferences") or ():
            self._owned[owner["uid"]].pop(name_of(before), None)

    def _wake(self, plural: str, item: KubernetesObject) -> None:
        if plural == NODES:
            changed = [entry for entry in self._subscriptions if name_of(item) in entry.nodes]
        else:
            instance = self._instance_of(plural, item)
            changed = [entry for entry in self._subscriptions if instance in entry.instances]
        for subscription in changed:
            subscription.changed.set()

    def _instance_of(self, plural: str, item: KubernetesObject) -> str:
        if plural in SELECTIONS:
            name = _about(item)
            for kind in (PODS, REPLICA_SETS, DEPLOYMENTS, JOBS, CLAIMS):
                found = self._objects[kind].get(name)
                if found is not None:
                    return self._instance_of(kind, found)
            return ""
        return str((item.get("metadata", {}).get("labels") or {}).get(INSTANCE, name_of(item)))


def _about(event: KubernetesObject) -> str:
    return str(event.get("involvedObject", {}).get("name", ""))


def _time_of(event: KubernetesObject) -> tuple[str, str]:
    time = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or ""
    return str(time), name_of(event)
