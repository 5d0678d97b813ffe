"""Prospects of the states that a cluster of Kubernetes 1.34 had of real Deployments, and of what follows them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.targets.kubernetes.readiness.awaited import AwaitedReplica
from rohe_iac.targets.kubernetes.readiness.judging import judge
from rohe_iac.targets.kubernetes.readiness.observed import Observed
from rohe_iac.targets.kubernetes.readiness.prospect import Prospect, Standing
from rohe_iac.targets.kubernetes.readiness.reasons.container_reasons import CONFIGURATION, IMAGE, MAX_CRASHES
from rohe_iac.targets.kubernetes.readiness.reasons.pod_reasons import COMES_BY_ITSELF

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())
"""What the API server had of each Deployment; Deployment, ReplicaSets, pods and warnings."""

REPLICA = AwaitedReplica("replica/digits:camera/0", "camera-0", "n1")


def observed(name: str, **changed: Any) -> Observed:
    state = {"node": RECORDED["node"], **copy.deepcopy(RECORDED[name]), **changed}
    return Observed(**state)


def prospect(name: str, replica: AwaitedReplica = REPLICA, **changed: Any) -> Prospect:
    return judge(replica, observed(name, **changed))


def test_a_running_pod_of_the_present_template_is_ready() -> None:
    pod = RECORDED["ok"]["pods"][0]
    container = pod["spec"]["containers"][0]["name"]
    assert prospect("ok") == Prospect(Standing.READY, pod=pod["metadata"]["name"], container=container)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("absent", "image", "image rohe.test/absent:1 of container c: ImagePullBackOff: Back-off pulling image"),
        ("crash", "crash", "container c crashed 3 times: exit code 137, OOMKilled"),
        ("conf", "configuration", 'container c: CreateContainerConfigError: secret "camera-password" not found'),
        ("big", "unschedulable", "unschedulable: 0/3 nodes are available: 1 Insufficient cpu"),
        (
            "gone",
            "unschedulable",
            "unschedulable: 0/3 nodes are available: 3 node(s) didn't satisfy plugin(s) [NodeAffinity]",
        ),
        ("quota", "quota", "a quota or limit refuses its pod: pods"),
        ("denied", "policy", "a policy of the cluster refuses its pod: pods"),
        ("slow", "deadline", "not ready within 2 s: "),
    ],
)
def test_a_reason_that_does_not_go_away_is_told_in_the_words_of_the_cluster(name: str, kind: str, words: str) -> None:
    found = prospect(name)
    assert (found.standing, found.kind) == (Standing.FAILED, kind)
    assert found.words.startswith(words)
    assert found.settling <= 5


def test_the_words_name_quota_policy_and_registry() -> None:
    assert "exceeded quota: small, requested: requests.cpu=1" in prospect("quota").words
    assert "denied request: images need a version other than latest" in prospect("denied").words
    assert "code = NotFound" in prospect("absent").words


def test_the_crashed_container_is_named_for_its_last_lines() -> None:
    assert prospect("crash").container == "c"
    assert prospect("crash").pod.startswith("crash-")


def test_the_second_crash_is_waited_for_and_so_is_a_restarted_container() -> None:
    pods = copy.deepcopy(RECORDED["crash"]["pods"])
    entry = pods[0]["status"]["containerStatuses"][0]
    entry["restartCount"] = MAX_CRASHES - 2
    assert prospect("crash", pods=pods).standing is Standing.WAITING
    entry |= {"restartCount": 7, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
    assert prospect("crash", pods=pods).words == "container c runs and is not Ready yet"


def test_an_older_cluster_tells_only_in_a_warning_why_an_image_cannot_be_pulled() -> None:
    pods = copy.deepcopy(RECORDED["absent"]["pods"])
    pods[0]["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = 'Back-off pulling image "x"'
    name = pods[0]["metadata"]["name"]
    told = {"reason": "Failed", "message": 'Failed to pull image "x": no such host', "involvedObject": {"name": name}}
    assert "no such host" in prospect("absent", pods=pods, events=[told]).words


def test_a_pod_of_the_template_before_makes_nothing_ready() -> None:
    """The Deployment has a new template, which the controller has observed and made no ReplicaSet of yet."""
    deployment = copy.deepcopy(RECORDED["ok"]["deployment"])
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "better"
    assert prospect("ok", deployment=deployment).standing is Standing.WAITING


def test_a_deployment_that_the_cluster_has_not_observed_is_waited_for() -> None:
    later = AwaitedReplica("replica/digits:camera/0", "camera-0", "n1", generation=2)
    assert prospect("ok", later).standing is Standing.WAITING
    deployment = copy.deepcopy(RECORDED["ok"]["deployment"])
    deployment["metadata"]["generation"] = 2
    assert prospect("ok", deployment=deployment).standing is Standing.WAITING
    deployment["status"]["observedGeneration"] = 2
    assert prospect("ok", later, deployment=deployment).standing is Standing.READY


def test_a_pod_that_is_being_deleted_is_not_ready() -> None:
    pods = copy.deepcopy(RECORDED["ok"]["pods"])
    pods[0]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    found = prospect("ok", pods=pods)
    assert found.standing is Standing.WAITING
    assert found.words == f"pod {pods[0]['metadata']['name']} is being stopped first"


def test_the_deadline_of_the_template_before_does_not_count() -> None:
    deployment = copy.deepcopy(RECORDED["slow"]["deployment"])
    progressing = next(entry for entry in deployment["status"]["conditions"] if entry["type"] == "Progressing")
    progressing["message"] = 'ReplicaSet "slow-5d" has timed out progressing.'
    assert prospect("slow", deployment=deployment).standing is Standing.WAITING


@pytest.mark.parametrize(
    ("policy", "standing"), [("wait", Standing.PENDING), ("skip", Standing.SKIPPED), ("fail", Standing.FAILED)]
)
def test_the_blueprint_says_what_a_silent_node_means(policy: str, standing: Standing) -> None:
    condition = {"type": "Ready", "status": "Unknown", "message": "Kubelet stopped posting node status."}
    node = {"metadata": {"name": "n1"}, "status": {"conditions": [condition]}}
    replica = AwaitedReplica("replica/digits:camera/0", "camera-0", "n1", unreachable=policy)
    found = prospect("slow", replica, node=node)
    assert found == Prospect(standing, "unreachable", "node n1 is NotReady: Kubelet stopped posting node status.")


def test_a_node_that_is_gone_is_a_failure_of_its_own() -> None:
    found = prospect("gone", AwaitedReplica("replica/digits:camera/0", "camera-0", "n9"), node=None)
    assert (found.kind, found.words) == ("node", "node n9 is not in the cluster")


@pytest.mark.parametrize(("suffix", "standing"), [("a" * 64, Standing.READY), ("b" * 64, Standing.FAILED)])
def test_the_running_image_is_compared_with_the_digest_of_the_plan(suffix: str, standing: Standing) -> None:
    pods = copy.deepcopy(RECORDED["ok"]["pods"])
    pods[0]["status"]["containerStatuses"][0]["imageID"] = f"registry.test/camera@sha256:{suffix}"
    replica = AwaitedReplica("replica/digits:camera/0", "camera-0", "n1", image=f"camera@sha256:{'a' * 64}")
    assert prospect("ok", replica, pods=pods).standing is standing


def test_an_unknown_digest_of_the_running_image_is_no_failure() -> None:
    replica = AwaitedReplica("replica/digits:camera/0", "camera-0", "n1", image=f"camera@sha256:{'a' * 64}")
    assert prospect("ok", replica).standing is Standing.READY


@pytest.mark.parametrize("words", COMES_BY_ITSELF)
def test_what_controllers_are_still_making_is_waited_for(words: str) -> None:
    pods = copy.deepcopy(RECORDED["big"]["pods"])
    for entry in pods[0]["status"]["conditions"]:
        entry["message"] = f"0/3 nodes are available: {words}"
    assert prospect("big", pods=pods).standing is Standing.WAITING


def test_an_image_that_a_node_pulls_is_told() -> None:
    pods = copy.deepcopy(RECORDED["slow"]["pods"])
    pods[0]["status"]["conditions"] = []
    entry = {"name": "c", "image": "camera:1", "state": {"waiting": {"reason": "ContainerCreating"}}}
    pods[0]["status"]["containerStatuses"] = [entry]
    pods[0]["spec"]["nodeName"] = "n1"
    deployment = copy.deepcopy(RECORDED["slow"]["deployment"])
    deployment["status"]["conditions"] = []
    about = {"name": pods[0]["metadata"]["name"], "fieldPath": "spec.containers{c}"}
    pull = {"reason": "Pulling", "message": 'Pulling image "camera:1"', "involvedObject": about}
    found = prospect("slow", pods=pods, deployment=deployment, events=[], pulls=[pull])
    assert found.words == "node n1 pulls image camera:1"
    assert "ContainerCreating" in prospect("slow", pods=pods, deployment=deployment, events=[]).words
    pods[0]["status"] = {}
    found = prospect("slow", pods=pods, deployment=deployment, events=[])
    assert found.words == f"node n1 has not begun with pod {pods[0]['metadata']['name']} yet"


def test_a_volume_whose_source_is_missing_is_a_failure() -> None:
    name = RECORDED["slow"]["pods"][0]["metadata"]["name"]
    message = 'MountVolume.SetUp failed for volume "model" : configmap "model-1" not found'
    event = {"reason": "FailedMount", "message": message, "involvedObject": {"name": name}}
    found = prospect("slow", events=[event])
    assert (found.kind, found.words) == ("configuration", f"its volume: {message}")


def test_pods_that_the_node_ends_again_and_again_are_a_failure() -> None:
    pod = copy.deepcopy(RECORDED["slow"]["pods"][0])
    pod["status"] = {"phase": "Failed", "reason": "UnexpectedAdmissionError", "message": "no GPU is left"}
    second = copy.deepcopy(pod)
    second["metadata"]["name"] += "-2"
    deployment = copy.deepcopy(RECORDED["slow"]["deployment"])
    deployment["status"]["conditions"] = []
    assert prospect("slow", deployment=deployment, pods=[pod]).standing is Standing.WAITING
    found = prospect("slow", deployment=deployment, pods=[pod, second])
    assert (found.kind, found.words) == ("rejected", "its node ended 2 pods: UnexpectedAdmissionError: no GPU is left")


def test_a_replica_whose_deployment_was_removed_is_a_failure_unless_its_node_is_silent() -> None:
    found = judge(REPLICA, Observed(None, node=RECORDED["node"]))
    assert (found.standing, found.kind) == (Standing.FAILED, "absent")
    assert found.settling  # the watch may not have told of it yet
    silent = {"metadata": {"name": "n1"}, "status": {}}
    assert judge(REPLICA, Observed(None, node=silent)).standing is Standing.PENDING


@pytest.mark.parametrize("reason", sorted(IMAGE | CONFIGURATION))
def test_a_container_that_cannot_be_started_is_a_failure_at_once(reason: str) -> None:
    pods = copy.deepcopy(RECORDED["conf"]["pods"])
    pods[0]["status"]["containerStatuses"][0]["state"]["waiting"] = {"reason": reason}
    found = prospect("conf", pods=pods)
    assert (found.standing, found.settling) == (Standing.FAILED, 0.0)
    assert reason in found.words


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing", "ErrImagePull"])
def test_a_container_that_is_being_made_is_waited_for(reason: str) -> None:
    pods = copy.deepcopy(RECORDED["conf"]["pods"])
    pods[0]["status"]["containerStatuses"][0]["state"]["waiting"] = {"reason": reason}
    assert prospect("conf", pods=pods).words == f"container c: {reason}"
