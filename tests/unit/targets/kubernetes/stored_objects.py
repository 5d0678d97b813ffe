"""Stored objects: what the API server does with objects, for tests in which time or a fault is made up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rohe_iac.targets.kubernetes.api_server import Kind
from rohe_iac.targets.kubernetes.cluster import ObjectRefused
from rohe_iac.targets.kubernetes.object import ClusterObject

ALL = frozenset({"get", "list", "delete"})

KINDS = (
    Kind("v1", "Namespace", "namespaces", False, ALL),
    Kind("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", False, ALL),
    Kind("v1", "ConfigMap", "configmaps", True, ALL),
    Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims", True, ALL),
    Kind("v1", "Pod", "pods", True, ALL),
    Kind("apps/v1", "Deployment", "deployments", True, ALL),
    Kind("batch/v1", "Job", "jobs", True, ALL),
    Kind("storage.k8s.io/v1", "StorageClass", "storageclasses", False, ALL),
    Kind("coordination.k8s.io/v1", "Lease", "leases", True, ALL),
)

Key = tuple[str, str, str, str]


class StoredObjects:
    """Takes the place of ApiServer; every object has a resource version, and writes of an older one are refused."""

    def __init__(self) -> None:
        self.objects: dict[Key, ClusterObject] = {}
        self.version = 0
        self.refused: dict[str, Exception] = {}

    @property
    def kinds(self) -> Mapping[tuple[str, str], Kind]:
        return {(kind.api_version, kind.kind): kind for kind in KINDS}

    def get(self, key: Key) -> ClusterObject | None:
        return self.objects.get(key)

    def get_of(self, kind: Kind, namespace: str, name: str, *, metadata: bool = False) -> ClusterObject | None:
        return self.objects.get((kind.api_version, kind.kind, namespace, name))

    def list(
        self, kind: Kind, namespace: str, selector: str = "", *, metadata: bool = False
    ) -> Iterator[ClusterObject]:
        if kind.kind in self.refused:
            raise self.refused[kind.kind]
        wanted = dict(part.split("=") for part in selector.split(",") if part)
        for found in list(self.objects.values()):
            same = (found.api_version, found.kind) == (kind.api_version, kind.kind)
            if (
                same
                and (not kind.namespaced or found.namespace == namespace)
                and wanted.items() <= found.labels.items()
            ):
                yield found

    def create(self, wanted: ClusterObject) -> ClusterObject:
        if wanted.key in self.objects:
            raise refusal(409, "it exists")
        return self._put(wanted)

    def replace(self, wanted: ClusterObject) -> ClusterObject:
        found = self.objects.get(wanted.key)
        if found is None:
            raise refusal(404, "it is absent")
        if found.body["metadata"]["resourceVersion"] != wanted.body["metadata"].get("resourceVersion"):
            raise refusal(409, "it was changed")
        return self._put(wanted)

    def delete(self, found: ClusterObject, *, owned_first: bool = False) -> None:
        self.objects.pop(found.key, None)

    def add(self, kind: str, name: str, namespace: str = "", **metadata: Any) -> ClusterObject:
        """Stores an object that is not made by the code under test."""
        api_version = next(item.api_version for item in KINDS if item.kind == kind)
        place = {"namespace": namespace} if namespace else {}
        body = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **place, **metadata}}
        return self._put(ClusterObject(body))

    def _put(self, wanted: ClusterObject) -> ClusterObject:
        self.version += 1
        metadata = {**wanted.body["metadata"], "resourceVersion": str(self.version)}
        self.objects[wanted.key] = ClusterObject({**wanted.body, "metadata": metadata})
        return self.objects[wanted.key]


def refusal(code: int, message: str) -> ObjectRefused:
    """Returns what is raised where the API server refuses a request."""
    return ObjectRefused("edge", code, message)
