"""A replica that runs once is ready when its Job is complete, and fails where nobody needs to wait for that."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.targets.kubernetes.object import DIGEST
from rohe_iac.targets.kubernetes.readiness.awaited import AwaitedReplica
from rohe_iac.targets.kubernetes.readiness.ending import judge_end
from rohe_iac.targets.kubernetes.readiness.observed import Observed
from rohe_iac.targets.kubernetes.readiness.prospect import ABSENT, ENDED, OVERDUE, Prospect, Standing

REPLICA = AwaitedReplica("replica/shop:migrate/0", "migrate-0", "n1", digest="d1", startup=90)
NODE = {"metadata": {"name": "n1"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}


def job(*conditions: str, digest: str = "d1", **words: str) -> dict[str, Any]:
    found = [{"type": kind, "status": "True", **words} for kind in conditions]
    template = {"metadata": {"annotations": {DIGEST: digest}}}
    metadata = {"name": "migrate-0", "uid": "u1"}
    return {"metadata": metadata, "spec": {"template": template}, "status": {"conditions": found}}


def pod(state: dict[str, Any], name: str = "migrate-0-a", **status: Any) -> dict[str, Any]:
    entry = {"name": "migrate", "state": state}
    spec = {"nodeName": "n1", "containers": [{"name": "migrate"}]}
    return {"metadata": {"name": name}, "spec": spec, "status": {"containerStatuses": [entry], **status}}


def prospect(found: dict[str, Any] | None, *pods: dict[str, Any], **more: Any) -> Prospect:
    return judge_end(REPLICA, Observed(None, pods=pods, **{"node": NODE, "job": found, **more}))


RUNNING = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}


def ended(code: int, reason: str = "Error") -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": reason}}


def test_a_complete_job_is_ready_even_when_its_pod_and_its_node_are_gone() -> None:
    assert prospect(job("Complete"), pod(ended(0))) == Prospect(Standing.READY, pod="migrate-0-a")
    assert prospect(job("Complete"), node=None).standing is Standing.READY


def test_a_job_of_another_template_makes_nothing_ready() -> None:
    assert prospect(job("Complete", digest="d0")).standing is Standing.WAITING
    assert prospect(job("Complete", digest="")).standing is Standing.READY


@pytest.mark.parametrize(
    ("state", "status", "words", "container"),
    [
        (ended(3), {}, "it runs once, and it ended with exit code 3", "migrate"),
        (ended(137, "OOMKilled"), {}, "it runs once, and it ended with exit code 137, OOMKilled", "migrate"),
        ({}, {"reason": "OutOfcpu", "message": "no cpu"}, "it runs once, and did not end well: OutOfcpu: no cpu", ""),
        ({}, {}, "it runs once, and did not end well: BackoffLimitExceeded: has reached the limit", ""),
    ],
)
def test_a_failed_job_fails_with_how_its_container_ended(
    state: dict[str, Any], status: dict[str, Any], words: str, container: str
) -> None:
    failed = job("Failed", reason="BackoffLimitExceeded", message="has reached the limit")
    found = prospect(failed, pod(state, phase="Failed", **status))
    assert found == Prospect(Standing.FAILED, ENDED, words, "migrate-0-a", container)


def test_the_step_before_it_that_failed_is_named() -> None:
    made = pod({"waiting": {"reason": "PodInitializing"}})
    made["status"]["initContainerStatuses"] = [{"name": "init-0-fetch", "state": ended(1)}]
    found = prospect(job("Failed"), made)
    assert (found.words, found.container) == (
        "it runs once, and container init-0-fetch ended with exit code 1",
        "init-0-fetch",
    )


def test_a_running_one_has_the_seconds_of_its_startup() -> None:
    found = prospect(job(), pod(RUNNING, phase="Running"))
    assert (found.standing, found.kind, found.settling) == (Standing.FAILED, OVERDUE, 90)
    assert "it has 90 s for that (`health.startup`)" in found.words


def test_an_image_that_cannot_be_pulled_ends_the_wait() -> None:
    found = prospect(job(), pod({"waiting": {"reason": "ImagePullBackOff", "message": "no such host"}}))
    assert (found.standing, found.kind) == (Standing.FAILED, "image")


def test_a_pod_that_the_cluster_refuses_is_told_of_this_job_alone() -> None:
    about = {"name": "migrate-0", "uid": "u1"}
    event = {"reason": "FailedCreate", "involvedObject": about, "message": "pods is forbidden: exceeded quota: small"}
    found = prospect(job(), events=[event])
    assert (found.kind, found.words.startswith("a quota or limit refuses its pod")) == ("quota", True)
    before = {**event, "involvedObject": {**about, "uid": "u0"}}
    assert prospect(job(), events=[before]).standing is Standing.WAITING


def test_nobody_goes_on_while_its_node_does_not_answer() -> None:
    silent = {**NODE, "status": {"conditions": [{"type": "Ready", "status": "Unknown", "message": "stopped"}]}}
    for unreachable in ("wait", "skip", "fail"):
        awaited = AwaitedReplica("replica/shop:migrate/0", "migrate-0", "n1", startup=90, unreachable=unreachable)
        found = judge_end(awaited, Observed(None, node=silent, job=job(digest="")))
        assert found.standing is Standing.FAILED
        assert "has not ended: node n1 is NotReady" in found.words


def test_a_job_that_is_gone_and_a_pod_that_is_not_made_yet() -> None:
    assert (prospect(None).kind, prospect(None).settling > 0) == (ABSENT, True)
    assert prospect(job()) == Prospect(Standing.WAITING, words="its pod is not made yet")
