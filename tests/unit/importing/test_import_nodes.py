"""Claims about imports of node files: both spellings, every unit, odd figures."""

from __future__ import annotations

from typing import Any

import pytest
from import_results import Importer, notes, reasons

from rohe_iac.importing.foreign.units import CoresUnit
from rohe_iac.importing.import_texts import ImportResult, InvalidImport


def node(**fields: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "node_name": "Pi_1",
        "cpu": {"capacity": 4000, "used": 0},
        "memory": {"capacity": {"rss": 4096, "vms": 4096}, "used": {"rss": 0, "vms": 0}},
        "processor": {"capacity": [100, 100, 100, 100], "used": [0, 0, 0, 0]},
    }
    return {key: value for key, value in (whole | fields).items() if value is not None}


def file(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"data": {f"node{index}": item for index, item in enumerate(nodes)}}


def inventory(result: ImportResult) -> dict[str, Any]:
    return next(document["spec"] for document in result.documents if document["kind"] == "Inventory")


def offers(result: ImportResult, index: int = 0) -> dict[str, Any]:
    spec = inventory(result)
    found: dict[str, Any] = spec["deviceTypes"][spec["nodes"][index]["deviceType"]]
    return found


def test_the_sample_gives_ten_nodes_of_three_device_types(import_samples: Importer) -> None:
    spec = inventory(import_samples("add_node.yaml"))
    assert [entry["name"] for entry in spec["nodes"]][::3] == [
        "raspberrypi-01",
        "raspberrypi-04",
        "jetson-nano-02",
        "jetson-xavier-06",
    ]
    assert spec["deviceTypes"]["jetson-nano"] == {
        "frequency": "1.5GHz",
        "cpu": 4,
        "cores": [1, 1, 1, 1],
        "memory": {"rss": "4Gi", "vms": "2Gi"},
        "accelerators": {"GPU0": {"type": "gpu", "mode": "exclusive", "cores": 128}},
    }
    assert spec["deviceTypes"]["jetson-xavier"]["accelerators"]["GPU0"]["mode"] == "shared"


def test_the_original_name_is_kept_in_an_annotation(import_contents: Importer) -> None:
    result = import_contents(file(node(node_name="Édge Böx_1")))
    assert inventory(result)["nodes"][0]["name"] == "edge-box-1"
    annotations = result.documents[0]["metadata"]["annotations"]
    assert annotations == {"rohe.dev/original-name.node.edge-box-1": "Édge Böx_1"}


def test_names_that_become_alike_are_told_apart_and_noted(import_contents: Importer) -> None:
    result = import_contents(file(node(node_name="pi_1"), node(node_name="pi-1"), node(node_name="PI.1")))
    assert [entry["name"] for entry in inventory(result)["nodes"]] == ["pi-1", "pi-1-2", "pi-1-3"]
    assert "'pi-1' becomes 'pi-1-2'" in notes(result)


def test_both_spellings_mean_the_same(import_contents: Importer) -> None:
    old = node(MAC="82:ae:30:11:38:01", accelerator={"GPU0": {"type": "gpu", "mode": "pre-emptive", "capacity": 100}})
    new = node(processor=None, cores=old["processor"], mac_address="82:ae:30:11:38:01")
    new["accelerator"] = {"GPU0": {"accelerator_type": "GPU", "mode": "Pre-Emptive", "capacity": 100, "used": 0}}
    assert import_contents(file(old)).documents == import_contents(file(new)).documents


@pytest.mark.parametrize("spelling", ["Node_Name", "NODE_NAME", "nodeName", "node-name"])
def test_case_and_separators_of_keys_mean_nothing(import_contents: Importer, spelling: str) -> None:
    content = node(node_name=None)
    content[spelling] = "pi-7"
    assert inventory(import_contents(file(content)))["nodes"][0]["name"] == "pi-7"


@pytest.mark.parametrize(
    ("cpu", "figures", "expected"),
    [
        (4000, [100, 100, 100, 100], [1, 1, 1, 1]),
        (4000, [1000, 1000, 1000, 1000], [1, 1, 1, 1]),
        (6000, [150, 150, 150, 150], ["1500m"] * 4),
        (3800, [95, 95, 95, 95], ["950m"] * 4),
        (3500, [1000, 1000, 800, 800], [1, 1, "800m", "800m"]),
    ],
)
def test_the_unit_of_cores_is_inferred_node_by_node(
    import_contents: Importer, cpu: int, figures: list[int], expected: list[object]
) -> None:
    plain = node(node_name="plain")
    odd = node(node_name="odd", cpu={"capacity": cpu}, processor={"capacity": figures})
    result = import_contents(file(plain, odd))
    assert offers(result, 0)["cores"] == [1, 1, 1, 1]
    assert offers(result, 1)["cores"] == expected


