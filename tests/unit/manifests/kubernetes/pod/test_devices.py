"""Claims about what pods ask a cluster for so that containers get the planned devices."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.blueprint.language.inventory import DeviceType, Node
from rohe_iac.blueprint.language.pipeline import AcceleratorRequest
from rohe_iac.blueprint.linked.cluster_device import ClusterDevice, devices_of_node
from rohe_iac.manifests.kubernetes.pod.devices import PodDevices, pod_devices, selection
from rohe_iac.planning.model.plan import DeviceUse, Placement

GPU = {"deviceClass": "gpu.example.com", "attribute": "gpu.example.com/uuid"}


def devices(**accelerators: Any) -> dict[str, ClusterDevice]:
    kind = DeviceType.model_validate({"cpu": 4, "memory": {"rss": "4Gi"}, "accelerators": accelerators})
    return devices_of_node(Node(name="n-1"), kind)


def asked(uses: list[DeviceUse], known: dict[str, ClusterDevice], **requests: Any) -> PodDevices:
    placement = Placement(
        replica="replica/p:a/0", instance="a-0", workload="service/p:a", pipeline="p", service="a", member="", index=0,
        node="n-1", reason="", devices=tuple(uses),
    )  # fmt: skip
    models = {kind: AcceleratorRequest.model_validate(request) for kind, request in requests.items()}
    return pod_devices(placement, models, known)


def exactly(found: PodDevices) -> list[Any]:
    return [request["exactly"] for request in found.requests]


def test_an_extended_resource_counts_whole_devices_whatever_the_share() -> None:
    known = devices(GPU={"type": "gpu", "count": 2, "kubernetes": {"extendedResource": "nvidia.com/gpu"}})
    uses = [DeviceUse("gpu", "GPU-0", 10_000), DeviceUse("gpu", "GPU-1", 10_000)]
    assert asked(uses, known, gpu={"count": 2}) == PodDevices({"nvidia.com/gpu": 2}, ())
    assert asked(uses[:1], known, gpu={"share": "30%"}) == PodDevices({"nvidia.com/gpu": 1}, ())


def test_a_claim_has_a_request_for_each_planned_device_and_another_name_for_others() -> None:
    known = devices(GPU={"type": "gpu", "count": 3, "kubernetes": GPU})
    one = asked([DeviceUse("gpu", "GPU-2", 10_000)], known, gpu={"count": 1})
    assert exactly(one) == [
        {
            "deviceClassName": "gpu.example.com",
            "selectors": [{"cel": {"expression": selection("gpu.example.com/uuid", "GPU-2")}}],
        }
    ]
    two = asked([DeviceUse("gpu", "GPU-0", 1), DeviceUse("gpu", "GPU-2", 1)], known, gpu={"count": 2})
    assert [request["name"] for request in two.requests] == ["device-0", "device-1"]
    assert one.claim_name("a-0") != two.claim_name("a-0")
    assert one.claim_name("a-0") == asked([DeviceUse("gpu", "GPU-2", 1)], known, gpu={"count": 1}).claim_name("a-0")


@pytest.mark.parametrize(
    ("capacity", "memory", "request_", "amounts"),
    [
        ("gpu.example.com/memory", "8Gi", {"share": "30%", "memory": "2Gi"}, {"gpu.example.com/memory": "2Gi"}),
        ("gpu.example.com/cores", None, {"share": "12.1%"}, {"gpu.example.com/cores": "13"}),
        (
            {"memory": "m", "share": "c"}, "8Gi", {"share": "30%", "memory": "1Gi"}, {"m": "1Gi", "c": "30"},
        ),
        ({"memory": "m"}, "8Gi", {"count": 1, "memory": "1Gi"}, None),
    ],
)  # fmt: skip
def test_a_claim_takes_parts_of_what_the_device_is_shared_by(
    capacity: Any, memory: str | None, request_: dict[str, Any], amounts: dict[str, str] | None
) -> None:
    entry = {"type": "gpu", "kubernetes": {**GPU, "capacity": capacity}, **({"memory": memory} if memory else {})}
    request = AcceleratorRequest.model_validate(request_)
    use = DeviceUse("gpu", "GPU0", request.share or 10_000, request.memory or 0)
    found = exactly(asked([use], devices(GPU0=entry), gpu=request_))
    assert found[0].get("capacity") == (None if amounts is None else {"requests": amounts})


def test_a_device_that_no_cluster_knows_asks_for_nothing() -> None:
    assert asked([DeviceUse("gpu", "GPU0", 5_000)], devices(GPU0={"type": "gpu"}), gpu={"share": "50%"}) == PodDevices(
        {}, ()
    )


def test_values_keep_their_type_and_quotes_cannot_end_an_expression() -> None:
    known = devices(GPU={"type": "gpu", "count": 2, "kubernetes": {**GPU, "values": [0, "1"]}})
    assert [device.value for device in known.values()] == [0, "1"]
    driver = "device.attributes[device.driver]"
    assert selection("index", 0) == f'"index" in {driver} && {driver}["index"] == 0'
    assert selection("uuid", '" || true || "').endswith(r'== "\" || true || \""')
