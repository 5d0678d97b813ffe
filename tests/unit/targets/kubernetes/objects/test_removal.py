"""Objects that no manifest asks for."""

from __future__ import annotations

from typing import Any, cast

import pytest
from stored_objects import StoredObjects, refusal

from rohe_iac.foundation.clock import SystemClock
from rohe_iac.manifests.kubernetes.labels import MANAGED_BY, STACK
from rohe_iac.targets.kubernetes.cluster import ClusterRefused
from rohe_iac.targets.kubernetes.objects.removal import kinds_to_look_for, labelled, remove_all, strays

OURS = {MANAGED_BY: "rohe", STACK: "shop"}
SELECTOR = f"{MANAGED_BY}=rohe,{STACK}=shop"


def test_strays_are_labelled_objects_that_are_not_wanted_and_that_no_controller_made() -> None:
    server = StoredObjects()
    server.add("Namespace", "edge", labels=OURS)
    server.add("Pod", "made-by-a-controller", "edge", labels=OURS)
    server.add("Lease", "rohe-shop", "edge", labels=OURS)
    server.add("ConfigMap", "of-others", "edge")
    kept = server.add("ConfigMap", "kept", "edge", labels=OURS)
    server.add("ConfigMap", "left", "edge", labels=OURS)
    present = labelled(cast(Any, server), "edge", SELECTOR, tuple(server.kinds.values()))
    assert [str(item) for item in strays(present, {kept.key})] == ["configmap/left"]
    remove_all(cast(Any, server), "edge", SELECTOR, SystemClock(), 60)
    assert sorted(key[3] for key in server.objects) == ["edge", "of-others", "rohe-shop"]


def test_objects_of_the_whole_cluster_are_looked_for_only_of_kinds_that_the_stack_has() -> None:
    server = cast(Any, StoredObjects())
    role = ("rbac.authorization.k8s.io/v1", "ClusterRole")
    namespaced = {"ConfigMap", "Deployment", "Job", "PersistentVolumeClaim", "Pod"}
    assert {kind.kind for kind in kinds_to_look_for(server, ())} == {*namespaced, "ClusterRole", "StorageClass"}
    assert {kind.kind for kind in kinds_to_look_for(server, {role})} == {*namespaced, "ClusterRole"}
    assert {kind.kind for kind in kinds_to_look_for(server, {("v1", "Pod")})} == namespaced


def test_what_this_user_may_not_list_is_left_out_unless_the_stack_has_it() -> None:
    server = StoredObjects()
    server.add("ConfigMap", "left", "edge", labels=OURS)
    server.refused = {"Pod": ClusterRefused("no right")}
    kinds = tuple(server.kinds.values())
    assert [item.name for item in labelled(cast(Any, server), "edge", SELECTOR, kinds)] == ["left"]
    with pytest.raises(ClusterRefused):
        list(labelled(cast(Any, server), "edge", SELECTOR, kinds, {("v1", "Pod")}))
    # The definition of a kind may go between two questions.
    server.refused = {"Pod": refusal(404, "the server could not find the requested resource")}
    assert [item.name for item in labelled(cast(Any, server), "edge", SELECTOR, kinds)] == ["left"]
