"""An API server that is slow, cut off, overloaded or killed while a stack is applied: the next apply completes it."""

from __future__ import annotations

import http.client
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from shop import INSTANCES, Shop

sys.path.insert(0, str(Path(__file__).parents[2]))
from shared_cluster import Cluster
from toxiproxy import Proxy, proxy_of

from rohe_iac.trial_cluster.nodes import simulated_node

if TYPE_CHECKING:
    from rohe_iac.trial_cluster.control_plane import ControlPlane

pytestmark = pytest.mark.engine

OVERLOADED = """
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: {name: NAME}
spec:
  type: Limited
  limited: {nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse: {type: Reject}}
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: {name: NAME}
spec:
  matchingPrecedence: 2
  priorityLevelConfiguration: {name: NAME}
  rules:
    - subjects: [{kind: ServiceAccount, serviceAccount: {name: operator, namespace: NAME}}]
      resourceRules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"], namespaces: ["*"], clusterScope: true}]
      nonResourceRules: [{nonResourceURLs: ["*"], verbs: ["*"]}]
"""
"""Lets one request at a time of a service account in; others are answered 429 (API Priority and Fairness)."""


@pytest.fixture
def proxy(shop: Shop) -> Iterator[Proxy]:
    """A proxy of the cluster's API server."""
    with proxy_of(shop.cluster.address) as proxy:
        yield proxy


def through(shop: Shop, proxy: Proxy) -> str:
    """Returns a kubeconfig whose server is the proxy."""
    return str(shop.cluster.kubeconfig_with(server=f"https://127.0.0.1:{proxy.port}"))


def begun(shop: Shop) -> bool:
    """Returns whether the first Deployment of the stack is there."""
    found = shop.cluster.kubectl("get", "deployments", "-n", shop.namespace, "-o", "name", check=False)
    return bool(found.stdout)


def converges(shop: Shop, interrupted: subprocess.Popen[str], kubeconfig: str) -> None:
    """Checks that an apply ended in words, that the next completes it and makes nothing twice, and that all can go."""
    out, err = interrupted.communicate(timeout=240)
    assert interrupted.returncode in (0, 9, 10), out + err
    assert "Traceback" not in out + err
    assert interrupted.returncode == 0 or "next: " in err
    shop.run("apply", "--yes", KUBECONFIG=kubeconfig)
    found = shop.cluster.objects("deployments", shop.namespace)
    assert sorted(item["metadata"]["name"] for item in found) == INSTANCES
    assert {item["metadata"]["generation"] for item in found} == {1}
    shop.run("destroy", "--yes", KUBECONFIG=kubeconfig)
    assert not shop.exists()


@pytest.mark.parametrize("seconds", [0.2, pytest.param(2.0, marks=pytest.mark.soak)])
def test_a_slow_api_server_is_waited_for(shop: Shop, proxy: Proxy, seconds: float) -> None:
    proxy.delay(seconds)
    shop.run("apply", "--yes", KUBECONFIG=through(shop, proxy))
    assert shop.names("deployments") == INSTANCES


@pytest.mark.parametrize("seconds", [1.0, pytest.param(30.0, marks=pytest.mark.soak)])
def test_a_cut_during_an_apply_is_said_and_the_next_apply_completes_it(
    shop: Shop, proxy: Proxy, seconds: float
) -> None:
    kubeconfig = through(shop, proxy)
    apply = shop.start("apply", "--yes", KUBECONFIG=kubeconfig)
    assert shop.cluster.until(lambda: begun(shop))
    with proxy.cut():
        assert apply.poll() is None, "the apply had ended before its connections were cut"
        time.sleep(seconds)
    converges(shop, apply, kubeconfig)


