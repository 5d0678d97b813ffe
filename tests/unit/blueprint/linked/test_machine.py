"""A machine is a node with the defaults of its device type, less what others use."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.pipeline import AcceleratorRequest, Service
from rohe_iac.blueprint.linked.machine import UNKNOWN_AMOUNT, DeviceGroup, machines_of

INVENTORY = Inventory.model_validate(
    {
        "metadata": {"name": "i"},
        "spec": {
            "deviceTypes": {
                "jetson": {"arch": "arm64", "cpu": 4, "memory": {"rss": "4Gi"},
                           "accelerators": {"g": {"type": "gpu", "model": "nano", "capacity": "50%", "count": 2}}},
            },
            "nodes": [
                {"name": "full", "deviceType": "jetson", "used": {"cpu": "500m", "memory": {"rss": "1Gi"}}},
                {"name": "own", "deviceType": "jetson", "cpu": 2, "labels": {"zone": "a"},
                 "taints": [{"key": "lan"}, {"key": "soft", "effect": "PreferNoSchedule"}]},
                {"name": "odd", "cpu": 0, "memory": {"rss": 1}, "status": "down"},
            ],
        },
    }
)  # fmt: skip
FULL, OWN, ODD = machines_of(INVENTORY)


def test_a_node_takes_over_its_device_type_without_what_others_use() -> None:
    assert (FULL.arch, FULL.cpu, FULL.rss, FULL.cores) == ("arm64", 3500, 3 * 2**30, 4)
    assert FULL.devices == (DeviceGroup("gpu", "nano", 5000, 2),)
    assert (OWN.cpu, OWN.cores) == (2000, 2)
    assert [taint.key for taint in OWN.taints] == ["lan"]


def test_an_implausible_capacity_refuses_nothing() -> None:
    assert (ODD.cpu, ODD.rss, ODD.cores) == (UNKNOWN_AMOUNT, UNKNOWN_AMOUNT, UNKNOWN_AMOUNT)


def test_devices_count_whole_or_by_the_best_share() -> None:
    assert FULL.most_available("gpu", AcceleratorRequest.model_validate({"count": 1})) == 2
    assert FULL.most_available("gpu", AcceleratorRequest.model_validate({"share": "1%"})) == 5000
    assert FULL.most_available("gpu", AcceleratorRequest.model_validate({"count": 1, "models": ["xavier"]})) == 0
    assert FULL.most_available("tpu", AcceleratorRequest.model_validate({"count": 1})) == 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ""),
        ({"requests": {"cpu": 4}}, "with too little cpu"),
        ({"requests": {"memory": {"rss": "8Gi"}}}, "with too little memory"),
        ({"requests": {"accelerators": {"gpu": {"share": "60%"}}}}, "without such gpu"),
        ({"arch": ["amd64"]}, "of architecture arm64"),
        ({"placement": {"nodeSelector": {"zone": "b"}}}, "without the labels of nodeSelector"),
        ({"placement": {"spread": [{"topologyKey": "zone"}]}}, "without a label zone"),
    ],
)
def test_a_machine_says_why_it_refuses_a_service(fields: dict[str, object], words: str) -> None:
    service = Service.model_validate({"name": "a", **fields})
    assert FULL.refusal(service, service.requests) == words


def test_status_and_taints_keep_replicas_off() -> None:
    service = Service.model_validate({"name": "a"})
    tolerant = Service.model_validate(
        {"name": "a", "placement": {"tolerations": [{"key": "lan", "operator": "Exists"}]}}
    )
    assert ODD.refusal(service, service.requests) == "down"
    assert OWN.refusal(service, service.requests) == "tainted lan"
    assert OWN.refusal(tolerant, tolerant.requests) == ""
    assert (OWN.domain("node"), OWN.domain("zone"), OWN.domain("rack")) == ("own", "a", None)
