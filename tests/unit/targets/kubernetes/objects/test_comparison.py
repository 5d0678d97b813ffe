"""The objects of manifests beside those in the cluster."""

from __future__ import annotations

from typing import Any, cast

from stored_objects import StoredObjects

from rohe_iac.manifests.kubernetes.labels import MANAGED_BY, STACK
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.objects.comparison import ObjectComparison
from rohe_iac.targets.kubernetes.objects.edits import PlannedObject

OURS = {MANAGED_BY: "rohe", STACK: "shop"}
SELECTOR = f"{MANAGED_BY}=rohe,{STACK}=shop"


def wanted(name: str, **data: str) -> ClusterObject:
    metadata = {"name": name, "namespace": "edge", "labels": OURS}
    return ClusterObject({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def test_an_object_that_lost_its_labels_is_compared_too() -> None:
    server = StoredObjects()
    comparison = ObjectComparison(cast(Any, server), "edge", SELECTOR)
    changed = {"manager": "kubectl-edit", "fieldsV1": {"f:data": {"f:a": {}}}}
    server.add("ConfigMap", "one", "edge", labels=OURS)
    server.add("ConfigMap", "two", "edge", managedFields=[changed]).body["data"] = {"a": "9"}
    objects = [
        PlannedObject("service/one", wanted("one"), ""),
        PlannedObject("service/two", wanted("two", a="1"), ""),
        PlannedObject("service/x", wanted("absent"), ""),
    ]
    (found,) = comparison.edits(objects, {})
    assert (found.address, found.object, found.field) == ("service/two", "configmap/two", "data.a")
