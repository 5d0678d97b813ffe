"""The namespace of a stack: made where absent; removed only where rohe made it and nothing of others is in it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from stored_objects import StoredObjects

from rohe_iac.foundation.clock import SystemClock
from rohe_iac.targets.kubernetes.namespace import MADE_BY, StackNamespace
from rohe_iac.targets.kubernetes.object import MANAGED_BY, STACK, ClusterObject

KEY = ("v1", "Namespace", "", "edge")
OURS = {MANAGED_BY: "rohe", STACK: "shop"}
WANTED = ClusterObject({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "edge", "labels": OURS}})


@pytest.fixture
def server() -> StoredObjects:
    return StoredObjects()


def namespace(server: StoredObjects) -> StackNamespace:
    return StackNamespace(cast(Any, server), "edge", "shop")


def test_a_namespace_that_rohe_made_goes_with_the_stack(server: StoredObjects) -> None:
    namespace(server).ensure(WANTED)
    server.add("ConfigMap", "kube-root-ca.crt", "edge")
    server.add("ConfigMap", "settings", "edge", labels=OURS)
    server.add("Pod", "p", "edge", ownerReferences=[{"kind": "ReplicaSet", "name": "r"}])
    assert namespace(server).remove(SystemClock(), 60) == ""
    assert KEY not in server.objects


def test_a_namespace_that_was_there_is_neither_changed_nor_removed(server: StoredObjects) -> None:
    before = server.add("Namespace", "edge")
    namespace(server).ensure(WANTED)
    assert server.objects[KEY] is before
    assert namespace(server).remove(SystemClock(), 60) == ""
    assert KEY in server.objects


def test_a_namespace_with_objects_of_others_stays_and_they_are_named(server: StoredObjects) -> None:
    namespace(server).ensure(WANTED)
    assert MADE_BY in server.objects[KEY].body["metadata"]["annotations"]
    server.add("ConfigMap", "theirs", "edge")
    server.add("ConfigMap", "of-another-stack", "edge", labels={**OURS, STACK: "other"})
    assert namespace(server).remove(SystemClock(), 60) == (
        "the namespace edge stays, because others have objects in it: configmap/of-another-stack, configmap/theirs"
    )
    assert KEY in server.objects


def test_an_absent_namespace_is_no_error(server: StoredObjects) -> None:
    assert namespace(server).remove(SystemClock(), 60) == ""
