"""What of a claim that is there a plan cannot change, and what is done about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from stored_objects import StoredObjects

from rohe_iac.foundation.clock import SystemClock
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.objects.claim_changes import (
    ClaimsFixed,
    claim_changes,
    refuse_fixed_claims,
    remove_empty_claims,
)


def _claim(size: str = "1Gi", **spec: Any) -> ClusterObject:
    metadata = {"name": "web-0.n1", "namespace": "edge"}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    return ClusterObject({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec})


def _cluster(live: ClusterObject, *, own: Mapping[str, Any] | None = None, grows: bool = False) -> Any:
    """Returns a server that has a claim, whose fields `own` rohe has set, and a class `fast`."""
    server: Any = StoredObjects()
    entry = {"manager": "rohe", "fieldsV1": {"f:spec": {f"f:{field}": {} for field in own or ()}}}
    metadata = {**live.body["metadata"], "managedFields": [entry]}
    server.create(ClusterObject({**live.body, "metadata": metadata}))
    named = {"metadata": {"name": "fast"}, "allowVolumeExpansion": grows}
    server.create(ClusterObject({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", **named}))
    return server


BOUND = {"volumeName": "pv-1", "storageClassName": "fast"}


@pytest.mark.parametrize(
    ("live", "wanted", "words"),
    [
        (_claim(**BOUND), _claim(), ""),
        (_claim(**BOUND), _claim(storageClassName="fast"), ""),
        (_claim("1Gi", **BOUND), _claim("1024Mi"), ""),
        (_claim(**BOUND), _claim(storageClassName="slow"), "its storageClassName is fast, and the plan says slow"),
        (_claim(storageClassName="nope"), _claim(storageClassName="fast"), "is nope, and the plan says fast"),
        (_claim(**BOUND), _claim("512Mi"), "its size is 1Gi, and it cannot shrink to 512Mi"),
        (_claim(**BOUND), _claim("2Gi"), "its size is 1Gi, and its class fast does not let it grow to 2Gi"),
        (_claim(), _claim("2Gi"), "its size is 1Gi, and the plan says 2Gi"),
    ],
)
def test_what_cannot_change_in_place_is_told(live: ClusterObject, wanted: ClusterObject, words: str) -> None:
    found = claim_changes(_cluster(live), [wanted])
    assert [words in change.words for change in found] == ([True] if words else [])


def test_a_class_that_lets_claims_grow_and_a_claim_that_is_not_there_change_nothing() -> None:
    assert claim_changes(_cluster(_claim(**BOUND), grows=True), [_claim("2Gi")]) == ()
    assert claim_changes(StoredObjects(), [_claim()]) == ()  # type: ignore[arg-type]


def test_a_class_that_the_plan_had_and_leaves_to_the_cluster_now_cannot_be_taken_away() -> None:
    (change,) = claim_changes(_cluster(_claim(**BOUND), own={"storageClassName": {}}), [_claim()])
    assert change.words == "its storageClassName is fast, and the plan does not say"


def test_a_claim_without_a_volume_is_removed_and_one_with_a_volume_is_refused() -> None:
    server = _cluster(_claim(storageClassName="nope"))
    changes = claim_changes(server, [_claim(storageClassName="fast")])
    refuse_fixed_claims(changes)
    remove_empty_claims(server, changes, SystemClock())
    assert claim_changes(server, [_claim()]) == ()

    server = _cluster(_claim(**BOUND))
    changes = claim_changes(server, [_claim(storageClassName="slow")])
    with pytest.raises(ClaimsFixed, match="1 claim cannot be changed as the plan asks") as caught:
        refuse_fixed_claims(changes)
    assert caught.value.detail == "persistentvolumeclaim/web-0.n1: its storageClassName is fast, and the plan says slow"
    remove_empty_claims(server, changes, SystemClock())
    assert len(claim_changes(server, [_claim(storageClassName="slow")])) == 1
