"""The digits example on real nodes: applied, observed, broken by noise, explained, degraded and removed.

The commands are those of a user, in the folder examples/k3s; all of them reach the agent through its pod.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from operators import Operator
from shared_cluster import Cluster

pytestmark = [pytest.mark.platform, pytest.mark.engine]

EXAMPLE = Path(__file__).parents[3] / "examples" / "k3s"
STACK = NAMESPACE = "digits"
INSTANCES = {
    *("aggregate-0", "camera-0", "preprocess-0"),
    *("classify-bayes-0", "classify-forest-0", "classify-svm-0", "classify-svm-1"),
}
"""The replicas that report."""
CAMERA = "http://127.0.0.1:8000"
"""The address of the camera inside its own pod."""


@dataclass(frozen=True)
class DigitsOperator(Operator):
    """A user of the digits example."""

    def verdicts(self) -> dict[str, str]:
        """The verdict on each objective."""
        shown = self.rohe("observe", "-o", "json", code=None)
        agents = json.loads(shown)["agents"] if shown else []
        return {item["objective"]: item["verdict"] for agent in agents for item in agent["objectives"]}

    def add_noise(self) -> None:
        """Has the camera add noise to its images."""
        command = ("python", "-m", "digits.noise", CAMERA, "gaussian", "0.2")
        self.pods.kubectl("exec", "-n", NAMESPACE, "deployment/camera-0", "--", *command)


@pytest.fixture
def operator(cluster_engine: None, pods: Cluster, tmp_path: Path) -> Iterator[DigitsOperator]:
    """A user in front of an empty cluster."""
    yield DigitsOperator(pods, EXAMPLE, NAMESPACE, tmp_path / "state")
    pods.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")


def test_digits_is_applied_observed_broken_explained_degraded_and_removed(
    operator: DigitsOperator, pods: Cluster
) -> None:
    before = objects(pods)
    outcome = json.loads(operator.rohe("apply", "--yes", "-o", "json"))
    assert outcome["unheard"] == []
    (agent,) = operator.answer("observe")["agents"]
    assert {name for name, client in agent["clients"].items() if client["state"] == "online"} == INSTANCES
    operator.wait(lambda: set(operator.verdicts().values()) == {"KEPT"}, "the contract is not kept")

    (agent,) = operator.answer("observe")["agents"]
    assert agent["counts"]["faults"] == 0
    assert {name for name, client in agent["clients"].items() if client["accepted"]} == INSTANCES
    status = operator.answer("status")
    assert status["well"], status
    placed = {part["instance"]: part["node"] for part in status["parts"]}
    running = json.loads(pods.kubectl("get", "pods", "-n", NAMESPACE, "-o", "json").stdout)["items"]
    assert {pod["metadata"]["labels"]["rohe.dev/instance"]: pod["spec"]["nodeName"] for pod in running} == placed
    assert "connection to mqtt" in operator.rohe("logs", "agent/digits/0")
    assert operator.answer("violations") == []
    assert not list(operator.state.rglob("*credential*/*")), "whoever asks has no credentials of the broker"

    operator.add_noise()
    operator.wait(lambda: operator.answer("violations"), "noise broke nothing")
    assert operator.answer("explain", "latest")["objective"] == "right-answers"
    assert "Blame: member classify/bayes" in operator.rohe("explain", "latest")
    operator.wait(lambda: set(operator.verdicts().values()) == {"KEPT"}, "the degraded pipeline does not keep it")
    assert "classify goes on without bayes" in operator.rohe("explain", "latest")

    operator.rohe("destroy", "--yes")
    assert objects(pods) == before


KINDS = (
    *("namespaces", "deployments", "replicasets", "pods", "services", "configmaps", "secrets", "serviceaccounts"),
    *("persistentvolumeclaims", "persistentvolumes", "networkpolicies", "poddisruptionbudgets", "roles"),
    *("rolebindings", "priorityclasses", "resourceclaims"),
)
"""Kinds of objects that a stack may leave."""


def objects(pods: Cluster) -> set[str]:
    """The names of all objects of those kinds, in all namespaces."""
    return set(pods.kubectl("get", ",".join(KINDS), "-A", "-o", "name").stdout.split())
