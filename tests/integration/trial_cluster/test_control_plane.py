"""Claims about the control plane to try things on: real programs, simulated nodes."""

from __future__ import annotations

import os
import signal
import stat
import time
from typing import TYPE_CHECKING

import psutil

from rohe_iac.trial_cluster.control_plane import ControlPlane
from rohe_iac.trial_cluster.nodes import simulated_node
from rohe_iac.trial_cluster.programs import ClusterPrograms
from rohe_iac.trial_cluster.provisioner import STORAGE_CLASS

if TYPE_CHECKING:
    from shared_cluster import Cluster

WORKLOAD = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: records}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [NODE]}]}]
      containers: [{name: main, image: IMAGE, volumeMounts: [{name: records, mountPath: /records}]}]
      volumes: [{name: records, persistentVolumeClaim: {claimName: records}}]
"""


def workload(name: str, node: str, image: str = "example/service:1") -> str:
    return WORKLOAD.replace("NAME", name).replace("NODE", node).replace("IMAGE", image)


def test_a_node_has_the_shape_that_it_was_given(cluster: Cluster) -> None:
    shape = simulated_node(
        "shape-1",
        cpu="4",
        arch="arm64",
        labels={"zone": "yard"},
        taints=[{"key": "site", "value": "far", "effect": "NoSchedule"}],
        resources={"nvidia.com/gpu": "2"},
        allocatable={"cpu": "3500m"},
    )
    cluster.add_nodes(shape)
    (node,) = [item for item in cluster.objects("nodes", "default") if item["metadata"]["name"] == "shape-1"]
    assert node["status"]["capacity"]["nvidia.com/gpu"] == "2"
    assert (node["status"]["capacity"]["cpu"], node["status"]["allocatable"]["cpu"]) == ("4", "3500m")
    assert node["status"]["nodeInfo"]["architecture"] == "arm64"
    assert node["metadata"]["labels"]["zone"] == "yard"
    assert "site" in {taint["key"] for taint in node["spec"]["taints"]}


def test_pods_run_on_the_node_of_the_template_and_claims_get_a_volume_that_goes_with_them(cluster: Cluster) -> None:
    cluster.add_nodes(simulated_node("claims-1"), simulated_node("claims-2"))
    name = cluster.namespace()
    cluster.kubectl("apply", "-n", name, "-f", "-", text=workload("service", "claims-2"))
    cluster.kubectl("wait", "-n", name, "--for=condition=Available", "deployment/service", "--timeout=60s")
    (pod,) = cluster.objects("pods", name)
    assert pod["spec"]["nodeName"] == "claims-2"
    (claim,) = cluster.objects("persistentvolumeclaims", name)
    assert claim["spec"]["storageClassName"] == STORAGE_CLASS
    folder = cluster.plane.files.volumes / claim["spec"]["volumeName"]
    assert folder.is_dir()
    cluster.kubectl("delete", "-n", name, "deployment/service", "pvc/records")
    assert cluster.until(lambda: not folder.exists())


def test_a_pod_whose_image_does_not_exist_waits_with_the_words_of_a_kubelet(cluster: Cluster) -> None:
    cluster.add_nodes(simulated_node("images-1"))
    name = cluster.namespace()
    text = workload("broken", "images-1", "registry.invalid/service:1")
    cluster.kubectl("apply", "-n", name, "-f", "-", text=text)

    def waiting() -> list[str]:
        statuses = [
            status for pod in cluster.objects("pods", name) for status in pod["status"].get("containerStatuses", [])
        ]
        return [status["state"].get("waiting", {}).get("reason", "") for status in statuses]

    assert cluster.until(lambda: waiting() == ["ImagePullBackOff"])


def test_a_node_that_stops_answering_is_tainted_and_comes_back(cluster: Cluster) -> None:
    cluster.add_nodes(simulated_node("far-1"))
    cluster.reach("far-1", reachable=False)

    def taints() -> set[str]:
        (node,) = [item for item in cluster.objects("nodes", "default") if item["metadata"]["name"] == "far-1"]
        return {taint["key"] for taint in node["spec"].get("taints", [])}

    assert cluster.until(lambda: "node.kubernetes.io/unreachable" in taints())
    cluster.reach("far-1", reachable=True)
    assert cluster.until(lambda: taints() == set())


def test_a_killed_api_server_comes_back_and_everything_goes_with_its_owner(own_control_plane: ControlPlane) -> None:
    files = own_control_plane.files
    own_control_plane.create([simulated_node("kept-1")])
    before = int(files.pid("kube-apiserver").read_text())
    os.kill(before, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (
        _pid(files.pid("kube-apiserver")) != before and _answers(own_control_plane)
    ):
        time.sleep(0.1)
    assert _answers(own_control_plane)
    processes = [int(files.pid(name).read_text()) for name in ("keeper", "kine", "kube-apiserver", "kwok")]
    assert own_control_plane.stop()
    assert [pid for pid in processes if _alive(pid)] == []
    assert not files.path.exists()


def test_one_that_was_killed_takes_its_programs_along_and_starts_again_with_its_objects(
    own_control_plane: ControlPlane,
) -> None:
    files = own_control_plane.files
    own_control_plane.create([simulated_node("kept-1")])
    server = int(files.pid("kube-apiserver").read_text())
    os.kill(int(files.pid("keeper").read_text()), signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (own_control_plane.running or _alive(server)):
        time.sleep(0.05)
    assert not _alive(server)
    own_control_plane.start(ClusterPrograms.cached(), owner=os.getpid())
    assert _answers(own_control_plane)


def test_what_others_could_misuse_is_readable_by_the_owner_only(control_plane: ControlPlane) -> None:
    files = control_plane.files
    assert stat.S_IMODE(files.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(files.kubeconfig.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.users.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.kubelet_client.stat().st_mode) == 0o600


def _pid(path: os.PathLike[str]) -> int:
    with open(path) as file:
        return int(file.read() or 0)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _answers(plane: ControlPlane) -> bool:
    from lightkube.resources.core_v1 import Node

    try:
        return plane.client().get(Node, "kept-1") is not None
    except Exception:  # noqa: BLE001 - whatever a server that restarts answers
        return False
