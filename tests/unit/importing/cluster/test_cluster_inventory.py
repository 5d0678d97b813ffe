"""Claims about the Inventory that is made of a cluster: what nodes offer, what others use, and how they are marked.

It is made by rohe_iac.importing.cluster.inventory, rohe_iac.importing.cluster.nodes,
rohe_iac.importing.cluster.usage, of devices by
rohe_iac.importing.cluster.extended_resources, rohe_iac.importing.cluster.devices and
rohe_iac.importing.cluster.device_classes.
"""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.foundation.errors import UsageError
from rohe_iac.importing.cluster.objects import ClusterObjects
from rohe_iac.importing.import_cluster import SELECTOR, import_cluster
from rohe_iac.trial_cluster.nodes import simulated_node


def node(name: str, *, ready: str = "True", **fields: Any) -> dict[str, Any]:
    document = simulated_node(name, **fields)
    document["status"]["conditions"] = [{"type": "Ready", "status": ready}] if ready else []
    return document


def pod(node_name: str, requests: dict[str, str], *, stack: str = "", phase: str = "Running") -> dict[str, Any]:
    labels = {"app.kubernetes.io/managed-by": "rohe", "rohe.dev/stack": stack} if stack else {}
    spec = {"nodeName": node_name, "containers": [{"name": "c", "resources": {"requests": requests}}]}
    return {"metadata": {"name": "p", "labels": labels}, "spec": spec, "status": {"phase": phase}}


def imported(
    nodes: list[dict[str, Any]], pods: list[dict[str, Any]] | None = None, *, selector: str = "", **more: Any
) -> dict[str, Any]:
    objects = ClusterObjects("context edge", tuple(nodes), tuple(pods or ()), **more)
    document = import_cluster(objects, name="edge", stack="vision", selector=selector).documents[0]
    Inventory.model_validate(document)
    return document["spec"] | {"metadata": document["metadata"]}


