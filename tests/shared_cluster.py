"""One control plane for all tests of a session and all xdist workers, and what a test has of it for itself.

The first test that asks starts it (4 s); it ends with the session. Nodes are simulated (kwok), everything else is real.

    def test_something(cluster: Cluster) -> None:
        cluster.add_nodes(simulated_node("edge-1", cpu="4", arch="arm64"))
        name = cluster.namespace()
        cluster.kubectl("apply", "-n", name, "-f", "file.yaml")
        run(rohe, "apply", env=cluster.environment)
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from waiting import until

from rohe_iac.trial_cluster.files import CONTEXT, ControlPlaneFiles
from rohe_iac.trial_cluster.programs import ClusterPrograms

if TYPE_CHECKING:
    from lightkube import Client

    from rohe_iac.trial_cluster.control_plane import ControlPlane

OWNER = "ROHE_TEST_SESSION"
"""Variable with the id of the process of the session, which xdist workers inherit."""

_NOT_FOUND = 404


def programs() -> ClusterPrograms:
    """The programs of the control plane; without them the test is skipped, loudly."""
    found = ClusterPrograms.cached()
    if found.missing():
        pytest.skip("the programs of the control plane are not built; `make cluster` builds them")
    return found


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> ControlPlane:
    """The control plane of the session, started by whoever comes first. Tests must not stop or break it."""
    from rohe_iac.trial_cluster.control_plane import ControlPlane  # its client library takes its time

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    plane = ControlPlane(ControlPlaneFiles(shared / "control-plane"))
    with open(shared / "control-plane.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        plane.start(programs(), owner=int(os.environ[OWNER]))
    return plane


@pytest.fixture
def own_control_plane(tmp_path: Path) -> Iterator[ControlPlane]:
    """A control plane of a test's own, for tests that kill or stop its programs; it is running and takes 4 s."""
    from rohe_iac.trial_cluster.control_plane import ControlPlane

    plane = ControlPlane(ControlPlaneFiles(tmp_path / "control-plane"))
    plane.start(programs(), owner=os.getpid())
    yield plane
    plane.stop()


@dataclass
class Cluster:
    """What one test has of a control plane: names of its own, removed when the test ends.

    Attributes:
        plane: The control plane.
        folder: A folder for files of the test.
        client: A client with all rights.
    """

    plane: ControlPlane
    folder: Path
    client: Client
    context: str = CONTEXT
    _namespaces: list[str] = field(default_factory=list)
    _nodes: list[str] = field(default_factory=list)
    _locks: ExitStack = field(default_factory=ExitStack)

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of the administrator; its context is `context`."""
        return self.plane.files.kubeconfig

    @property
    def address(self) -> str:
        """Host and port of the API server."""
        document = json.loads(self.kubeconfig.read_text())
        return str(document["clusters"][0]["cluster"]["server"]).removeprefix("https://")

    @property
    def environment(self) -> dict[str, str]:
        """The environment of this process, with KUBECONFIG set to the cluster's."""
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig)}

    def namespace(self, *, create: bool = True, labels: Mapping[str, str] | None = None) -> str:
        """Returns the name of a namespace that only this test uses; it is deleted when the test ends.

        create: whether it is there already; without, whoever is tested makes it.
        """
        name = f"t-{uuid.uuid4().hex[:10]}"
        self._namespaces.append(name)
        if create:
            self.plane.create([_namespace(name, labels or {})])
            # Pods are refused until the controllers have made the namespace's service account.
            self.until(
                lambda: self.kubectl("get", "serviceaccount", "default", "-n", name, check=False).returncode == 0
            )
        return name

    def add_nodes(self, *documents: Mapping[str, Any], ready: bool = True) -> None:
        """Creates nodes, as simulated_node() describes them, and waits until they are Ready.

        Nodes belong to the whole cluster: a test that wants a name which another test has now waits for its end.
        """
        names = sorted(str(document["metadata"]["name"]) for document in documents)
        for name in names:
            lock = self._locks.enter_context((self.plane.files.path / "run" / f"node-{name}.lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        self._nodes += names
        self.plane.create(documents)
        for name in names if ready else ():
            assert self.until(lambda name=name: self.node_condition(name) == "True"), f"node {name} is not Ready"

    def node_condition(self, name: str) -> str:
        """The status of a node's condition Ready: True, False or Unknown; "" before it has one."""
        from lightkube.resources.core_v1 import Node

        status = self.client.get(Node, name).status
        found = [condition.status for condition in (status and status.conditions) or () if condition.type == "Ready"]
        return found[0] if found else ""

    def reach(self, node: str, *, reachable: bool) -> None:
        """Has the kubelet of a simulated node stop answering, or answer again, and waits until the cluster knows."""
        from lightkube.resources.core_v1 import Node

        value = None if reachable else "unreachable"
        self.client.patch(Node, node, {"metadata": {"annotations": {"rohe.dev/simulate": value}}})
        assert self.until(lambda: self.node_condition(node) == ("True" if reachable else "Unknown"))

    def kubectl(self, *words: str, text: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs kubectl as the administrator; text: its standard input."""
        program = str(ClusterPrograms.cached().kubernetes / "kubectl")
        done = subprocess.run(
            [program, *words],
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stderr
        return done

    def objects(self, kind: str, namespace: str) -> list[Any]:
        """The objects of a kind in a namespace, as kubectl names the kind, as plain documents."""
        found = json.loads(self.kubectl("get", kind, "-n", namespace, "-o", "json").stdout)
        return list(found["items"])

    def kubeconfig_with(self, *, server: str = "", token: str = "") -> Path:
        """Writes a kubeconfig that differs by its server (of a proxy, without verification) or its token."""
        document = json.loads(self.kubeconfig.read_text())
        if server:
            document["clusters"][0]["cluster"] = {"server": server, "insecure-skip-tls-verify": True}
        if token:
            document["users"][0]["user"]["token"] = token
        path = self.folder / f"kubeconfig-{uuid.uuid4().hex[:6]}"
        path.touch(mode=0o600)
        path.write_text(json.dumps(document))
        return path

    def until(self, condition: Callable[[], object], patience: float = 60.0) -> bool:
        """Whether the condition came to hold within `patience` seconds; patience is no measure, only an end."""
        return until(condition, patience)

    def clear(self) -> None:
        """Deletes the namespaces and nodes of the test."""
        from lightkube import ApiError
        from lightkube.resources.core_v1 import Namespace, Node

        for kind, names in ((Namespace, self._namespaces), (Node, self._nodes)):
            for name in names:
                try:
                    self.client.delete(kind, name)
                except ApiError as error:
                    if error.status.code != _NOT_FOUND:
                        raise
        self._locks.close()


def _namespace(name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}


@pytest.fixture
def cluster_engine() -> None:
    """Skips where there is no engine, or no provider for clusters."""
    from rohe_iac.deployment.engine.find import find_engine
    from rohe_iac.deployment.engine.plugin import find_plugin
    from rohe_iac.foundation.errors import RoheError
    from rohe_iac.targets.kubernetes.provider import PROVIDER

    try:
        find_engine(install=False)
        find_plugin(PROVIDER, install=False)
    except RoheError as error:
        pytest.skip(f"{error.brief}; `make programs` gets it")


@pytest.fixture
def cluster(control_plane: ControlPlane, tmp_path: Path) -> Iterator[Cluster]:
    """What a test has for itself of the session's control plane."""
    cluster = Cluster(control_plane, tmp_path, control_plane.client())
    yield cluster
    cluster.clear()
