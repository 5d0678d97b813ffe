"""The images of the project: what the agent's adds to its base, and what runs in it."""

from __future__ import annotations

import json

import pytest
from real_node.images import RECIPES, VERSION, ImageBuilder
from real_node.nodes import obstacle
from shared_cluster import Cluster

from rohe_iac.deployment.programs.cache import build_home

pytestmark = pytest.mark.platform

LARGEST = 60 * 10**6
"""Bytes that the agent's image may add to its base."""
AGENT = f"{RECIPES[0].name}:{VERSION}"
PROGRAM = """
import importlib.util, json, shutil, subprocess
print(json.dumps({
    "heavy": [name for name in ("pulumi", "grpc", "lightkube", "supervisor") if importlib.util.find_spec(name)],
    "rohe": subprocess.run(["rohe", "--version"], capture_output=True, text=True).stdout.strip(),
    "nats": bool(shutil.which("nats-server")),
    "user": __import__("os").geteuid(),
}))
"""


def test_the_agents_image_adds_no_more_than_it_may(pods: Cluster) -> None:
    assert obstacle() == ""
    assert 0 < ImageBuilder(build_home() / "images").added(AGENT) <= LARGEST


def test_a_build_leaves_no_image_without_a_name(pods: Cluster) -> None:
    assert ImageBuilder(build_home() / "images").unnamed() == []


def test_the_agents_image_has_its_programs_and_no_engine(pods: Cluster) -> None:
    namespace = pods.namespace(labels={"pod-security.kubernetes.io/enforce": "restricted"})
    container = {
        "name": "main",
        "image": AGENT,
        "imagePullPolicy": "Never",
        "command": ["python3", "-c", PROGRAM],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    spec = {"nodeName": "pi-1", "restartPolicy": "Never", "containers": [container]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "look"}, "spec": spec}
    pods.kubectl("apply", "-n", namespace, "-f", "-", text=json.dumps(pod))
    phase = ("get", "pod", "look", "-n", namespace, "-o", "jsonpath={.status.phase}")
    assert pods.until(lambda: pods.kubectl(*phase).stdout in ("Succeeded", "Failed"))
    found = json.loads(pods.kubectl("logs", "-n", namespace, "look").stdout)
    assert found == {"heavy": [], "rohe": found["rohe"], "nats": True, "user": 65532}
    assert found["rohe"].startswith("rohe ")
