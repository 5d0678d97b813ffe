"""The namespace of a stack: made where absent; removed only where rohe made it and nothing of others is in it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from stored_objects import StoredObjects

from rohe_iac.foundation.clock import SystemClock
from rohe_iac.manifests.kubernetes.labels import MANAGED_BY, STACK
from rohe_iac.targets.kubernetes.namespace import MADE_BY, StackNamespace
from rohe_iac.targets.kubernetes.object import ClusterObject

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


SELECTOR = ",".join(f"{key}={value}" for key, value in OURS.items())


def _cleared(server: StoredObjects, *, made: bool) -> tuple[list[str], str]:
    """Returns the names that are left of a namespace that the stack has moved out of, and what is said of it."""
    server.add("Namespace", "edge", annotations={MADE_BY: "shop"} if made else {})
    server.add("ConfigMap", "settings", "edge", labels=OURS)
    server.add("Lease", "rohe-shop", "edge", labels=OURS)
    owners = [{"kind": "ReplicaSet", "name": "back-0-1", "apiVersion": "apps/v1", "uid": "1"}]
    server.add("Pod", "back-0-1-x", "edge", labels=OURS, ownerReferences=owners)
    words = namespace(server).clear(SELECTOR, (), SystemClock(), 1.0)
    return sorted(name for _, _, _, name in server.objects), words


def test_a_former_namespace_is_cleared_and_goes_where_rohe_made_it() -> None:
    assert _cleared(StoredObjects(), made=True) == (["back-0-1-x"], "")
    assert _cleared(StoredObjects(), made=False) == (["back-0-1-x", "edge"], "")


def test_claims_stay_in_a_former_namespace_with_words_on_how_to_remove_them() -> None:
    server = StoredObjects()
    server.add("PersistentVolumeClaim", "back-0.n1", "edge", labels=OURS)
    names, words = _cleared(server, made=True)
    assert names == ["back-0-1-x", "back-0.n1", "edge"]
    assert words.startswith("1 claim of the stack stays in its former namespace edge, with ")
    assert f"`kubectl delete pvc -n edge -l {SELECTOR}` removes" in words
    assert words.endswith("and `kubectl delete namespace edge` the namespace")
