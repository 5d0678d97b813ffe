"""Claims about Inventories of a real API server: what is imported plans, and what has changed since is reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from lightkube import codecs
from lightkube.resources.core_v1 import Node
from shared_cluster import Cluster

from rohe_iac.cli.main import run
from rohe_iac.foundation.errors import ExitCode
from rohe_iac.targets.kubernetes.cluster_objects import read_cluster
from rohe_iac.trial_cluster.nodes import simulated_node

BLUEPRINT = """
apiVersion: rohe.dev/v1
kind: Stack
metadata: {{name: vision}}
spec: {{pipelines: [vision], inventory: site, target: {{kubernetes: {{context: {context}, namespace: vision}}}}}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: vision}}
spec:
  services:
    - name: detect
      image: registry.example/detect:1
      replicas: 2
      requests: {{cpu: 500m, memory: {{rss: 1Gi}}, accelerators: {{gpu: {{count: 1}}}}}}
"""


class Site:
    """Nodes of one test, and a blueprint beside them."""

    def __init__(self, cluster: Cluster, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.cluster, self.folder, self.capsys = cluster, folder, capsys
        self.namespace = cluster.namespace()
        self.label = f"rohe.test/{self.namespace}"
        (folder / "rohe.yaml").write_text("project: site\n")
        (folder / "blueprints").mkdir()
        (folder / "blueprints" / "vision.yaml").write_text(BLUEPRINT.format(context=cluster.context))

    def node(self, name: str, **fields: Any) -> dict[str, Any]:
        labels = {self.label: "", "topology.kubernetes.io/zone": "hall", **fields.pop("labels", {})}
        return simulated_node(f"{name}.{self.namespace}.edge", labels=labels, **fields)

    def add_pod(self, node: str, stack: str = "") -> None:
        """Adds a pod that is bound to a node: 250m beside a sidecar of 50m, and its first step alone takes 400m."""

        def container(name: str, cpu: str, **more: Any) -> dict[str, Any]:
            requests = {"cpu": cpu, "memory": "1Gi", "nvidia.com/gpu": "1"} if name == "c" else {"cpu": cpu}
            limits = {"nvidia.com/gpu": "1"} if name == "c" else {}
            return {"name": name, "image": "i.example/i", "resources": {"requests": requests, "limits": limits}, **more}

        labels = {"app.kubernetes.io/managed-by": "rohe", "rohe.dev/stack": stack} if stack else {}
        spec = {
            "nodeName": f"{node}.{self.namespace}.edge",
            "containers": [container("c", "250m")],
            "initContainers": [container("s", "50m", restartPolicy="Always"), container("i", "350m")],
        }
        metadata = {"name": f"p-{stack or 'other'}", "namespace": self.namespace, "labels": labels}
        self.cluster.client.create(
            codecs.from_dict({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        )

    def rohe(self, *words: str, code: int = 0) -> str:
        """Runs a command line and returns what it prints on stdout."""
        found = run(["-C", str(self.folder), *words])
        printed = self.capsys.readouterr()
        assert found == code, printed.out + printed.err
        return printed.out

    def inventory(self) -> Any:
        return yaml.safe_load((self.folder / "blueprints" / "site.yaml").read_text())["spec"]


@pytest.fixture
def site(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Site:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = Site(cluster, tmp_path, capsys)
    gpu = {"nvidia.com/gpu": "2"}
    cluster.add_nodes(
        found.node("a", cpu="4", memory="8Gi", arch="arm64", resources=gpu, allocatable={"cpu": "3900m"}),
        found.node("b", cpu="4", memory="8Gi", arch="arm64", resources=gpu, allocatable={"cpu": "3900m"}),
        found.node("c", taints=[{"key": "tier", "value": "lab", "effect": "NoSchedule"}], unschedulable=True),
    )
    found.add_pod("a")
    found.add_pod("b", stack="vision")
    found.rohe("import", "cluster", "--selector", found.label, "--out", "blueprints/site.yaml")
    return found


def test_an_imported_inventory_plans_and_is_up_to_date(site: Site) -> None:
    spec = site.inventory()
    a, b, c = spec["nodes"]
    assert a["deviceType"] == b["deviceType"] != c["deviceType"]
    assert (a["used"], b.get("used")) == (
        {"cpu": "400m", "memory": {"rss": "1Gi"}, "accelerators": {"GPU": "100%"}},
        None,
    )
    assert a["labels"]["zone"] == "hall"
    assert (c["status"], c["taints"][0]["key"]) == ("cordoned", "tier")
    kind = spec["deviceTypes"][a["deviceType"]]
    assert (kind["arch"], kind["cpu"], kind["memory"]) == ("arm64", "3900m", {"rss": "8Gi"})
    plan = json.loads(site.rohe("plan", "-o", "json"))
    placed = [(item["node"], item["devices"][0]["device"]) for item in plan["plan"]["placements"]]
    assert len(placed) == 2
    assert (a["name"], "GPU-0") not in placed
    assert "is up to date" in site.rohe("diff", "--inventory", "--check")


def test_what_has_changed_in_the_cluster_is_reported_with_7(site: Site) -> None:
    name = {short: f"{short}.{site.namespace}.edge" for short in "abcd"}
    client = site.cluster.client
    client.delete(Node, name["c"])
    client.patch(Node, name["b"], {"spec": {"unschedulable": True}})
    status = {"status": {"allocatable": {"cpu": "2", "nvidia.com/gpu": "1"}}}
    client.patch(Node.Status, name["a"], status)
    site.cluster.add_nodes(site.node("d"))
    found = json.loads(site.rohe("diff", "--inventory", "-o", "json"))
    changes = {
        (item["node"], item["change"], item["field"], item["written"], item["found"]) for item in found["changes"]
    }
    assert {
        (name["a"], "changed", "cpu", "3900m", "2"),
        (name["a"], "changed", "accelerators.nvidia.com/gpu", "2", "1"),
        (name["b"], "changed", "status", "running", "cordoned"),
        (name["c"], "gone", "", "", ""),
        (name["d"], "new", "", "", ""),
    } == changes
    shown = site.rohe("diff", "--inventory", "--check", code=ExitCode.DRIFT)
    assert f"node/{name['b']}\n  status: running -> cordoned" in shown
    site.rohe("import", "cluster", "--selector", site.label, "--out", "blueprints/site.yaml")
    site.rohe("diff", "--inventory", "--check")


def test_what_cannot_be_read_ends_with_words_and_what_is_read_is_plain_json(site: Site) -> None:
    site.rohe("import", "cluster", "--context", "nowhere", code=ExitCode.UNREACHABLE)
    site.rohe("import", "cluster", "--selector", "rohe.test/none", code=ExitCode.USAGE)
    site.rohe("import", "cluster", "--selector", "a ~ b", code=ExitCode.USAGE)
    site.rohe("diff", code=ExitCode.USAGE)
    objects = read_cluster(site.cluster.context)
    assert objects.origin == f"context {site.cluster.context}"
    assert json.loads(json.dumps(objects.nodes)) == list(objects.nodes)
    assert objects.slices is not None
