"""Which objects of a stack are no longer in the cluster."""

from __future__ import annotations

from typing import Any

from stored_objects import StoredObjects

from rohe_iac.targets.kubernetes.objects.presence import absent

LABELS = {"app.kubernetes.io/managed-by": "rohe", "rohe.dev/stack": "shop"}
SELECTOR = ",".join(f"{key}={value}" for key, value in LABELS.items())


def test_what_was_removed_and_what_is_in_another_namespace_is_absent() -> None:
    server: Any = StoredObjects()
    wanted = {
        "there": server.add("ConfigMap", "there", "edge", labels=LABELS),
        "removed": server.add("Deployment", "removed", "edge", labels=LABELS),
        "elsewhere": server.add("ConfigMap", "elsewhere", "other", labels=LABELS),
    }
    server.delete(wanted["removed"])
    assert absent(server, "edge", SELECTOR, wanted) == ("elsewhere", "removed")
    assert absent(server, "edge", SELECTOR, {}) == ()
