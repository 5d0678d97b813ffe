"""Claims about imports of service files: applications become pipelines, services keep their requests."""

from __future__ import annotations

from typing import Any

import pytest
from import_results import Importer

from rohe_iac.importing.import_texts import ImportResult, InvalidImport


def service(**fields: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "service_name": "web_1",
        "image": "rdsea/web:2.0",
        "port_mapping": [{"con_port": 4002, "phy_port": 80}],
        "cpu": 424,
        "accelerator": {"gpu": 0},
        "memory": {"rss": 200, "vms": 500},
        "processor": [50, 5],
        "sensitivity": 0,
        "replicas": 2,
    }
    return {key: value for key, value in (whole | fields).items() if value is not None}


def services(result: ImportResult, index: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [doc["spec"]["services"] for doc in result.documents if doc["kind"] == "Pipeline"][
        index
    ]
    return found


def test_the_sample_gives_three_pipelines_with_fifteen_replicas(import_samples: Importer) -> None:
    result = import_samples("add_service.yaml")
    assert [document["metadata"]["name"] for document in result.documents] == ["object-detection", "kpi", "bts"]
    assert sum(entry["replicas"] for index in range(3) for entry in services(result, index)) == 15
    assert services(result)[2] == {
        "name": "object-detection-inference-service",
        "image": "rdsea/od_inf:2.0",
        "replicas": 1,
        "ports": [
            {"name": "p4002", "containerPort": 4002, "servicePort": 4002},
            {"name": "p4003", "containerPort": 4003, "servicePort": 4003},
        ],
        "requests": {
            "cpu": "500m",
            "cores": ["500m"],
            "memory": {"rss": "600Mi", "vms": "200Mi"},
            "accelerators": {"gpu": {"share": "15%"}},
        },
    }


@pytest.mark.parametrize(
    ("sensitivity", "taken"),
    [
        (0, "none"), (1, "cpu"), (2, "memory"), (3, "cpu+memory"), ("2", "memory"), (1.0, "cpu"), ("CPU", "cpu"),
        ("memory-sensitive", "memory"), ("not sensitive", "none"), (-1, None), (4, None), (1.5, None), (True, None),
    ],
)  # fmt: skip
def test_a_sensitivity_is_a_number_from_0_to_3_or_a_word(
    import_contents: Importer, sensitivity: object, taken: str | None
) -> None:
    result = import_contents({"data": {"app": {"x": service(sensitivity=sensitivity)}}})
    assert result.documents[0]["spec"]["services"][0].get("sensitivity", "none") == (taken or "none")
    listed = {item.field for item in result.files[0].unmapped}
    assert ("data.app.x.sensitivity" in listed) is (taken is None)


def test_a_port_mapping_alone_stands_for_a_list_of_one(import_contents: Importer) -> None:
    entry = service(ports=None, port_mapping={"con_port": 80, "phy_port": 8080})
    service_of_pipeline = import_contents({"data": {"app": {"x": entry}}}).documents[0]["spec"]["services"][0]
    assert service_of_pipeline["ports"] == [{"name": "p80", "containerPort": 80, "servicePort": 8080}]


def test_nodes_and_services_of_one_file_are_both_taken(import_contents: Importer) -> None:
    node = {"cpu": {"capacity": 1000}, "memory": {"capacity": {"rss": 1}}, "arch": "aarch64"}
    result = import_contents({"nodes": {"a": {"node_name": "a", **node}}, "services": {"app": {"x": service()}}})
    assert [document["kind"] for document in result.documents] == ["Inventory", "Pipeline", "Stack"]
    assert result.documents[0]["spec"]["deviceTypes"]["a"]["arch"] == "arm64"
    assert result.files[0].format == "ROHE nodes and ROHE services"


def test_nodes_and_services_together_make_a_stack(import_samples: Importer) -> None:
    result = import_samples("add_service.yaml", "add_node.yaml", name="testbed")
    assert [document["kind"] for document in result.documents] == [
        "Inventory",
        "Pipeline",
        "Pipeline",
        "Pipeline",
        "Stack",
    ]
    # Images without commands are no processes of this machine, and nodes in use are to be few.
    assert result.documents[-1]["spec"] == {
        "pipelines": ["object-detection", "kpi", "bts"],
        "inventory": "testbed",
        "planner": {"strategy": "portfolio"},
        "target": {"manifests": {"directory": "manifests"}},
    }


def test_services_that_all_have_commands_run_on_this_machine(
    import_samples: Importer, import_contents: Importer
) -> None:
    nodes = {"data": {"a": {"node_name": "a", "cpu": {"capacity": 1000}, "memory": {"capacity": {"rss": 1}}}}}
    result = import_contents(nodes, {"data": {"app": {"x": service(command="python -m web")}}})
    assert "target" not in result.documents[-1]["spec"]


def test_settings_that_are_imported_along_go_before_what_a_stack_has_by_itself(import_samples: Importer) -> None:
    spec = import_samples("add_service.yaml", "add_node.yaml", "orchestrationConfig.yaml").documents[-1]["spec"]
    assert spec["planner"] == {
        "strategy": "worst-fit",
        "weights": {"cpu": 1, "memory": 1},
        "queue": {"priority": "none", "balance": 3},
    }
    assert spec["target"] == {"manifests": {"directory": "manifests"}}


def test_all_spellings_mean_the_same(import_contents: Importer) -> None:
    new = service(service_name=None, cpu=None, accelerator=None, memory=None, processor=None)
    new |= {"microservice_name": "web_1", "cpu_required": 424, "accelerator_required": {"gpu": 0}}
    new |= {"memory_required": {"rss": 200, "vms": 500}, "cores_required": [50, 5]}
    assert (
        import_contents({"data": {"app": {"x": service()}}}).documents == import_contents({"app": {"x": new}}).documents
    )


def test_phy_port_becomes_the_service_port(import_contents: Importer) -> None:
    mapping = [{"con_port": 80, "phy_port": 8080}, {"con_port": 80, "phy_port": 9090}]
    result = import_contents({"data": {"app": {"x": service(ports=[80, "81"], port_mapping=mapping)}}})
    assert services(result)[0]["ports"] == [
        {"name": "p80", "containerPort": 80, "servicePort": 8080},
        {"name": "p81", "containerPort": 81},
    ]
    assert [item.field for item in result.files[0].unmapped] == ["data.app.x.port_mapping[1]"]


@pytest.mark.parametrize(
    ("cpu", "chunks", "expected"),
    [
        (424, [50, 5], ["500m", "50m"]),
        (331, [420, 20], ["420m", "20m"]),
        (1000, [100], [1]),
        (50, [40], ["400m"]),
    ],
)
def test_the_unit_of_cores_is_inferred_with_the_file_s_own_as_tie_break(
    import_contents: Importer, cpu: int, chunks: list[int], expected: list[object]
) -> None:
    # [40] beside 50 millicores reads either way by itself; the file's other services say percent.
    others = {f"s{index}": service(service_name=f"s{index}") for index in range(3)}
    result = import_contents({"data": {"app": {**others, "x": service(cpu=cpu, processor=chunks)}}})
    if cpu == 50:
        assert services(result)[3]["requests"]["cores"] in (expected, ["40m"])
    else:
        assert services(result)[3]["requests"]["cores"] == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (0, None),
        (15, {"share": "15%"}),
        ("12.5", {"share": "12.5%"}),
        (100, {"share": "100%"}),
        (200, {"count": 2}),
        (150, {"count": 2}),
    ],
)
def test_percent_of_a_device_is_a_share_and_more_than_one_device_a_count(
    import_contents: Importer, asked: object, expected: object
) -> None:
    result = import_contents({"data": {"app": {"x": service(accelerator={"GPU": asked})}}})
    assert services(result)[0]["requests"].get("accelerators", {}).get("gpu") == expected


