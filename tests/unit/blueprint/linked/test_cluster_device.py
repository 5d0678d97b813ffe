"""Claims about devices as a cluster knows them."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.blueprint.language.accelerators.accelerator import Accelerator
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.linked.cluster_device import consumed_names, devices_of_inventory, is_given_whole

CLAIMED = {"deviceClass": "gpu.example.com", "attribute": "uuid"}


@pytest.mark.parametrize(
    ("fields", "whole"),
    [
        ({}, False),
        ({"mode": "exclusive"}, True),
        ({"kubernetes": {"extendedResource": "nvidia.com/gpu"}}, True),
        ({"kubernetes": CLAIMED}, True),
        ({"kubernetes": {**CLAIMED, "capacity": "memory"}}, False),
    ],
)
def test_a_cluster_shares_only_what_has_a_capacity(fields: dict[str, Any], whole: bool) -> None:
    assert is_given_whole(Accelerator.model_validate({"type": "gpu", **fields})) is whole


@pytest.mark.parametrize(
    ("capacity", "memory", "names"),
    [
        ("x", "8Gi", ("x", "")),
        ("x", None, ("", "x")),
        ({"memory": "m", "share": "s"}, None, ("m", "s")),
        ({"share": "s"}, "8Gi", ("", "s")),
        (None, "8Gi", ("", "")),
    ],
)
def test_a_bare_capacity_is_memory_where_the_device_states_memory(
    capacity: Any, memory: str | None, names: tuple[str, str]
) -> None:
    known = {**CLAIMED, **({"capacity": capacity} if capacity else {})}
    assert consumed_names(Accelerator.model_validate({"type": "gpu", "memory": memory, "kubernetes": known})) == names


def test_nodes_have_the_devices_of_their_type_or_their_own() -> None:
    spec = {
        "deviceTypes": {
            "x": {"cpu": 1, "memory": {"rss": "1Gi"}, "accelerators": {"GPU": {"type": "gpu", "count": 2}}}
        },
        "nodes": [
            {"name": "a", "deviceType": "x"},
            {"name": "b", "deviceType": "x", "accelerators": {"N": {"type": "npu", "kubernetes": CLAIMED}}},
            {"name": "c", "cpu": 1, "memory": {"rss": "1Gi"}},
        ],
    }
    found = devices_of_inventory(Inventory.model_validate({"metadata": {"name": "i"}, "spec": spec}))
    assert {node: [*devices] for node, devices in found.items()} == {"a": ["GPU-0", "GPU-1"], "b": ["N"]}
    assert found["b"]["N"].value == "N"