@contextmanager
def overloaded(shop: Shop, account: str, token: str) -> Iterator[None]:
    """Has the API server answer 429 to a service account while the block runs."""
    cluster = shop.cluster

    def ask(method: str, path: str, **headers: str) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection(cluster.address, context=ssl._create_unverified_context())
        connection.putrequest(method, path)
        for name, value in {"Authorization": f"Bearer {token}", **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        return connection

    def refused() -> bool:
        connection = ask("GET", "/api/v1/namespaces?limit=1")
        with closing(connection):
            return connection.getresponse().status == 429

    text = OVERLOADED.replace("NAME", account)
    cluster.kubectl("apply", "-f", "-", text=text)
    try:
        holding = [ask("GET", "/api/v1/namespaces?limit=1")]

        def held() -> bool:
            # A request whose body never comes takes the only place, unless it is refused itself.
            holding.pop().close()
            path = f"/api/v1/namespaces/{account}/configmaps"
            holding.append(ask("POST", path, Content_Type="application/json", Content_Length="1000"))
            holding[0].sock.settimeout(0.5)
            try:
                holding[0].sock.recv(1)
            except TimeoutError:
                return refused()
            return False

        assert cluster.until(held)
        yield
        holding.pop().close()
    finally:
        cluster.kubectl("delete", "--ignore-not-found", "-f", "-", text=text)
    assert cluster.until(lambda: not refused())


def rejected(shop: Shop, account: str) -> int:
    """Returns how many requests of a service account the API server has answered 429."""
    text = shop.cluster.kubectl("get", "--raw", "/metrics").stdout
    lines = [line for line in text.splitlines() if line.startswith("apiserver_flowcontrol_rejected_requests_total{")]
    return sum(int(float(line.rpartition(" ")[2])) for line in lines if f'flow_schema="{account}"' in line)


def test_an_api_server_that_is_too_busy_for_us_is_said_and_asked_again(shop: Shop) -> None:
    cluster = shop.cluster
    account = cluster.namespace()
    cluster.kubectl("create", "serviceaccount", "operator", "-n", account)
    binding = ("clusterrolebinding", account)
    cluster.kubectl("create", *binding, "--clusterrole=cluster-admin", f"--serviceaccount={account}:operator")
    token = cluster.kubectl("create", "token", "operator", "-n", account).stdout.strip()
    kubeconfig = str(cluster.kubeconfig_with(token=token))
    try:
        with overloaded(shop, account, token):
            done = shop.run("apply", "--yes", code=10, KUBECONFIG=kubeconfig)
            assert "too many requests" in done.stderr.lower()
            assert "next: " in done.stderr
            assert not shop.exists()
            before = rejected(shop, account)
            apply = shop.start("apply", "--yes", KUBECONFIG=kubeconfig)
            assert cluster.until(lambda: rejected(shop, account) > before)
            assert apply.poll() is None, "the apply did not ask again"
        converges(shop, apply, kubeconfig)
    finally:
        cluster.kubectl("delete", "--ignore-not-found", *binding)


def test_an_api_server_that_is_killed_during_an_apply_and_comes_back(
    own_control_plane: ControlPlane, tmp_path: Path
) -> None:
    cluster = Cluster(own_control_plane, tmp_path, own_control_plane.client())
    cluster.add_nodes(simulated_node("yard-a"), simulated_node("yard-b"))
    shop = Shop(cluster, tmp_path / "market", tmp_path / "state", "shop", ("yard-a", "yard-b"))
    shop.write()
    apply = shop.start("apply", "--yes")
    assert cluster.until(lambda: begun(shop))
    before = own_control_plane.files.pid("kube-apiserver").read_text()
    os.kill(int(before), signal.SIGKILL)
    assert apply.poll() is None, "the apply had ended before the API server was killed"
    assert cluster.until(lambda: own_control_plane.files.pid("kube-apiserver").read_text() != before)
    assert cluster.until(lambda: cluster.kubectl("get", "--raw", "/readyz", check=False).returncode == 0)
    converges(shop, apply, str(cluster.kubeconfig))
