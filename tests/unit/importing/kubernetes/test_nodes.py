"""Nodes as kubectl prints them, as an inventory, with what pods in the same files use of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from import_results import Importer, notes, reasons

from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.loading import load
from rohe_iac.importing.import_texts import InvalidImport
from rohe_iac.importing.kubernetes.nodes import CLUSTER_KINDS
from rohe_iac.trial_cluster.nodes import simulated_node


def ready(name: str, status: str = "True", **fields: Any) -> dict[str, Any]:
    node = simulated_node(name, **fields)
    node["status"]["conditions"] = [{"type": "Ready", "status": status}]
    node["status"]["capacity"] = node["status"]["allocatable"]
    node["metadata"]["uid"] = "8e1c"
    return node


def listed(*items: dict[str, Any], kind: str = "List") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"resourceVersion": ""}, "items": list(items)}


def test_nodes_become_an_inventory_with_devices_taints_and_status(import_contents: Importer) -> None:
    gpu = {"resources": {"nvidia.com/gpu": "2"}, "labels": {"nvidia.com/gpu.product": "Orin", "rack": "r1"}}
    taints = [
        {"key": "edge", "value": "yes", "effect": "NoSchedule"},
        {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
    ]
    result = import_contents(
        listed(ready("n-1", **gpu), ready("n-2", unschedulable=True, taints=taints), ready("n-3", "Unknown")),
        name="lab",
    )
    (document,) = result.documents
    Inventory.model_validate(document)
    nodes = {node["name"]: node for node in document["spec"]["nodes"]}
    assert document["metadata"]["name"] == "lab"
    assert {name: node.get("status") for name, node in nodes.items()} == {
        "n-1": None, "n-2": "cordoned", "n-3": "down",
    }  # fmt: skip
    assert nodes["n-1"]["labels"] == {"nvidia.com/gpu.product": "Orin", "rack": "r1"}
    assert nodes["n-2"]["taints"] == taints[:1]
    accelerators = document["spec"]["deviceTypes"][nodes["n-1"]["deviceType"]]["accelerators"]
    assert accelerators == {
        "GPU": {
            "type": "gpu", "model": "Orin", "count": 2, "mode": "exclusive",
            "kubernetes": {"extendedResource": "nvidia.com/gpu"},
        }
    }  # fmt: skip
    told = reasons(result)
    assert told["Node/n-1.metadata.uid"] == "the cluster keeps it, and sets it by itself"
    assert "allocatable counts" in told["Node/n-1.status.capacity"]


def test_items_of_a_list_of_nodes_need_no_kind_of_their_own(import_contents: Importer) -> None:
    node = ready("n-1")
    del node["kind"], node["apiVersion"]
    assert import_contents(listed(node, kind="NodeList")).documents[0]["spec"]["nodes"][0]["name"] == "n-1"


def test_pods_of_other_objects_count_as_used(import_contents: Importer) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "ownerReferences": [{"kind": "ReplicaSet", "name": "r"}]},
        "spec": {
            "nodeName": "n-1",
            "containers": [{"name": "c", "image": "a:1", "resources": {"requests": {"cpu": "250m"}}}],
        },
        "status": {"phase": "Running"},
    }
    (document,) = import_contents(listed(ready("n-1"), pod)).documents
    assert document["spec"]["nodes"][0]["used"] == {"cpu": "250m"}


def test_nodes_and_workloads_together_are_a_stack(import_contents: Importer) -> None:
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "a/b:1"}]},
    }  # fmt: skip
    kinds = [document["kind"] for document in import_contents(listed(ready("n-1")), pod, name="lab").documents]
    assert kinds == ["Inventory", "Pipeline", "Stack"]
    assert CLUSTER_KINDS[0] == "Node"


def workload(name: str, namespace: str) -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    pod = {"containers": [{"name": "c", "image": "a/b:1", "command": ["run"]}, {"name": "d", "image": "a/d:1"}]}
    spec = {"template": {"metadata": {"labels": {"app": name}}, "spec": pod}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(("namespace", "target"), [("shop", "shop"), ("", "default")])
def test_a_stack_of_a_cluster_is_applied_to_the_namespace_that_it_came_from(
    import_contents: Importer, tmp_path: Path, namespace: str, target: str
) -> None:
    result = import_contents(listed(ready("n-1")), workload("web", namespace), name="lab")
    assert result.documents[-1]["spec"]["target"] == {"kubernetes": {"namespace": target}}
    assert "manifests" not in result.text
    to = {item.field: item.to for file in result.files for item in file.mapped}
    assert to.get("Deployment/web.metadata.namespace", "") == (
        "Stack: target.kubernetes.namespace" if namespace else ""
    )
    (tmp_path / "lab.yaml").write_text(result.text)
    loaded = load(tmp_path)
    assert (loaded.warnings, loaded.unsupported) == ((), ())


def test_of_several_namespaces_the_first_is_taken_and_all_are_told(import_contents: Importer) -> None:
    result = import_contents(listed(ready("n-1")), workload("web", "shop"), workload("db", "data"), name="lab")
    assert result.documents[-1]["spec"]["target"] == {"kubernetes": {"namespace": "shop"}}
    assert "the services were in several: shop, data" in result.text
    assert "{kubernetes: {namespace: NAME}}" in reasons(result)["Deployment/db.metadata.namespace"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("metadata", "labels"), ["a"]),
        (("metadata", "labels", "node.kubernetes.io/instance-type"), {"a": 1}),
        (("spec",), 3.5),
        (("spec", "taints"), ["a", {"key": "a", "effect": "Sometimes"}]),
        (("status", "conditions"), [1]),
    ],
)
def test_parts_of_another_form_than_a_cluster_gives_are_told(
    import_contents: Importer, path: tuple[str, ...], value: Any
) -> None:
    node = ready("n-1")
    part = node
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    (document,) = import_contents(listed(node)).documents
    Inventory.model_validate(document)
    assert "taints" not in document["spec"]["nodes"][0]


@pytest.mark.parametrize("name", ["", "Not A Name", None])
def test_a_node_without_a_name_is_a_fault(import_contents: Importer, name: Any) -> None:
    node = ready("n-1")
    node["metadata"]["name"] = name
    with pytest.raises(InvalidImport):
        import_contents(listed(node))


def test_a_node_without_allocatable_offers_its_capacity(import_contents: Importer) -> None:
    node = ready("n-1")
    node["status"] |= {"capacity": {"cpu": "8", "memory": "16Gi"}}
    del node["status"]["allocatable"]
    result = import_contents(listed(node))
    (kind,) = result.documents[0]["spec"]["deviceTypes"].values()
    assert (kind["cpu"], kind["memory"]) == (8, {"rss": "16Gi"})
    assert "states no allocatable" in notes(result)
