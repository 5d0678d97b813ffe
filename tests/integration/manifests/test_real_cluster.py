"""A real cluster takes every manifest as it is, and runs every pod where the plan says."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from shared_cluster import Cluster

from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.trial_cluster.nodes import simulated_node
from rohe_iac.usecases.plans.plan import make_plan

EXAMPLES = Path(__file__).parents[3] / "examples"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}

BOUNDS = """
apiVersion: v1
kind: LimitRange
metadata: {name: bounds}
spec:
  limits:
    - type: Container
      default: {cpu: "4", memory: 1Gi, ephemeral-storage: 1Gi}
      defaultRequest: {cpu: 10m, memory: 16Mi, ephemeral-storage: 16Mi}
      min: {cpu: 1m, memory: 1Mi}
      max: {cpu: "8", memory: 16Gi, ephemeral-storage: 20Gi}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec:
  hard:
    requests.cpu: "50"
    limits.cpu: "400"
    requests.memory: 100Gi
    limits.memory: 200Gi
    requests.ephemeral-storage: 100Gi
    limits.ephemeral-storage: 100Gi
    pods: "60"
    services: "60"
    configmaps: "60"
    persistentvolumeclaims: "60"
    requests.storage: 200Gi
"""
"""Of each container, so that one without an amount gets it from the namespace; and of the namespace as a whole."""

EVERYTHING = """
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: all}
spec:
  services:
    - name: 1st
      image: example/first:1
      replicas: 2
      priority: -7
      reserve: {update: 1}
      requests: {cpu: 1500m, memory: {rss: 1500M}, disk: 1G, network: 10Mbps}
      limits: {cpu: 2, memory: 2Gi, disk: 2Gi}
      env: {EMPTY: "", DOLLAR: "$(NOT_MINE)", TOKEN: {secret: {name: token}}}
      ports: [{name: prometheus-metrics}, {name: web, containerPort: 8000, servicePort: 80}, {name: d, protocol: UDP}]
      health:
        readiness: {http: {path: /ready, port: web}, initialDelay: 1s, period: 10s, successThreshold: 2}
        liveness: {tcp: prometheus-metrics, timeout: 1s, failureThreshold: 5}
        startup: 3m
      terminationGracePeriod: 90s
      files: [{path: /etc/first/rohe.yaml, from: rohe.yaml}]
      volumes: [{path: /data, name: credentials, size: 1000Mi}, {path: /scratch, emptyDir: 1500}]
      placement:
        spread: [{topologyKey: node, maxSkew: 1}]
        prefer: [{nodeSelector: {disk: ssd}, weight: 5}]
        tolerations:
          - {key: only, value: these, effect: NoSchedule}
          - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 1h}
    - name: vote
      image: example/vote:1
      balancing: leastBusy
      ports: [{name: rpc}]
      health: {readiness: {grpc: rpc}, liveness: {exec: [cat, /alive]}}
      kubernetes: {ingress: [10.0.0.0/8, "fd00::/8"], egress: [0.0.0.0/0]}
      ensemble: {members: [{name: a}, {name: b, replicas: 2}]}
    - name: once
      image: example/once:1
      runOnce: true
      after: [vote]
      health: {startup: 90s}
      init: [{name: fetch, command: [fetch]}]
      requests: {cpu: 100m, memory: {rss: 16Mi}}
  flow: [{from: 1st, to: vote}]
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {name: all}
spec:
  pipeline: all
  objectives: [{metric: response_time, aggregate: p99, operator: "<=", value: 1s, window: {size: 1m}}]
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: all}
spec:
  nodes:
    - name: all-1
      cpu: 4
      memory: {rss: 8Gi}
      labels: {disk: ssd}
      taints: [{key: only, value: these, effect: NoSchedule}]
    - {name: all-2, cpu: 4, memory: {rss: 8Gi}}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: all}
spec: {pipelines: [all], inventory: all, contracts: [all], target: {local: {}}}
"""
"""A stack with every field that becomes part of a manifest."""


def planned(folder: Path, example: str, namespace: str) -> PlanFile:
    """The plan of an example, or of EVERYTHING, for a namespace of a cluster."""
    if example == "everything":
        (folder / "blueprints").mkdir(parents=True)
        (folder / "rohe.yaml").write_text("project: all\n")
        (folder / "blueprints" / "stack.yaml").write_text(EVERYTHING)
    else:
        shutil.copytree(EXAMPLES / example, folder)
    stack = folder / "blueprints" / "stack.yaml"
    target = f"target: {{kubernetes: {{namespace: {namespace}}}}}"
    text, count = re.subn(r"target: \{(manifests|local): \{[^}]*\}\}", target, stack.read_text())
    assert count == 1
    stack.write_text(text)
    planfile = make_plan(folder).planfile
    assert planfile.plan.unplaced == ()
    return planfile


def differences(written: Any, read: Any, path: str = "") -> Iterator[str]:
    """What the cluster has otherwise than a manifest says; what the cluster adds is its own."""
    if isinstance(written, dict) and isinstance(read, dict):
        for key, value in written.items():
            yield from differences(value, read.get(key), f"{path}.{key}")
    elif isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        for index, (mine, theirs) in enumerate(zip(written, read, strict=True)):
            yield from differences(mine, theirs, f"{path}[{index}]")
    elif written != read or type(written) is not type(read):
        yield f"{path}: written {written!r}, read {read!r}"


@pytest.mark.parametrize("example", ["bts", "cctvs", "kpi", "template", "everything"])
def test_a_bounded_namespace_takes_every_pod_unchanged_on_its_planned_node(
    cluster: Cluster, tmp_path: Path, example: str
) -> None:
    namespace = cluster.namespace(labels=RESTRICTED)
    planfile = planned(tmp_path / "repository", example, namespace)
    cluster.kubectl("apply", "-n", namespace, "-f", "-", text=BOUNDS)
    cluster.add_nodes(*(simulated_node(item.name, cpu="64", memory="256Gi") for item in planfile.problem.nodes))
    # A plan counts on labels that an administrator sets; nothing in the manifests needs them but preferences.
    manifests = [item for item in planfile.manifests if item.rendered and item.kind != "Namespace"]
    stream = "".join(f"---\n{item.text}" for item in manifests)
    cluster.kubectl("apply", "--server-side", "--field-manager=rohe", "-f", "-", text=stream)

    found = json.loads(cluster.kubectl("get", "-f", "-", "-o", "json", text=stream).stdout)["items"]
    read = {(item["kind"], item["metadata"]["name"]): item for item in found}
    for manifest in manifests:
        document = yaml.safe_load(manifest.text)
        there = read[document["kind"], document["metadata"]["name"]]
        assert list(differences(document, there)) == [], manifest.name

    planned_nodes = {item.instance: item.node for item in planfile.plan.placements}

    def bound() -> dict[str, str | None]:
        pods = cluster.objects("pods", namespace)
        return {pod["metadata"]["labels"]["rohe.dev/instance"]: pod["spec"].get("nodeName") for pod in pods}

    cluster.until(lambda: bound() == planned_nodes)
    events = cluster.objects("events", namespace)
    assert bound() == planned_nodes, [item["message"] for item in events if item["type"] == "Warning"]
    cluster.kubectl("delete", "priorityclass", "-l", f"rohe.dev/stack={planfile.stack}", "--ignore-not-found")


def test_a_difference_is_found() -> None:
    assert list(differences({"a": [1, {"b": "1000"}]}, {"a": [1, {"b": "1k"}], "c": 1})) == [
        ".a[1].b: written '1000', read '1k'"
    ]
    assert list(differences({"a": ""}, {})) == [".a: written '', read None"]
