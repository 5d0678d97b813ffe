"""Objects that no manifest asks for."""

from __future__ import annotations

from typing import Any, cast

from stored_objects import StoredObjects

from rohe_iac.foundation.clock import SystemClock
from rohe_iac.targets.kubernetes.object import MANAGED_BY, STACK
from rohe_iac.targets.kubernetes.objects.removal import labelled, remove_all, strays

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
    assert [str(item) for item in strays(labelled(cast(Any, server), "edge", SELECTOR), {kept.key})] == [
        "configmap/left"
    ]
    remove_all(cast(Any, server), "edge", SELECTOR, SystemClock(), 60)
    assert sorted(key[3] for key in server.objects) == ["edge", "of-others", "rohe-shop"]
