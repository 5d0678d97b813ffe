"""What the volume controller says about a claim is told, and ends the wait where nobody will ever bind the claim."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.targets.kubernetes.readiness.awaited import AwaitedReplica
from rohe_iac.targets.kubernetes.readiness.observed import Observed
from rohe_iac.targets.kubernetes.readiness.prospect import Prospect, Standing, waiting
from rohe_iac.targets.kubernetes.readiness.reasons.claims import claim_prospects, claim_words
from rohe_iac.targets.kubernetes.readiness.waiting import waited_for

POD: dict[str, Any] = {
    "metadata": {"name": "x-0-a-b"},
    "spec": {"volumes": [{"name": "state", "persistentVolumeClaim": {"claimName": "x-0.n1"}}, {"name": "tmp"}]},
}
NO_CLASS = "no persistent volumes available for this claim and no storage class is set"
GONE = 'storageclass.storage.k8s.io "fast" not found'
BY_HAND = "no volume plugin matched name: kubernetes.io/no-provisioner"


def observed(
    words: str, storage_class: str = "", *, phase: str = "Pending", classes: set[str] | None = None
) -> Observed:
    claim = {"metadata": {"name": "x-0.n1"}, "spec": {"storageClassName": storage_class}, "status": {"phase": phase}}
    events = [{"involvedObject": {"name": "x-0.n1"}, "message": words}] if words else []
    known = None if classes is None else frozenset(classes)
    return Observed(None, pods=[POD], claims=[claim], claim_events=events, classes=known)


@pytest.mark.parametrize(
    ("words", "storage_class", "classes"),
    [
        (NO_CLASS, "", set()),
        (NO_CLASS, "", None),
        (GONE, "fast", {"slow"}),
        (GONE, "fast", None),
        (BY_HAND, "own", {"own"}),
    ],
)
def test_a_claim_that_nobody_binds_is_a_failure(words: str, storage_class: str, classes: set[str] | None) -> None:
    (found,) = claim_prospects(POD, observed(words, storage_class, classes=classes))
    assert (found.standing, found.kind, found.settling) == (Standing.FAILED, "claim", 5.0)
    assert found.words.startswith(f"claim x-0.n1 is not bound: {words}; name a class")


@pytest.mark.parametrize(
    ("words", "storage_class"),
    [
        (NO_CLASS, "made-the-default-since"),
        (GONE, "fast"),
        ("waiting for first consumer to be created before binding", "fast"),
        ("failed to provision volume: timeout", "fast"),
        ("", ""),
    ],
)
def test_a_claim_that_may_still_be_bound_is_waited_for(words: str, storage_class: str) -> None:
    """What the controller said before the class was there does not count."""
    found = observed(words, storage_class, classes={"fast"})
    assert list(claim_prospects(POD, found)) == []
    assert claim_words(POD, found).startswith("claim x-0.n1 is not bound: " + words)


def test_a_bound_claim_is_no_reason() -> None:
    assert list(claim_prospects(POD, observed(NO_CLASS, phase="Bound"))) == []
    assert claim_words(POD, observed(NO_CLASS, phase="Bound")) == ""


def test_the_first_replica_that_is_waited_for_is_named_where_there_are_several() -> None:
    replicas = [AwaitedReplica(f"replica/d:x/{number}", f"x-{number}", "n1") for number in range(3)]
    found = {"x-0": Prospect(Standing.READY), "x-1": waiting("slow"), "x-2": waiting("slower")}
    assert waited_for(replicas, found) == "replica/d:x/1: slow (1 more not ready)"
    assert waited_for(replicas[1:2], found) == "slow"
