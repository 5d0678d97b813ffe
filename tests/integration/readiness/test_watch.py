"""The watch of a stack follows a real API server, over cuts, and says where replicas stand."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
from relay import relay_to

from rohe_iac.foundation.errors import RoheError
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import ClusterRefused, ClusterUnreachable, open_cluster
from rohe_iac.targets.kubernetes.readiness import watching
from rohe_iac.targets.kubernetes.readiness.awaited import AwaitedReplica
from rohe_iac.targets.kubernetes.readiness.prospect import Standing
from rohe_iac.targets.kubernetes.readiness.resource import ClusterSite
from rohe_iac.targets.kubernetes.readiness.waiting import ReplicaWait
from rohe_iac.targets.kubernetes.readiness.watching import StackWatch, WaitingEnded
from rohe_iac.trial_cluster.nodes import simulated_node

if TYPE_CHECKING:
    from shared_cluster import Cluster


class FaultyServer(ApiServer):
    """An API server whose streams break: each ends after its first line, and each second request is refused."""

    requests = 0

    def lines(self, path: str, query: Mapping[str, str], **options: Any) -> Iterator[str]:
        self.requests += 1
        if self.requests % 2 == 0:
            raise ClusterUnreachable("cut")
        for line in super().lines(path, query, **options):
            yield line
            if options["follow"]:
                raise ClusterUnreachable("cut")


class NoNodes(ApiServer):
    """An API server that does not let this user list nodes."""

    def lines(self, path: str, query: Mapping[str, str], **options: Any) -> Iterator[str]:
        if path.endswith("/nodes"):
            raise ClusterRefused("no")
        return super().lines(path, query, **options)


def _deployment(instance: str, node: str, image: str = "registry.example/x:1") -> dict[str, Any]:
    labels = {"rohe.dev/stack": "desk", "rohe.dev/instance": instance, "rohe.dev/workload": "x"}
    named = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [named]}}}
    pod = {"affinity": affinity, "containers": [{"name": "x", "image": image}], "terminationGracePeriodSeconds": 1}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": instance, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "strategy": {"type": "Recreate"},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


@pytest.fixture
def place(cluster: Cluster) -> tuple[str, str]:
    """Returns a namespace and a node."""
    namespace = cluster.namespace()
    cluster.add_nodes(simulated_node(namespace))
    return namespace, namespace


def _server(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, kind: type[ApiServer] = ApiServer) -> ApiServer:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    return kind(open_cluster(cluster.context, "default"))


def _put(cluster: Cluster, namespace: str, document: dict[str, Any]) -> int:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", text=json.dumps(document))
    found = cluster.objects("deployments", namespace)
    return next(
        item["metadata"]["generation"] for item in found if item["metadata"]["name"] == document["metadata"]["name"]
    )


@pytest.mark.parametrize("kind", [ApiServer, FaultyServer, NoNodes])
def test_a_wait_ends_when_the_pod_of_the_newest_template_is_ready(
    cluster: Cluster, place: tuple[str, str], monkeypatch: pytest.MonkeyPatch, kind: type[ApiServer]
) -> None:
    namespace, node = place
    ended = threading.Event()
    wait = ReplicaWait(StackWatch(_server(cluster, monkeypatch, kind), namespace, "desk", ended))
    for image in ("registry.example/x:1", "registry.example/x:2"):
        generation = _put(cluster, namespace, _deployment("x-0", node, image))
        found = wait.until_settled([AwaitedReplica("replica/d:x/0", "x-0", node, generation=generation)])
        assert found["x-0"].standing is Standing.READY
        pod = next(item for item in cluster.objects("pods", namespace) if item["metadata"]["name"] == found["x-0"].pod)
        assert pod["spec"]["containers"][0]["image"] == image
    ended.set()


def test_a_connection_that_the_network_forgets_is_replaced(
    cluster: Cluster, place: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace, node = place
    with relay_to(cluster.address) as relay:
        kubeconfig = cluster.kubeconfig_with(server=f"https://127.0.0.1:{relay.port}")
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        monkeypatch.setattr(watching, "MAX_SILENCE", 2.0)
        ended = threading.Event()
        watch = StackWatch(ApiServer(open_cluster(cluster.context, "default")), namespace, "desk", ended)
        watch.start()
        relay.forget()
        generation = _put(cluster, namespace, _deployment("x-0", node))
        awaited = AwaitedReplica("replica/d:x/0", "x-0", node, generation=generation)
        assert ReplicaWait(watch).until_settled([awaited])["x-0"].standing is Standing.READY
        ended.set()


def test_a_watch_goes_on_from_where_it_ended(
    cluster: Cluster, place: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace, node = place
    asked: list[bool] = []

    class CountedServer(ApiServer):
        def lines(self, path: str, query: Mapping[str, str], **options: Any) -> Iterator[str]:
            if path.endswith("/deployments"):
                asked.append("watch" in query)
            return super().lines(path, query, **options)

    monkeypatch.setattr(watching, "WATCH_SECONDS", 1)
    ended = threading.Event()
    watch = StackWatch(_server(cluster, monkeypatch, CountedServer), namespace, "desk", ended)
    watch.start()
    for number in range(2):
        seen = len(asked)
        assert cluster.until(lambda seen=seen: len(asked) > seen + 1)  # type: ignore[misc]
        _put(cluster, namespace, _deployment(f"x-{number}", node))
        name = f"x-{number}"
        assert cluster.until(lambda name=name: watch.objects.observed(name, node).deployment is not None)  # type: ignore[misc]
    assert asked.count(False) == 1
    ended.set()


def test_a_silent_node_leaves_its_replica_pending_and_a_broken_image_ends_the_wait(
    cluster: Cluster, place: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace, node = place
    ended = threading.Event()
    wait = ReplicaWait(StackWatch(_server(cluster, monkeypatch), namespace, "desk", ended))
    _put(cluster, namespace, _deployment("x-0", node, "registry.invalid/x:1"))
    replica = AwaitedReplica("replica/d:x/0", "x-0", node)
    failed = wait.until_settled([replica])["x-0"]
    assert (failed.standing, failed.kind) == (Standing.FAILED, "image")
    cluster.reach(node, reachable=False)
    assert cluster.until(lambda: wait.standing(replica).standing is Standing.PENDING)
    assert wait.until_settled([replica])["x-0"].words.startswith(f"node {node} is NotReady: ")
    ended.set()


def test_a_wait_that_is_ended_says_so(
    cluster: Cluster, place: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    wait = ReplicaWait(StackWatch(_server(cluster, monkeypatch), place[0], "desk", ended))
    threading.Timer(0.1, ended.set).start()
    with pytest.raises(WaitingEnded):
        wait.until_settled([AwaitedReplica("replica/d:x/0", "absent-0", place[1])])


def test_a_cluster_that_refuses_ends_the_wait_with_its_words(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig_with(token="wrong")))
    site = ClusterSite(cluster.context, "default", "desk")
    with pytest.raises(RoheError, match="does not accept the credentials"):
        site.watch.start()
