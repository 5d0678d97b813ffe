"""What each kind of edit makes of nodes, services, flows and limits, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.foundation.errors import UsageError
from rohe_iac.planning.model.demand import AffinityRule, DeviceRequest, Edge, PortRequest
from rohe_iac.planning.questions.what_if.devices import edit_devices, edit_requests, entry_name
from rohe_iac.planning.questions.what_if.edit import Edit, parse_edits
from rohe_iac.planning.questions.what_if.names import demands_named, names_of
from rohe_iac.planning.questions.what_if.rules import (
    edit_flow,
    edit_limit,
    edit_node_rule,
    edit_rule,
    edit_setting,
    microseconds,
    service_of,
)


def edit(text: str) -> Edit:
    (only,) = parse_edits(text)
    return only


def test_a_service_has_the_names_that_people_type(world: Any) -> None:
    demand = world.demand("a")
    assert names_of(demand) == ["a", "p:a", "p:a"]
    assert demands_named(world.problem([], [demand, world.demand("b")]), "p:a") == (demand,)


def test_devices_grow_shrink_and_are_added_by_their_number(world: Any) -> None:
    node = world.node("n", devices=(world.gpu("GPU0-0"), world.gpu("GPU0-1")))
    assert entry_name(node, "GPU0-1") == "GPU0"
    half = edit_devices(node, edit("node/n.GPU0=50%"))
    assert [device.capacity for device in half.devices] == [5000, 5000]
    assert len(edit_devices(node, edit("node/n.GPU0.count=1")).devices) == 1
    assert [device.type for device in edit_devices(world.node("m"), edit("node/m.gpu.count=2")).devices] == ["gpu"] * 2
    with pytest.raises(UsageError, match="no field"):
        edit_devices(node, edit("node/n.GPU9=50%"))


def test_a_request_for_no_device_is_left_out() -> None:
    requests = (DeviceRequest("gpu", share=4000), DeviceRequest("tpu", count=1, models=("x",)))
    assert edit_requests(requests, edit("service/a.gpu=0%")) == requests[1:]
    assert edit_requests(requests, edit("service/a.tpu.models=any"))[1].models == ()
    with pytest.raises(UsageError, match="no field"):
        edit_requests(requests, edit("service/a.npu=10%"))


def test_labels_taints_and_rules_are_set_and_removed(world: Any) -> None:
    node = edit_node_rule(world.node("n", labels=(("zone", "a"),)), edit("node/n.labels.zone=none"))
    assert node.labels == ()
    assert edit_node_rule(node, edit("node/n.taints.gpu=NoSchedule")).taints[0].key == "gpu"
    demand = world.demand("a", near=(AffinityRule(("service/p:b",), "node"),), ports=(PortRequest("http", 80, "TCP"),))
    assert edit_rule(demand, edit("service/a.near.b=preferred")).near[0].required is False
    assert edit_rule(demand, edit("service/a.near.b=none")).near == ()
    assert edit_rule(demand, edit("service/a.ports.http=none")).ports[0].host == 0
    assert edit_rule(demand, edit("service/a.spread.zone=2")).spread[0].limit == 2
    assert edit_rule(demand, edit("service/a.arch=arm64+amd64")).arch == ("amd64", "arm64")
    with pytest.raises(UsageError, match="cannot be made"):
        edit_rule(demand, edit("service/a.near.b=maybe"))


def test_flows_and_limits_are_edited_by_the_service_and_objective_they_name(world: Any) -> None:
    edges = (Edge("service/p:a", "service/p:b", 1000, 500), Edge("service/p:b", "service/p:c", 1000, 500))
    changed = edit_flow(edges, ["service/p:a"], edit("service/a.flow.b.latency=3ms"))
    assert [edge.latency for edge in changed] == [3000, 1000]
    (limit,) = edit_limit((world.promise(1000, "a", "b"),), edit("contract/sla.fast=5ms"))
    assert limit.limit == 5000
    with pytest.raises(UsageError, match="no contract"):
        edit_limit((limit,), edit("contract/other.fast=5ms"))


def test_settings_take_a_range_of_ports_only_where_the_target_has_one(world: Any) -> None:
    local = world.problem([], [], ports=(1000, 1010)).settings
    assert edit_setting(local, edit("stack/s.ports=2000-2010")).ports == (2000, 2010)
    assert edit_setting(local, edit("stack/s.survive=1")).survive == 1
    with pytest.raises(UsageError, match="assigns no ports"):
        edit_setting(world.problem([], []).settings, edit("stack/s.ports=2000-2010"))


def test_times_and_services_are_read_as_people_write_them() -> None:
    assert microseconds("250ms") == 250_000
    assert (service_of("service/p:b/small", "p"), service_of("service/q:b", "p")) == ("b", "q:b")