def test_the_user_may_say_the_unit_of_cores(import_contents: Importer) -> None:
    assert offers(import_contents(file(node()), cores_unit=CoresUnit.millicores))["cores"] == ["100m"] * 4
    small = node(cpu={"capacity": 10}, processor={"capacity": [1]})
    assert offers(import_contents(file(small), cores_unit=CoresUnit.cores))["cores"] == [1]


def test_a_frequency_that_is_no_single_number_is_listed(import_contents: Importer) -> None:
    result = import_contents(file(node(frequency={"min": 0.6, "max": 1.5})))
    assert "frequency" not in offers(result)
    assert "one number" in reasons(result)["data.node0.frequency"]


def test_an_uncertain_unit_is_told(import_contents: Importer) -> None:
    result = import_contents(file(node(cpu={"capacity": 1000}, processor={"capacity": [100, 100, 100]})))
    assert "--cores-unit millicores" in notes(result)


def test_numbers_in_quotes_are_numbers(import_contents: Importer) -> None:
    text = node(cpu={"capacity": "4000", "used": "250"}, frequency="1.5")
    text["memory"] = {"capacity": {"rss": "4096", "vms": "4096"}}
    text["processor"] = {"capacity": ["100"] * 4}
    result = import_contents(file(text))
    assert offers(result) == {"frequency": "1.5GHz", "cpu": 4, "cores": [1] * 4, "memory": {"rss": "4Gi", "vms": "4Gi"}}
    assert inventory(result)["nodes"][0]["used"] == {"cpu": "250m"}


def test_a_text_with_a_unit_is_taken_as_it_says(import_contents: Importer) -> None:
    content = node(frequency="1500MHz", memory={"capacity": {"rss": "4Gi", "vms": "6144 MB"}})
    found = offers(import_contents(file(content)))
    assert found["memory"] == {"rss": "4Gi", "vms": "6Gi"}
    assert found["frequency"] == "1.5GHz"


def test_what_is_used_is_kept_and_never_more_than_there_is(import_contents: Importer) -> None:
    content = node(cpu={"capacity": 4000, "used": 5000}, processor={"capacity": [100] * 4, "used": [50, 0, 0, 200]})
    content["memory"] = {"capacity": {"rss": 4096}, "used": {"rss": 8192}}
    content["accelerator"] = {"GPU0": {"type": "gpu", "capacity": 100, "used": 15}}
    result = import_contents(file(content))
    assert inventory(result)["nodes"][0]["used"] == {
        "cpu": 4,
        "cores": ["500m", 0, 0, 1],
        "memory": {"rss": "4Gi"},
        "accelerators": {"GPU0": "15%"},
    }
    assert "more is said to be used" in notes(result)


def test_missing_fields_are_done_without_where_that_can_be(import_contents: Importer) -> None:
    result = import_contents(file({"node_name": "bare", "cpu": 2000, "memory": {"rss": 512}}, node(cpu=None)))
    assert offers(result, 0) == {"cpu": 2, "memory": {"rss": "512Mi"}}
    assert offers(result, 1)["cpu"] == 4
    assert "the sum of the cores is taken" in notes(result)


def test_a_node_without_memory_is_told_with_its_place(import_contents: Importer) -> None:
    with pytest.raises(InvalidImport) as caught:
        import_contents("data:\n  node1:\n    node_name: a\n    cpu: {capacity: 4000}\n")
    assert caught.value.exit_code == 3
    assert "f0:3:5: data.node1: the node has no memory" in caught.value.detail


def test_every_figure_that_is_none_is_told_at_once_with_its_place(import_contents: Importer) -> None:
    text = """\
data:
  node1:
    node_name: a
    cpu: {capacity: lots}
    memory: {capacity: {rss: -4}}
    processor: {capacity: [100, many]}
"""
    with pytest.raises(InvalidImport) as caught:
        import_contents(text)
    places = [(fault.place.line, fault.place.column) for fault in caught.value.faults]
    assert places == [(4, 21), (5, 30), (6, 33)]