@pytest.mark.parametrize(("given", "expected"), [(1, "cpu"), ("2", "memory"), (3, "cpu+memory"), ("cpu", "cpu")])
def test_sensitivity_is_a_word(import_contents: Importer, given: object, expected: str) -> None:
    assert services(import_contents({"data": {"app": {"x": service(sensitivity=given)}}}))[0]["sensitivity"] == expected


def test_state_of_a_running_service_is_listed_with_the_reason(import_samples: Importer) -> None:
    reasons = {
        item.field.rpartition(".")[2]: item.reason for item in import_samples("add_service.yaml").files[0].unmapped
    }
    assert "decided by the plan" in reasons["status"]
    assert "decided by the plan" in reasons["running"]
    assert "the sender of a command" in reasons["client_id"]


def test_services_without_an_application_are_one_pipeline(import_contents: Importer) -> None:
    result = import_contents({"data": {"x": service(), "y": service(service_name="y")}}, name="shop")
    assert [document["metadata"]["name"] for document in result.documents] == ["shop"]
    assert [entry["name"] for entry in services(result)] == ["web-1", "y"]


@pytest.mark.parametrize(
    ("field", "value"), [("replicas", -1), ("replicas", "many"), ("cpu", [1]), ("port_mapping", [{"con_port": 70000}])]
)
def test_what_is_no_figure_is_told_with_its_place(import_contents: Importer, field: str, value: object) -> None:
    with pytest.raises(InvalidImport, match="1 place"):
        import_contents({"data": {"app": {"x": service(**{field: value})}}})


def test_a_file_extended_by_hand_keeps_command_and_variables(import_contents: Importer) -> None:
    entry = service(command="python -m 'a b'", args=["--fast"], environment={"LOG": "info", "DB_PASSWORD": "x"})
    result = import_contents({"data": {"app": {"web": entry}}})
    assert services(result)[0]["command"] == ["python", "-m", "a b"]
    assert services(result)[0]["args"] == ["--fast"]
    assert services(result)[0]["env"] == {"LOG": "info", "DB_PASSWORD": {"secret": "env:DB_PASSWORD"}}


def test_an_application_s_name_is_the_pipeline_s_and_told(import_contents: Importer) -> None:
    result = import_contents({"application_name": "My App", "data": [service()]})
    assert result.documents[0]["metadata"]["name"] == "my-app"
    assert not [item for item in result.files[0].unmapped if item.field == "application_name"]


def test_a_list_where_an_image_belongs_is_listed_as_such(import_contents: Importer) -> None:
    result = import_contents({"data": {"app": {"web": service(image=["a"])}}})
    assert [item.reason for item in result.files[0].unmapped] == ["an image is text"]


def test_a_peak_of_parts_of_a_core_is_read_as_such_where_the_cpu_says_so(import_contents: Importer) -> None:
    result = import_contents({"data": {"app": {"web": service(cpu=700, processor=[0.6, 0.2])}}})
    assert services(result)[0]["requests"]["cores"] == ["600m", "200m"]
