"""The state of a stack's parts, as the cluster's own objects and words say it."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.deployment.ports import Live
from rohe_iac.manifests.kubernetes.labels import ADDRESS, INSTANCE
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.parts import live_parts

STARTED = "2026-01-02T03:04:05Z"
LATER = "2026-01-02T03:05:05Z"
RUNNING = {"running": {"startedAt": STARTED}}


def deployment(**status: Any) -> ClusterObject:
    metadata = {
        "name": "back-0",
        "namespace": "edge",
        "labels": {INSTANCE: "back-0"},
        "annotations": {ADDRESS: "replica/shop:back/0"},
    }
    return ClusterObject({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "status": status})


def pod(*, node: str = "edge-1", name: str = "back-0-x", **more: Any) -> ClusterObject:
    metadata = {"name": name, "namespace": "edge", "labels": {INSTANCE: "back-0"}, **more.pop("metadata", {})}
    limits = {"limits": {"memory": "128Mi"}}
    spec = {"containers": [{"name": "back", "resources": limits}], **({"nodeName": node} if node else {})}
    return ClusterObject({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": more})


def only(*pods: ClusterObject, of: ClusterObject | None = None) -> Live:
    (found,) = live_parts([of or deployment()], pods)
    return found


def ready(status: str, since: str = STARTED, **more: str) -> list[dict[str, str]]:
    return [{"type": "Ready", "status": status, "lastTransitionTime": since, **more}]


def test_a_ready_pod_runs_on_its_node() -> None:
    container = {"restartCount": 2, "state": RUNNING}
    found = only(pod(phase="Running", conditions=ready("True"), containerStatuses=[container]))
    assert (found.address, found.instance, found.state, found.where) == (
        "replica/shop:back/0",
        "back-0",
        "running",
        "back-0-x",
    )
    assert (found.node, found.restarts, found.began) == ("edge-1", 2, 1767323045.0)


def test_a_pod_without_a_node_is_pending_with_the_words_of_the_scheduler() -> None:
    words = "0/2 nodes are available: 2 Insufficient cpu."
    condition = {"type": "PodScheduled", "status": "False", "message": words}
    found = only(pod(node="", phase="Pending", conditions=[condition]))
    assert (found.state, found.detail, found.node) == ("pending", words, "")


@pytest.mark.parametrize(
    ("reason", "state"),
    [("ContainerCreating", "starting"), ("ImagePullBackOff", "failing"), ("CreateContainerConfigError", "failing")],
)
def test_a_waiting_container_fails_where_its_reason_does_not_pass_by_itself(reason: str, state: str) -> None:
    container = {"restartCount": 0, "state": {"waiting": {"reason": reason, "message": "so it is"}}}
    found = only(pod(phase="Pending", conditions=ready("False"), containerStatuses=[container]))
    assert (found.state, found.detail) == (state, f"{reason}: so it is")


def test_how_the_last_run_ended_is_told_in_the_words_of_this_machine() -> None:
    ended = {"terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": LATER}}
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    container = {"restartCount": 3, "state": waiting, "lastState": ended}
    found = only(pod(phase="Running", conditions=ready("False"), containerStatuses=[container]))
    assert (found.state, found.last_end, found.ended) == ("failing", "was killed for memory: 128Mi", 1767323105.0)


def test_a_container_that_is_ready_no_more_does_not_listen() -> None:
    statuses = [{"restartCount": 0, "state": RUNNING}]
    early = only(pod(phase="Running", conditions=ready("False", STARTED), containerStatuses=statuses))
    late = only(pod(phase="Running", conditions=ready("False", LATER), containerStatuses=statuses))
    assert (early.state, late.state) == ("starting", "not listening")


def test_a_deployment_without_a_pod_says_why_there_is_none() -> None:
    words = 'pods "back-0-x" is forbidden: exceeded quota'
    failed = deployment(conditions=[{"type": "ReplicaFailure", "status": "True", "message": words}])
    assert (only(of=failed).state, only(of=failed).detail) == ("failing", words)
    assert only().state == "stopped"


def test_of_two_pods_the_one_counts_that_stays() -> None:
    old = pod(name="old", metadata={"deletionTimestamp": LATER, "creationTimestamp": STARTED}, phase="Running")
    new = pod(name="new", metadata={"creationTimestamp": LATER}, phase="Running", conditions=ready("True"))
    assert only(old, new).where == "new"
    assert only(old).state == "stopping"


def test_a_pod_on_a_node_that_does_not_answer_is_lost() -> None:
    assert only(pod(phase="Running", conditions=ready("Unknown"))).state == "lost"


@pytest.mark.parametrize(
    ("pods", "state"),
    [
        ([pod(phase="Running", conditions=ready("True"))], "lost"),
        ([pod(phase="Running", conditions=ready("False"))], "lost"),
        ([pod(node="", phase="Pending")], "pending"),
        ([], "pending"),
    ],
)
def test_what_is_on_a_silent_node_has_the_words_of_the_node(pods: list[ClusterObject], state: str) -> None:
    words = "node edge-1 is NotReady: Kubelet stopped posting node status."
    of = deployment()
    of.body["metadata"]["annotations"]["rohe.dev/node"] = "edge-1"
    (found,) = live_parts([of], pods, {"edge-1": words})
    assert (found.state, found.detail) == (state, words)
    (ending,) = live_parts([of], [pod(metadata={"deletionTimestamp": STARTED})], {"edge-1": words})
    assert (ending.state, ending.detail) == ("stopping", f"its pod is being deleted; {words}")


def test_a_pod_that_no_deployment_owns_is_a_part_of_its_own() -> None:
    (found,) = live_parts([], [pod(phase="Failed", reason="Evicted", message="low on disk")])
    assert (found.address, found.state, found.detail) == ("replica/back-0", "failing", "Evicted: low on disk")


def job(*conditions: str, **words: str) -> ClusterObject:
    found = [{"type": kind, "status": "True", **words} for kind in conditions]
    of = deployment(conditions=found).body
    of["metadata"]["annotations"] |= {"rohe.dev/serial": "3", "rohe.dev/node": "edge-1"}
    template = {"metadata": {"annotations": {"rohe.dev/digest": "d1"}}}
    return ClusterObject({**of, "apiVersion": "batch/v1", "kind": "Job", "spec": {"template": template}})


def ended(code: int) -> dict[str, Any]:
    terminated = {"reason": "Error" if code else "Completed", "exitCode": code, "finishedAt": LATER}
    return {"name": "back", "restartCount": 0, "state": {"terminated": terminated}}


def test_what_runs_once_is_done_when_its_job_is_complete_whatever_became_of_its_pod() -> None:
    found = only(pod(phase="Succeeded", containerStatuses=[ended(0)]), of=job("Complete"))
    assert (found.state, found.where, found.ended) == ("done", "back-0-x", 1767323105.0)
    assert (found.detail, found.last_end) == ("", "")
    assert (found.serial, found.digest) == (3, "d1")
    (found,) = live_parts([job("Complete")], [], {"edge-1": "node edge-1 is NotReady: it stopped"})
    assert (found.state, found.detail, found.serial, found.digest) == ("done", "", 3, "d1")


def test_what_runs_once_and_failed_says_how() -> None:
    found = only(pod(phase="Failed", containerStatuses=[ended(3)]), of=job("Failed"))
    assert (found.state, found.detail) == ("failed", "ended with exit code 3")
    (found,) = live_parts([job("Failed", reason="BackoffLimitExceeded", message="limit")], [])
    assert (found.state, found.detail) == ("failed", "BackoffLimitExceeded: limit")


def test_what_runs_once_and_has_not_ended_is_as_its_pod_is() -> None:
    assert only(pod(phase="Running", conditions=ready("True")), of=job()).state == "running"
    (found,) = live_parts([job()], [])
    assert (found.state, found.detail) == ("starting", "it has no pod")