def test_states_that_rohe_has_not_are_taken_as_the_nearest(import_contents: Importer) -> None:
    states = ["running", "Stopped", "maintenance", "confused"]
    result = import_contents(file(*(node(node_name=f"n{index}", status=state) for index, state in enumerate(states))))
    assert [entry.get("status", "running") for entry in inventory(result)["nodes"]] == [
        "running",
        "down",
        "cordoned",
        "running",
    ]
    assert "not a status" in reasons(result)["data.node3.status"]


def test_a_mac_that_is_none_and_a_field_that_nobody_knows_are_listed(import_contents: Importer) -> None:
    result = import_contents(file(node(MAC="EW:VE:TW", rack={"row": 4}, services={"web": 2})))
    assert "mac" not in inventory(result)["nodes"][0]
    assert "not a MAC address" in reasons(result)["data.node0.MAC"]
    assert "no such field" in reasons(result)["data.node0.rack"]
    assert "decided by the plan" in reasons(result)["data.node0.services"]


def test_nodes_may_be_a_list_and_stand_without_data(import_contents: Importer) -> None:
    expected = inventory(import_contents(file(node(), node(node_name="Pi_2"))))
    assert inventory(import_contents([node(), node(node_name="Pi_2")])) == expected
    assert inventory(import_contents({"n1": node(), "n2": node(node_name="Pi_2")})) == expected


@pytest.mark.parametrize(
    ("cpu", "figures", "expected"),
    [
        (4, [100, 100, 100, 100], (4, [1] * 4)),  # whole cores beside percent
        (2, [1000, 1000], (2, [1] * 2)),
        (2500, [0.5, 1, 1], ("2500m", ["500m", 1, 1])),  # parts of a core
        (4000, [1, 1, 1, 1], (4, [1] * 4)),
        (4, [1, 1, 1, 1], (4, [1] * 4)),
    ],
)
def test_whole_cores_are_known_by_what_the_figures_come_to(
    import_contents: Importer, cpu: object, figures: list[float], expected: tuple[object, object]
) -> None:
    result = import_contents(file(node(cpu={"capacity": cpu}, processor={"capacity": figures})))
    assert (offers(result)["cpu"], offers(result)["cores"]) == expected


def test_a_small_cpu_without_cores_is_millicores(import_contents: Importer) -> None:
    assert offers(import_contents(file(node(cpu={"capacity": "2"}, processor={"capacity": []}))))["cpu"] == "2m"


def test_parts_of_a_millicore_are_not_offered_and_are_told(import_contents: Importer) -> None:
    result = import_contents(
        file(node(cpu={"capacity": 3999.7, "used": 0.5}, processor={"capacity": [99.97, 100, 100, 100]}))
    )
    assert (offers(result)["cpu"], offers(result)["cores"]) == ("3999m", ["999m", 1, 1, 1])
    assert inventory(result)["nodes"][0]["used"] == {"cpu": "1m"}
    assert "rounded down" in notes(result)
    assert "rounded up" in notes(result)


@pytest.mark.parametrize("spelling", ["82AE30113801", "82ae.3011.3801", "82AE-3011-3801"])
def test_a_mac_address_of_another_spelling_is_written_out(import_contents: Importer, spelling: str) -> None:
    mac = inventory(import_contents(file(node(MAC=spelling))))["nodes"][0]["mac"]
    assert mac.lower() == "82:ae:30:11:38:01"


def test_labels_and_a_zone_are_labels(import_contents: Importer) -> None:
    result = import_contents(file(node(labels={"rack": 4, "row": [1]}, zone="lab-1")))
    assert inventory(result)["nodes"][0]["labels"] == {"rack": "4", "zone": "lab-1"}
    assert "data.node0.labels.row[0]" in reasons(result)


def test_texts_and_lists_of_nothing_are_empty(import_contents: Importer) -> None:
    result = import_contents(
        file(node(frequency="", status=" ", processor={"capacity": []}, accelerator={"GPU0": None}))
    )
    assert offers(result) == {"cpu": 4, "memory": {"rss": "4Gi", "vms": "4Gi"}}
    assert {reasons(result)[f"data.node0.{name}"] for name in ("frequency", "processor")} == {
        "empty: there is nothing to take over"
    }


@pytest.mark.parametrize(
    "content", ["data: []\n", "command: ADD NODE\ndata: {}\n", "command: GET ALL SERVICES\nrole: client\n"]
)
def test_a_file_without_nodes_beside_others_is_no_fault(import_contents: Importer, content: str) -> None:
    result = import_contents(content, file(node()))
    assert len(inventory(result)["nodes"]) == 1
    assert "no nodes and no services" in notes(result)
