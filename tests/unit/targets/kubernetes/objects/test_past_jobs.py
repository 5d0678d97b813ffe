"""Which Jobs are removed before what runs once runs again."""

from __future__ import annotations

from typing import Any

import pytest
from stored_objects import StoredObjects

from rohe_iac.targets.kubernetes.object import DIGEST, ClusterObject
from rohe_iac.targets.kubernetes.objects.past_jobs import JobStays, remove_past_jobs


class HandClock:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def removed(server: Any) -> frozenset[str]:
    clock: Any = HandClock()
    return remove_past_jobs(server, {"job-migrate-0": ("d1", job())}, clock)


LABELS = {"rohe.dev/stack": "shop"}


def job(*conditions: str, digest: str = "d1") -> ClusterObject:
    template = {"metadata": {"annotations": {DIGEST: digest}}, "spec": {"terminationGracePeriodSeconds": 5}}
    body = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "migrate-0", "namespace": "edge", "labels": LABELS, "uid": "u1"},
        "spec": {"template": template},
        "status": {"conditions": [{"type": kind, "status": "True"} for kind in conditions]},
    }
    return ClusterObject(body)


@pytest.mark.parametrize(
    ("live", "stays", "changed"),
    [
        (job("Complete"), True, False),
        (job(), True, False),
        (job("Failed"), False, False),
        (job("Complete", digest="d0"), False, True),
        (job("Failed", digest="d0"), False, True),
        (job(digest="d0"), False, True),
        (job("Complete", digest=""), True, False),
    ],
)
def test_one_that_failed_or_is_another_gives_way(live: ClusterObject, stays: bool, changed: bool) -> None:
    server: Any = StoredObjects()
    server.create(live)
    found = removed(server)
    assert (live.key in server.objects, found) == (stays, {"job-migrate-0"} if changed else frozenset())


def test_a_deployment_in_whose_place_a_job_comes_gives_way_and_those_of_others_do_not() -> None:
    server: Any = StoredObjects()
    ours = server.add("Deployment", "migrate-0", "edge", labels=LABELS)
    assert removed(server) == frozenset()
    assert ours.key not in server.objects
    others = server.add("Deployment", "migrate-0", "edge", labels={"rohe.dev/stack": "kiosk"})
    removed(server)
    assert others.key in server.objects


def test_a_pod_that_does_not_end_is_told_and_nothing_else_is_changed() -> None:
    class Kept(StoredObjects):
        def delete(self, found: ClusterObject, *, owned_first: bool = False) -> None:
            assert owned_first

    server: Any = Kept()
    server.create(job(digest="d0"))
    with pytest.raises(JobStays, match=r"job/migrate-0 has to be replaced, and its pod has not ended after 35s"):
        removed(server)
