"""A stack in a cluster by the command line: what is made, shown, repaired, taken over and removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from shop import INSTANCES

if TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.engine


def test_a_stack_is_made_shown_changed_and_removed_without_a_trace(shop: Shop) -> None:
    shop.run("apply", "--yes")
    assert shop.names("deployments") == INSTANCES
    assert shop.cluster.until(lambda: all(part["state"] == "running" for part in shop.status().values()))
    parts = shop.status()
    assert sorted(parts) == INSTANCES
    pods = {pod["metadata"]["name"]: pod for pod in shop.cluster.objects("pods", shop.namespace)}
    for part in parts.values():
        assert pods[part["pod"]]["spec"]["nodeName"] == part["node"]
    assert "No change" in shop.run("apply", "--yes").stdout
    before = {pod["metadata"]["uid"] for pod in pods.values()}

    # Of each replica under an address logs say that its simulated node has none.
    lines = shop.run("logs", "service/shop:back").stdout.splitlines()
    assert [line.partition(" | ")[0] for line in lines] == ["back-0", "back-1", "back-2"]
    assert all("no output can be read" in line for line in lines)

    # What the template of the pods does not have restarts none, and is no interruption.
    shop.write(unreachable="skip")
    assert "stop first" not in shop.run("plan").stdout
    assert "5 changed" in shop.run("apply", "--yes").stdout
    assert {pod["metadata"]["uid"] for pod in shop.cluster.objects("pods", shop.namespace)} == before
    assert {(part["serial"], part["stale"]) for part in shop.status().values()} == {(1, "")}

    shop.write(tag="2")
    assert json.loads(shop.run("apply", "--yes", "--allow-interruption", "-o", "json").stdout)["ending"] == "complete"
    images = {
        item["spec"]["template"]["spec"]["containers"][0]["image"].rpartition(":")[2]
        for item in shop.cluster.objects("deployments", shop.namespace)
    }
    assert images == {"2"}
    fresh = shop.cluster.until(
        lambda: not before & {pod["metadata"]["uid"] for pod in shop.cluster.objects("pods", shop.namespace)}
    )
    assert fresh

    shop.run("destroy", "--yes")
    assert not shop.exists()
    assert not (shop.state / "rohe" / "market" / "shop" / "record.json").exists()


def test_what_was_removed_by_hand_is_made_again_and_what_no_manifest_asks_for_is_swept(shop: Shop) -> None:
    shop.run("apply", "--yes")
    shop.cluster.kubectl("delete", "namespace", shop.namespace)
    shop.write(tag="2")
    assert "of the stack were removed, and will be made again" in shop.run("apply", "--yes").stderr
    assert shop.names("deployments") == INSTANCES
    shop.cluster.kubectl("delete", "deployment", "back-1", "-n", shop.namespace)
    labels = "app.kubernetes.io/managed-by=rohe,rohe.dev/stack=shop"
    shop.cluster.kubectl("create", "configmap", "left-behind", "-n", shop.namespace)
    shop.cluster.kubectl("label", "configmap", "left-behind", "-n", shop.namespace, *labels.split(","))
    shop.cluster.kubectl("create", "configmap", "of-others", "-n", shop.namespace)
    shop.run("apply", "--yes")
    assert shop.names("deployments") == INSTANCES
    assert shop.names("configmaps") == []
    others = {item["metadata"]["name"] for item in shop.cluster.objects("configmaps", shop.namespace)}
    assert "of-others" in others

    done = shop.run("destroy", "--yes")
    assert "stays, because others have objects in it: configmap/of-others" in done.stderr
    assert shop.exists()
    assert shop.names("deployments") == []


def test_a_machine_without_state_takes_over_what_is_there_but_for_another_project(shop: Shop, tmp_path: Path) -> None:
    shop.run("apply", "--yes")
    before = {item["metadata"]["uid"] for item in shop.cluster.objects("deployments", shop.namespace)}
    (shop.root / "rohe.yaml").write_text("project: harbour\n")
    refused = shop.run("apply", "--yes", code=5, state=tmp_path / "another").stderr
    assert "deployment/back-0, for replica/shop:back/0: belongs to the stack shop of the project market" in refused
    assert {item["metadata"]["uid"] for item in shop.cluster.objects("deployments", shop.namespace)} == before

    shop.write()
    shop.run("apply", "--yes", state=tmp_path / "other")
    after = {item["metadata"]["uid"] for item in shop.cluster.objects("deployments", shop.namespace)}
    assert after == before

    shop.write(tag="2")
    shop.run("apply", "--yes", "--allow-interruption", state=tmp_path / "other")
    shop.write(tag="1")
    changed = f"containers[{shop.container('back-0')}].image is registry.example/back:2, set by another `rohe apply`"
    assert changed in " ".join(shop.run("status", "--check", code=7).stdout.split())
    refused = shop.run("apply", "--yes", code=5).stderr
    assert "2 services would be interrupted, so nothing was changed" in refused
    assert changed in refused
    done = shop.run("apply", "--yes", "--allow-interruption")
    assert changed in " ".join(done.stderr.split())
    assert "5 changed" in done.stdout
    assert "No change" in shop.run("apply", "--yes").stdout
    shop.run("destroy", "--yes", state=tmp_path / "other")
    assert not shop.exists()


def test_a_plan_with_a_node_that_has_gone_makes_no_namespace(shop: Shop) -> None:
    shop.run("plan", "--out", "plan.json")
    shop.cluster.kubectl("delete", "node", shop.nodes[0])
    done = shop.run("apply", "plan.json", "--yes", code=6)
    assert "so nothing was changed" in done.stderr
    assert not shop.exists()


def test_a_finalizer_that_nobody_takes_away_is_named_when_the_time_is_over(shop: Shop) -> None:
    shop.run("apply", "--yes")
    patch = json.dumps({"metadata": {"finalizers": ["example.com/keep"]}})
    shop.cluster.kubectl("patch", "service", "back", "-n", shop.namespace, "-p", patch)
    done = shop.run("destroy", "--yes", "--timeout", "2s", code=9)
    assert f"service/back in {shop.namespace}: finalizer example.com/keep" in done.stderr
    patch = json.dumps({"metadata": {"finalizers": []}})
    shop.cluster.kubectl("patch", "service", "back", "-n", shop.namespace, "--type", "merge", "-p", patch)
    shop.run("destroy", "--yes")
    assert not shop.exists()


def test_a_namespace_that_is_being_deleted_is_waited_for_with_what_keeps_it(shop: Shop) -> None:
    def keep(kind: str, name: str, *finalizers: str) -> None:
        patch = json.dumps({"metadata": {"finalizers": finalizers}})
        shop.cluster.kubectl("patch", kind, name, "-n", shop.namespace, "--type", "merge", "-p", patch)

    shop.run("apply", "--yes")
    keep("namespace", shop.namespace, "example.com/keep")
    shop.run("destroy", "--yes", "--timeout", "3s", code=9)
    assert shop.cluster.until(lambda: not shop.names("deployments,services,pods,replicasets"))
    done = shop.run("destroy", "--yes", "--timeout", "3s", code=9)
    assert f"the namespace {shop.namespace} is still being deleted" in done.stderr
    assert f"namespace/{shop.namespace}: finalizer example.com/keep" in done.stderr
    refused = shop.run("apply", "--yes", code=9).stderr
    assert f"the namespace {shop.namespace} is being deleted, so nothing can be made in it" in refused
    keep("namespace", shop.namespace)
    shop.run("destroy", "--yes")
    assert not shop.exists()

    shop.run("apply", "--yes")
    shop.cluster.kubectl("create", "configmap", "of-others", "-n", shop.namespace)
    keep("configmap", "of-others", "example.com/other")
    shop.cluster.kubectl("delete", "namespace", shop.namespace, "--wait=false")
    status = " ".join(shop.run("status", "--check", code=7).stdout.split())
    assert f"the namespace {shop.namespace} is being deleted, kept by" in status
    assert "configmap/of-others: finalizer example.com/other" in shop.run("apply", "--yes", code=9).stderr
    assert "configmap/of-others" in shop.run("destroy", "--yes", "--timeout", "3s", code=9).stderr
    keep("configmap", "of-others")
    shop.run("destroy", "--yes")
    assert not shop.exists()


@pytest.mark.parametrize(
    ("token", "server", "context", "words"),
    [
        ("no-longer-valid", "", "", "does not accept the credentials"),
        ("", "https://127.0.0.1:9", "", "does not answer"),
        ("", "", "elsewhere", "has no context elsewhere"),
    ],
)
def test_a_cluster_that_cannot_be_used_changes_nothing_and_says_what_to_do(
    shop: Shop, token: str, server: str, context: str, words: str
) -> None:
    if context:
        shop.write(context=context)
    kubeconfig = str(shop.cluster.kubeconfig_with(token=token, server=server))
    done = shop.run("apply", "--yes", code=10, KUBECONFIG=kubeconfig)
    assert words in done.stderr
    assert "next: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not shop.exists()
