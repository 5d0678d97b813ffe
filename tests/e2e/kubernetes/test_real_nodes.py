"""Pods on real nodes run, reach one another by the names of Services across nodes, and leave nothing on the machine."""

from __future__ import annotations

import json
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest
from real_node.settings import SANDBOX_IMAGE
from shared_cluster import Cluster

pytestmark = pytest.mark.platform

ASK = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).status)"


def pod(name: str, node: str, command: list[str]) -> dict[str, object]:
    """A pod on a node, which is Ready once it answers on port 8000 where it listens at all."""
    container = {
        "name": "main",
        "image": SANDBOX_IMAGE,
        "imagePullPolicy": "Never",
        "command": command,
        "resources": {"limits": {"cpu": "200m", "memory": "64Mi"}},
    }
    spec = {
        "nodeName": node,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "containers": [container],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def test_a_pod_reaches_a_service_on_another_node_by_its_name(pods: Cluster) -> None:
    """Container runtime, pod network, service proxy, DNS, logs and exec."""
    namespace = pods.namespace()
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8000}]},
    }
    objects = [
        service,
        pod("web", "pi-1", ["python3", "-m", "http.server", "8000"]),
        pod("client", "zero-1", ["sleep", "infinity"]),
    ]
    for document in objects:
        pods.kubectl("apply", "-n", namespace, "-f", "-", text=json.dumps(document))
    pods.kubectl("wait", "-n", namespace, "--for=condition=Ready", "pod/web", "pod/client", "--timeout=60s")
    url = f"http://web.{namespace}.svc"

    def asked() -> subprocess.CompletedProcess[str]:
        return pods.kubectl("exec", "-n", namespace, "client", "--", "python3", "-c", ASK, url, check=False)

    assert pods.until(lambda: asked().stdout == "200\n"), asked().stderr
    assert "GET / HTTP/1.1" in pods.kubectl("logs", "-n", namespace, "web").stdout


def test_a_container_is_limited_as_its_pod_says(pods: Cluster) -> None:
    """A process that takes more memory than the limit is killed, in the words of the kubelet."""
    namespace = pods.namespace()
    greedy = pod("greedy", "zero-1", ["python3", "-c", "bytearray(256 * 2**20)"])
    pods.kubectl("apply", "-n", namespace, "-f", "-", text=json.dumps(greedy))
    reason = "jsonpath={.status.containerStatuses[0].lastState.terminated.reason}"

    def told() -> str:
        return pods.kubectl("get", "pod", "greedy", "-n", namespace, "-o", reason).stdout

    assert pods.until(lambda: told() == "OOMKilled"), told()


def test_a_kubelet_answers_nobody_without_credentials_and_whom_the_api_server_knows(pods: Cluster) -> None:
    status = json.loads(pods.kubectl("get", "node", "pi-1", "-o", "json").stdout)["status"]
    (address,) = [item["address"] for item in status["addresses"] if item["type"] == "InternalIP"]
    user = json.loads(pods.kubeconfig.read_text())["users"][0]["user"]

    def asked(token: str) -> int:
        request = urllib.request.Request(f"https://{address}:10250/pods")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            # Its certificate is one that it signs itself.
            with urllib.request.urlopen(request, timeout=20, context=ssl._create_unverified_context()) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    namespace = pods.namespace()
    stranger = pods.kubectl("create", "token", "default", "-n", namespace).stdout.strip()
    assert [asked(token) for token in ("", "wrong", stranger, user["token"])] == [401, 401, 403, 200]
