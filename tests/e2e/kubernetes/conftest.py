"""A cluster of three real nodes, with a control plane of its own: what other tests find on theirs is simulated."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from real_node.images import offline_images
from real_node.nodes import RealNodes, obstacle
from real_node.programs import node_programs
from shared_cluster import Cluster, programs

from rohe_iac.deployment.programs.cache import build_home
from rohe_iac.trial_cluster.control_plane import ControlPlane
from rohe_iac.trial_cluster.files import ControlPlaneFiles

# The tests are collected without packages, so the modules that they share are imported from this folder.
sys.path.insert(0, str(Path(__file__).parent))

NODES = ("jetson-1", "pi-1", "zero-1")
"""Names of the nodes: those of the inventory of examples/digits."""


@dataclass(frozen=True)
class RealCluster:
    """A control plane and its real nodes."""

    plane: ControlPlane
    nodes: RealNodes


@pytest.fixture(scope="session")
def real_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCluster]:
    """A cluster whose nodes run pods, on one worker of the session; all of it has ended after the session."""
    store = _store()
    plane = ControlPlane(ControlPlaneFiles(tmp_path_factory.mktemp("real") / "control-plane"))
    plane.start(programs(), owner=os.getpid())
    try:
        files = plane.files
        with RealNodes(NODES, files.kubeconfig, files.kubelet_client, node_programs(), store) as nodes:
            yield RealCluster(plane, nodes)
    finally:
        plane.stop()


def _store() -> Path:
    """The images for real nodes. Where a machine can have none, tests skip; where they are not made yet, CI fails."""
    why = obstacle() or node_programs().missing()
    store = None if why else offline_images(build_home())
    if store is not None:
        return store
    told = f"{why or 'the images for real nodes need the network'}: `make nodes` makes what tests on real nodes need"
    if os.geteuid() == 0 and os.environ.get("CI") == "true":
        pytest.fail(told)
    pytest.skip(told)


@pytest.fixture
def pods(real_cluster: RealCluster, tmp_path: Path) -> Iterator[Cluster]:
    """What a test has for itself of the cluster with real nodes, which are Ready."""
    cluster = Cluster(real_cluster.plane, tmp_path, real_cluster.plane.client())
    ready = cluster.until(lambda: all(_ready(cluster, name) for name in NODES))
    assert ready, real_cluster.nodes.logs()
    yield cluster
    cluster.clear()


def _ready(cluster: Cluster, name: str) -> bool:
    found = cluster.kubectl("get", "node", name, "-o", "name", check=False)
    return found.returncode == 0 and cluster.node_condition(name) == "True"