def test_what_others_request_is_used_and_what_the_stack_itself_requests_is_not() -> None:
    pods = [
        pod("n-1", {"cpu": "250m", "memory": "1Gi", "ephemeral-storage": "2Gi"}),
        pod("n-1", {"cpu": "1", "memory": "1Gi"}, stack="other"),
        pod("n-1", {"cpu": "3", "memory": "9Gi"}, stack="vision"),
        pod("n-1", {"cpu": "3"}, phase="Succeeded"),
        pod("", {"cpu": "3"}),
    ]
    found = imported([node("n-1", cpu="4", memory="8Gi", allocatable={"cpu": "3900m"})], pods)
    assert found["deviceTypes"] == {
        "amd64-4cpu-8gi": {"arch": "amd64", "cpu": "3900m", "memory": {"rss": "8Gi"}, "disk": "100Gi"}
    }
    used = {"cpu": "1250m", "memory": {"rss": "2Gi"}, "disk": "2Gi"}
    assert found["nodes"] == [{"name": "n-1", "deviceType": "amd64-4cpu-8gi", "used": used}]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "running"),
        ({"unschedulable": True}, "cordoned"),
        ({"ready": "False"}, "down"),
        ({"ready": "Unknown", "unschedulable": True}, "down"),
        ({"ready": ""}, "down"),
        ({"labels": {"kubernetes.io/os": "windows"}}, "down"),
    ],
)
def test_cordons_and_missing_readiness_are_the_status(fields: dict[str, Any], status: str) -> None:
    taints = [
        {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
        {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"},
        {"key": "tier", "value": "edge", "effect": "NoSchedule"},
    ]
    found = imported([node("n-1", taints=taints, **fields)])["nodes"][0]
    assert found.get("status", "running") == status
    assert found["taints"] == [{"key": "tier", "value": "edge", "effect": "NoSchedule"}]


def test_labels_are_kept_and_the_zone_has_the_name_that_plans_know() -> None:
    labels = {"topology.kubernetes.io/zone": "hall", "node-role.kubernetes.io/edge": "", "zone": "old"}
    found = imported([node("n-1", labels=labels)])["nodes"][0]
    assert found["labels"] == {"node-role.kubernetes.io/edge": "", "zone": "hall"}


def test_nodes_of_equal_shape_share_a_type_though_some_pages_of_memory_differ() -> None:
    sizes = ["8000000Ki", "8000000Ki", "8000004Ki"]
    nodes = [node(f"n-{index}", memory=size) for index, size in enumerate(sizes)]
    found = imported([*nodes, node("arm", memory="8000000Ki", arch="arm64")])
    assert len(found["deviceTypes"]) == 2
    memory = {item["name"]: item.get("memory") for item in found["nodes"]}
    assert memory == {"n-0": None, "n-1": None, "n-2": {"rss": "8000004Ki"}, "arm": None}


def test_the_type_has_the_name_that_the_provider_gives_it_and_nodes_keep_their_names() -> None:
    labels = {"node.kubernetes.io/instance-type": "M5.XLarge"}
    found = imported([node("ip-10-0-0-1.eu-north-1.compute.internal", labels=labels), node("b.c.d", cpu="2")])
    assert [item["name"] for item in found["nodes"]] == ["b.c.d", "ip-10-0-0-1.eu-north-1.compute.internal"]
    assert "m5-xlarge" in found["deviceTypes"]


def test_extended_resources_are_devices_and_those_that_others_have_are_used() -> None:
    resources = {
        "nvidia.com/gpu": "2", "amd.com/gpu": "1", "example.com/tpu": "0", "hugepages-2Mi": "1Gi",
        "devices.kubevirt.io/kvm": "1000", "attachable-volumes-x": "3",
    }  # fmt: skip
    labels = {"nvidia.com/gpu.product": "A2", "nvidia.com/gpu.memory": "15356"}
    pods = [pod("n-1", {"nvidia.com/gpu": "1"}), pod("n-1", {"amd.com/gpu": "1"}, stack="vision")]
    found = imported([node("n-1", resources=resources, labels=labels)], pods)
    (kind,) = found["deviceTypes"].values()
    assert kind["accelerators"] == {
        "amd.com-gpu": {"type": "gpu", "mode": "exclusive", "kubernetes": {"extendedResource": "amd.com/gpu"}},
        "nvidia.com-gpu": {
            "type": "gpu", "model": "A2", "memory": "15356Mi", "count": 2, "mode": "exclusive",
            "kubernetes": {"extendedResource": "nvidia.com/gpu"},
        },
    }  # fmt: skip
    assert found["nodes"][0]["used"] == {"accelerators": {"nvidia.com-gpu": "100%"}}


def test_only_selected_nodes_are_taken_and_the_selector_is_kept() -> None:
    nodes = [node("a", labels={"tier": "edge"}), node("b")]
    found = imported(nodes, selector="tier=edge")
    assert [item["name"] for item in found["nodes"]] == ["a"]
    assert found["metadata"]["annotations"] == {SELECTOR: "tier=edge"}
    with pytest.raises(UsageError, match="no node that 'tier=lab' selects"):
        imported(nodes, selector="tier=lab")


def test_more_than_a_node_has_counts_as_all_of_it() -> None:
    found = imported([node("n-1", cpu="1")], [pod("n-1", {"cpu": "3"})])
    assert found["nodes"][0]["used"] == {"cpu": 1}


DRIVER = "gpu.example.com"


def slice_of(node_name: str, devices: list[dict[str, Any]], *, generation: int = 1, **spec: Any) -> dict[str, Any]:
    pool = {"name": node_name, "generation": generation, "resourceSliceCount": 1}
    return {
        "metadata": {"name": f"{node_name}-{generation}"},
        "spec": {"driver": DRIVER, "nodeName": node_name, "pool": pool, "devices": devices, **spec},
    }


def device(name: str, **attributes: Any) -> dict[str, Any]:
    kinds = {str: "string", int: "int", bool: "bool"}
    found = {key: {kinds[type(value)]: value} for key, value in attributes.items()}
    return {"name": name, "attributes": found, "capacity": {"memory": {"value": "8Gi"}}}


def device_class(name: str, *expressions: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"selectors": [{"cel": {"expression": text}} for text in expressions]}}


CLASSES = (
    device_class("any", f"device.driver == '{DRIVER}'"),
    device_class("gpu.example.com", f"device.driver == '{DRIVER}' && device.attributes['{DRIVER}'].type == 'gpu'"),
    device_class("opaque", "device.capacity.size() > 0"),
)


def test_devices_of_slices_are_told_apart_by_what_equal_machines_have_in_common() -> None:
    slices = tuple(
        slice_of(name, [device(f"gpu-{index}", type="gpu", index=index, uuid=f"{name}-{index}") for index in (0, 1)])
        for name in ("a", "b")
    )
    result = {"driver": DRIVER, "pool": "b", "device": "gpu-1"}
    claim = {"metadata": {"name": "c"}, "status": {"allocation": {"devices": {"results": [result]}}}}
    own = {"app.kubernetes.io/managed-by": "rohe", "rohe.dev/stack": "vision"}
    mine = {
        "metadata": {"name": "m", "labels": own},
        "status": {"allocation": {"devices": {"results": [{**result, "device": "gpu-0"}]}}},
    }
    found = imported([node("a"), node("b")], slices=slices, classes=CLASSES, claims=(claim, mine))
    (kind,) = found["deviceTypes"].values()
    assert kind["accelerators"]["gpu-1"] == {
        "type": "gpu", "memory": "8Gi", "mode": "exclusive",
        "kubernetes": {"deviceClass": "gpu.example.com", "attribute": "index", "values": [1]},
    }  # fmt: skip
    assert {item["name"]: item.get("used") for item in found["nodes"]} == {
        "a": None,
        "b": {"accelerators": {"gpu-1": "100%"}},
    }


def test_older_generations_shared_devices_and_partitions_are_known() -> None:
    shared = {**device("gpu-0", uuid="x"), "allowMultipleAllocations": True}
    partition = {**device("part", uuid="y"), "consumesCounters": [{"counterSet": "c"}]}
    consumed = {"driver": DRIVER, "pool": "a", "device": "gpu-0", "consumedCapacity": {"memory": "2Gi"}}
    claims = tuple(
        {"metadata": {"name": name}, "status": {"allocation": {"devices": {"results": [consumed]}}}}
        for name in ("one", "two")
    )
    slices = (slice_of("a", [device("old", uuid="z")]), slice_of("a", [shared, partition], generation=2))
    found = imported([node("a")], slices=slices, classes=CLASSES, claims=claims)
    (kind,) = found["deviceTypes"].values()
    known = {"deviceClass": "any", "attribute": "uuid", "values": ["x"], "capacity": {"memory": "memory"}}
    assert kind["accelerators"] == {"gpu-0": {"type": "any", "memory": "8Gi", "kubernetes": known}}
    assert found["nodes"][0]["used"] == {"accelerators": {"gpu-0": {"memory": "4Gi"}}}


def test_a_device_that_no_class_selects_or_nothing_distinguishes_is_left_out_with_the_reason() -> None:
    slices = (slice_of("a", [device("x", index=0), device("y", index=0)]), slice_of("a", [], generation=1, nodeName=""))
    objects = ClusterObjects("context edge", (node("a"),), (), slices, CLASSES, ())
    reasons = {item.reason for item in import_cluster(objects, name="edge").files[0].unmapped}
    assert {"no attribute distinguishes it", "its devices are of no single node"} <= reasons
    objects = ClusterObjects("context edge", (node("a"),), (), slices, CLASSES[2:], ())
    reasons = {item.reason for item in import_cluster(objects, name="edge").files[0].unmapped}
    assert "no DeviceClass is known to select it" in reasons
