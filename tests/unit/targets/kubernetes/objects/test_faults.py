"""What is amiss of a stack's objects, in words by address."""

from __future__ import annotations

from typing import Any

from rohe_iac.deployment.ports import Live
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.objects.faults import faults_of


def claim(name: str, **metadata: Any) -> ClusterObject:
    body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, **metadata}}
    return ClusterObject(body)


def test_each_fault_is_told_in_words_of_its_own() -> None:
    wanted = [("replica/a", claim("a")), ("replica/b", claim("b")), ("replica/c", claim("c"))]
    ending = claim("b", deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["kubernetes.io/pvc-protection"])
    present = {item.key: item for item in (ending, claim("c"))}
    parts = [Live("replica/a", "a", "pending", detail="no node"), Live("replica/c", "c", "running")]
    assert faults_of(wanted, present, parts, {"credential/a": "secret/s is damaged"}, [claim("left")]) == {
        "credential/a": "secret/s is damaged",
        "persistentvolumeclaim/left": "is not of the plan",
        "replica/a": "persistentvolumeclaim/a is absent; is pending: no node",
        "replica/b": "persistentvolumeclaim/b is being deleted, kept by finalizer kubernetes.io/pvc-protection; "
        "what is stored on it is lost then",
    }
