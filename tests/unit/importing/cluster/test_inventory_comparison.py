"""Claims about what of an Inventory is out of date, compared by rohe_iac.importing.cluster.comparison."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.importing.cluster.comparison import inventory_changes

SPEC: dict[str, Any] = {
    "deviceTypes": {
        "x": {
            "arch": "arm64",
            "cpu": 4,
            "memory": {"rss": "8Gi"},
            "accelerators": {
                "GPU": {"type": "gpu", "count": 2, "kubernetes": {"extendedResource": "nvidia.com/gpu"}},
                "NPU": {"type": "npu", "kubernetes": {"deviceClass": "npu", "attribute": "id"}},
            },
        }
    },
    "nodes": [
        {"name": "a", "deviceType": "x", "labels": {"zone": "hall", "example.com/tier": "edge", "own": "1"}},
        {"name": "b.c", "deviceType": "x"},
    ],
}


def changes(edit: Any) -> list[str]:
    spec = deepcopy(SPEC)
    edit(spec)
    before = Inventory.model_validate({"metadata": {"name": "i"}, "spec": SPEC})
    after = Inventory.model_validate({"metadata": {"name": "i"}, "spec": spec})
    return [
        f"{item.node} {item.change} {item.field} {item.written}>{item.found}"
        for item in inventory_changes(before, after)
    ]


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (lambda spec: None, []),
        (lambda spec: spec["nodes"].pop(), ["b.c gone  >"]),
        (lambda spec: spec["nodes"].append({"name": "c", "deviceType": "x"}), ["c new  >"]),
        (lambda spec: spec["nodes"][0].update(status="cordoned"), ["a changed status running>cordoned"]),
        (lambda spec: spec["nodes"][0].update(cpu=3), ["a changed cpu 4>3"]),
        (lambda spec: spec["nodes"][0].update(memory={"rss": "7Gi"}), ["a changed memory 8Gi>7Gi"]),
        (lambda spec: spec["nodes"][0].update(disk="7Gi"), ["a changed disk >7Gi"]),
        (lambda spec: spec["nodes"][0].update(used={"cpu": "500m"}), ["a changed used.cpu >500m"]),
        (
            lambda spec: spec["nodes"][0].update(used={"accelerators": {"GPU": "100%", "NPU": "100%"}}),
            [
                "a changed used.accelerators.npu id=NPU >100%",
                "a changed used.accelerators.nvidia.com/gpu >1",
            ],
        ),
        (
            lambda spec: spec["nodes"][0].update(taints=[{"key": "k", "effect": "NoExecute"}]),
            ["a changed taints.k:NoExecute >set"],
        ),
        (lambda spec: spec["nodes"][0]["labels"].update(zone="yard"), ["a changed labels.zone hall>yard"]),
        (lambda spec: spec["nodes"][0]["labels"].pop("example.com/tier"), ["a changed labels.example.com/tier edge>"]),
        # Labels without a domain may be the user's own.
        (lambda spec: spec["nodes"][0]["labels"].pop("own"), []),
        (
            lambda spec: spec["deviceTypes"]["x"]["accelerators"]["GPU"].update(count=1),
            ["a changed accelerators.nvidia.com/gpu 2>1", "b.c changed accelerators.nvidia.com/gpu 2>1"],
        ),
        (
            lambda spec: spec["nodes"][1].update(accelerators={}),
            ["b.c changed accelerators.npu id=NPU there>", "b.c changed accelerators.nvidia.com/gpu 2>"],
        ),
        # Another type of the same figures is no change.
        (
            lambda spec: (
                spec["deviceTypes"].update(y=spec["deviceTypes"]["x"]) or spec["nodes"][0].update(deviceType="y")
            ),
            [],
        ),
    ],
)
def test_what_the_cluster_says_of_nodes_is_compared(edit: Any, found: list[str]) -> None:
    assert changes(edit) == found


def test_another_type_with_the_same_figures_is_no_change() -> None:
    def edit(spec: dict[str, Any]) -> None:
        spec["deviceTypes"]["y"] = spec["deviceTypes"]["x"]
        spec["nodes"][0]["deviceType"] = "y"

    assert changes(edit) == []
