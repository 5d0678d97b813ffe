"""Single nodes of ranges, device types with labels and taints, and several inventories as one."""

from typing import Any

from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.linked.fleet import nodes_of_range, single_nodes, whole_inventory, with_type

EDGE = {"key": "edge"}


def inventory(name: str = "i", **spec: Any) -> Inventory:
    return Inventory.model_validate({"metadata": {"name": name}, "spec": spec})


def labels(whole: Inventory) -> dict[str, dict[str, str]]:
    return {node.name: node.labels for node in whole.spec.nodes}


PI = {"cpu": 4, "memory": {"rss": "4Gi"}, "labels": {"role": "bus", "class": "pi"}, "taints": [EDGE]}


def test_an_inventory_without_short_forms_is_the_same():
    found = inventory(nodes=[{"name": "a", "cpu": 1, "memory": {"rss": "1Gi"}}])
    assert whole_inventory([found]) is found


def test_a_range_gives_single_nodes_with_references_filled_in():
    found = inventory(
        deviceTypes={"pi": PI},
        nodes=[
            {"name": "b-[01:02]", "deviceType": "pi", "labels": {"zone": "line-{1}", "class": "own"},
             "taints": [{"key": "line", "value": "l{1}"}]},
        ],
    )  # fmt: skip
    assert [node.name for node in nodes_of_range(found.spec.nodes[0])] == ["b-01", "b-02"]
    whole = whole_inventory([found])
    assert labels(whole)["b-02"] == {"role": "bus", "class": "own", "zone": "line-02"}
    assert [(taint.key, taint.value) for taint in whole.spec.nodes[1].taints] == [("edge", ""), ("line", "l02")]


def test_an_entry_of_one_node_of_a_range_is_about_that_node():
    nodes = [
        {"name": "b-2", "status": "down", "labels": {"x": "y"}},
        {"name": "b-[1:3]", "cpu": 1, "memory": {"rss": "1Gi"}, "labels": {"zone": "a"}},
        {"name": "c", "cpu": 1, "memory": {"rss": "1Gi"}},
    ]
    found = inventory(nodes=nodes)
    assert [(node.name, index) for node, index in single_nodes(found.spec)] == [
        ("b-1", 1),
        ("b-2", 0),
        ("b-3", 1),
        ("c", 2),
    ]
    node = whole_inventory([found]).spec.nodes[1]
    assert (node.status, node.cpu, node.labels) == ("down", 1000, {"zone": "a", "x": "y"})


def test_the_taint_of_a_node_replaces_one_of_its_type_with_that_key():
    found = inventory(
        deviceTypes={"pi": PI}, nodes=[{"name": "a", "deviceType": "pi", "taints": [{"key": "edge", "value": "v"}]}]
    )
    node = with_type(found.spec.nodes[0], found.spec.device_types["pi"])
    assert [(taint.key, taint.value) for taint in node.taints] == [("edge", "v")]
    assert with_type(node, None) is node


def test_several_inventories_are_one():
    types = inventory("types", deviceTypes={"pi": PI})
    north = inventory("north", nodes=[{"name": "n-[1:2]", "deviceType": "pi"}])
    south = inventory("south", nodes=[{"name": "s", "deviceType": "pi", "labels": {"zone": "s"}}])
    whole = whole_inventory([types, north, south], "city")
    assert whole.metadata.name == "city"
    assert list(labels(whole)) == ["n-1", "n-2", "s"]
    assert labels(whole)["s"] == {"role": "bus", "class": "pi", "zone": "s"}
