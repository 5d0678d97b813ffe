"""A context that leads to another cluster than before, and a machine that has not applied the stack itself."""

from __future__ import annotations

import getpass
import json
import socket
from pathlib import Path

import pytest
from shop import INSTANCES, Shop

from rohe_iac.trial_cluster.control_plane import ControlPlane
from rohe_iac.trial_cluster.nodes import simulated_node

pytestmark = pytest.mark.engine


def uid(shop: Shop) -> str:
    """Returns what identifies the cluster of the shop."""
    return shop.cluster.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}").stdout


def test_nothing_is_changed_in_another_cluster_or_of_another_machine_unless_that_is_meant(
    shop: Shop, own_control_plane: ControlPlane, tmp_path: Path
) -> None:
    shop.run("apply", "--yes")
    record = f"record 1: the cluster of the context {shop.cluster.context} (https://{shop.cluster.address})"

    own_control_plane.create([simulated_node(name) for name in shop.nodes])
    other = str(own_control_plane.files.kubeconfig)
    assert record.replace(": ", " was applied to ", 1) in " ".join(shop.run("plan").stderr.split())
    for command in ("apply", "destroy"):
        said = shop.run(command, "--yes", code=5, KUBECONFIG=other).stderr
        assert "this is another cluster than record 1 was applied to, so nothing was changed" in said
        assert f"{record}, kube-system {uid(shop)}" in said
        assert f"`rohe {command} --allow-other-cluster`" in said
    status = json.loads(shop.run("status", "--check", "-o", "json", code=7, KUBECONFIG=other).stdout)
    assert "is another one than record 1 was applied to" in status["obstacles"][0]
    assert shop.names("deployments") == INSTANCES
    shop.run("status", "--check")

    said = shop.run("apply", "--yes", "--allow-other-cluster", KUBECONFIG=other).stderr
    assert "everything is made here; what is there stays" in said
    assert set(shop.status(KUBECONFIG=other)) == set(INSTANCES)
    assert shop.names("deployments") == INSTANCES
    assert "record 2" in shop.run("apply", "--yes", code=5).stderr
    shop.run("destroy", "--yes", KUBECONFIG=other)

    who = f"applied by {getpass.getuser()}@{socket.gethostname()} on 20"
    second = tmp_path / "second"
    said = shop.run("status", "--check", state=second, code=7).stdout
    assert "Stack shop, not applied from this machine" in said
    assert who in " ".join(said.split())
    assert all(instance in said for instance in ("shop:front/0", "shop:back/2"))
    assert who in shop.run("destroy", "--yes", state=second, code=5).stderr
    assert shop.names("deployments") == INSTANCES
    assert f"{who}" in shop.run("apply", "--yes", state=second).stderr
    shop.run("destroy", "--yes", state=second)
    assert not shop.exists()
    assert "is not applied" in shop.run("status", state=second).stdout
