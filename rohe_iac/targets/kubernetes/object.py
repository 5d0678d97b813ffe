"""Object: one document of a manifest as a cluster knows it, and what the engine is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from rohe_iac.foundation.errors import RoheError
from rohe_iac.manifests.kubernetes.labels import MANAGED_BY, STACK
from rohe_iac.manifests.kubernetes.pod.once import JOB, MAKES_PODS
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.kubernetes.cluster import FIELD_MANAGER

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

PREFETCH = "rohe.dev/prefetch"
"""The label of a pod that only pulls an image."""

PROJECT = "rohe.dev/project"
"""The label with the project id of the blueprint that an object is of."""

NAMESPACE_LABEL = "rohe.dev/namespace"
"""The label of an object that is in no namespace, with the namespace of the stack that it belongs to."""

SERIAL = "rohe.dev/serial"
"""The annotation of a pod, or of a Job, with the serial of the record in which its template changed last."""

DIGEST = "rohe.dev/digest"
"""The annotation of a pod with `Manifest.digest`, that of its template."""

MANIFEST = "rohe.dev/manifest"
"""The annotation of an object with the digest of the manifest that it was made of."""

ENGINE_ANNOTATIONS = {
    "pulumi.com/skipAwait": "true",
    "pulumi.com/patchFieldManager": FIELD_MANAGER,
    "pulumi.com/deletionPropagationPolicy": "background",
}
"""What the provider is told by annotations: to leave waiting to rohe, whose fields it writes, and to leave what an
object owns to the cluster's garbage collector."""


Key = tuple[str, str, str, str]
"""Group and version, kind, namespace ("" for none) and name, which together name one object of a cluster."""


class UnreadableObject(RoheError):
    """A manifest is no object of a cluster."""


@dataclass(frozen=True)
class ClusterObject:
    """An object of a cluster.

    Attributes:
        body: The object as the API server takes it.
    """

    body: dict[str, Any]

    @property
    def api_version(self) -> str:
        """Returns group and version, such as apps/v1."""
        return str(self.body["apiVersion"])

    @property
    def kind(self) -> str:
        """Returns the kind, such as Deployment."""
        return str(self.body["kind"])

    @property
    def name(self) -> str:
        """Returns the name, which is unique among the objects of a kind in a namespace."""
        return str(self.body["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Returns the namespace, "" where the object is in none."""
        return str(self.body["metadata"].get("namespace", ""))

    @property
    def labels(self) -> dict[str, str]:
        """Returns the labels."""
        return dict(self.body["metadata"].get("labels") or {})

    @property
    def annotations(self) -> dict[str, str]:
        """Returns the annotations."""
        return dict(self.body["metadata"].get("annotations") or {})

    @property
    def uid(self) -> str:
        """Returns what tells the object from another one of its name, "" before the cluster has made it."""
        return str(self.body["metadata"].get("uid", ""))

    @property
    def is_ending(self) -> bool:
        """Returns whether the object is being deleted."""
        return "deletionTimestamp" in self.body["metadata"]

    @property
    def ending_words(self) -> str:
        """Returns that the object is being deleted, and what keeps it until then; "" where it is not."""
        if not self.is_ending:
            return ""
        kept = f", kept by {', '.join(f'finalizer {name}' for name in self.finalizers)}" if self.finalizers else ""
        lost = "; what is stored on it is lost then" if self.kind == "PersistentVolumeClaim" else ""
        return f"{self} is being deleted{kept}{lost}"

    @property
    def finalizers(self) -> tuple[str, ...]:
        """Returns what must be taken away before a deleted object is gone."""
        return tuple(self.body["metadata"].get("finalizers") or ())

    @property
    def owners(self) -> tuple[str, ...]:
        """Returns the objects that this one goes with, such as `replicaset/NAME`."""
        references = self.body["metadata"].get("ownerReferences") or ()
        return tuple(f"{str(item['kind']).lower()}/{item['name']}" for item in references)

    @cached_property
    def key(self) -> Key:
        """Returns what names the object in the cluster."""
        return self.api_version, self.kind, self.namespace, self.name

    def __str__(self) -> str:
        """Returns the object as people name it: `deployment/NAME`."""
        return f"{self.kind.lower()}/{self.name}"


def newest(pods: Sequence[ClusterObject]) -> ClusterObject:
    """Returns of the pods of one instance the one that counts: not one that is being deleted, and the newest."""

    def order(pod: ClusterObject) -> tuple[bool, str]:
        return not pod.is_ending, str(pod.body["metadata"].get("creationTimestamp", ""))

    return max(pods, key=order)


def object_of(manifest: Manifest) -> ClusterObject:
    """Reads the object of a manifest.

    Raises:
        UnreadableObject: The text is no object.
    """
    try:
        found = ClusterObject(yaml.load(manifest.text, Loader=_LOADER))
        _ = found.key
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise UnreadableObject(f"the manifest {manifest.name} is no object of a cluster", detail=str(error)) from error
    return found


def engine_inputs(found: ClusterObject, namespace: str, project: str, stack: str, manifest: Manifest) -> dict[str, Any]:
    """Returns the inputs of an object's resource: the object with the provider's annotations.

    Args:
        found: The object of a manifest.
        namespace: The namespace of the stack, which an object that is in none gets as a label: stacks of one name may
            be in two namespaces of a cluster.
        project: The project id, a label too: two projects may have a stack of one name.
        stack: The name of the stack, by whose label the sweep finds objects of a user's own templates, too.
        manifest: The manifest, whose SHA-256 digest the object carries; a pod carries the serial and the
            digest; the serial of a pod that runs once is on its Job.
    """
    metadata = dict(found.body["metadata"])
    metadata["annotations"] = {**found.annotations, **ENGINE_ANNOTATIONS, MANIFEST: manifest.sha256}
    own = {MANAGED_BY: "rohe", STACK: stack, PROJECT: project}
    metadata["labels"] = {**found.labels, **own, **({} if found.namespace else {NAMESPACE_LABEL: namespace})}
    body = {**found.body, "metadata": metadata}
    if manifest.serial and found.kind in MAKES_PODS:
        spec, marks = found.body["spec"], {SERIAL: str(manifest.serial), DIGEST: manifest.digest}
        if found.kind == JOB:
            # The template of a Job never changes, and the serial is another one where another machine takes it over.
            metadata["annotations"][SERIAL] = marks.pop(SERIAL)
        pod = dict(spec["template"]["metadata"])
        pod["annotations"] = {**(pod.get("annotations") or {}), **marks}
        body["spec"] = {**spec, "template": {**spec["template"], "metadata": pod}}
    return body
