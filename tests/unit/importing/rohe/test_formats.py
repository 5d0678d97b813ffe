"""Claims about recognising the original's nodes, services, contracts and settings."""

from __future__ import annotations

import pytest
from import_results import dropped, field_of

from rohe_iac.importing.foreign.drafts import Drafts
from rohe_iac.importing.rohe.contracts import import_contract, is_contract
from rohe_iac.importing.rohe.nodes import import_nodes, is_node, looks_like_nodes, type_name
from rohe_iac.importing.rohe.services import default_service_id, import_services, is_service, looks_like_services
from rohe_iac.importing.rohe.settings import import_settings, is_settings

NODE = {"node_name": "Pi_1", "cpu": {"capacity": 4000}, "memory": {"capacity": {"rss": 4096}}}
SERVICE = {"service_name": "web", "image": "a:1", "cpu": 500, "replicas": 2}


def test_nodes_and_services_are_told_apart() -> None:
    node, service = field_of(NODE), field_of(SERVICE)
    assert (is_node(node), is_service(node)) == (True, False)
    assert (is_node(service), is_service(service), is_service(service, sure=True)) == (False, True, True)
    assert looks_like_nodes(field_of({"a": NODE}))
    assert not looks_like_nodes(field_of({"a": NODE, "b": SERVICE}))
    assert looks_like_services(field_of({"app": {"web": SERVICE}}), sure=True)


@pytest.mark.parametrize(("node", "name"), [("Jetson_Nano_02", "jetson-nano"), ("7", "node"), ("pi", "pi")])
def test_a_device_type_is_named_by_the_node_without_its_number(node: str, name: str) -> None:
    assert type_name(node) == name


def test_nodes_of_the_same_figures_share_a_device_type() -> None:
    drafts, root = Drafts(), field_of({"data": {"a": NODE, "b": {**NODE, "node_name": "Pi_2"}}})
    body = root.get("data")
    assert body is not None
    import_nodes(root, body, drafts)
    assert [(node["name"], node["deviceType"]) for node in drafts.inventory.nodes] == [("pi-1", "pi"), ("pi-2", "pi")]
    assert drafts.inventory.device_types == {"pi": {"cpu": 4, "memory": {"rss": "4Gi"}}}


def test_an_id_that_an_export_would_give_is_not_kept() -> None:
    drafts = Drafts()
    services = {"web": {**SERVICE, "service_id": default_service_id("app", "web")}, "b": {**SERVICE, "service_id": "7"}}
    root = field_of({"data": {"app": services}})
    body = root.get("data")
    assert body is not None
    import_services(root, body, drafts)
    annotations = drafts.pipelines["app"].annotations
    assert [value for key, value in annotations.items() if key.startswith("rohe.dev/service-id")] == ["7"]


def test_a_contract_keeps_what_nothing_can_judge_in_an_annotation() -> None:
    root, drafts = field_of({"contract": {"contract_id": "c", "performance_slo": {"energy": 1, "rps": 5}}}), Drafts()
    assert is_contract(root)
    import_contract(root, drafts)
    (draft,) = drafts.contracts
    assert [objective["metric"] for objective in draft.spec["objectives"]] == ["throughput"]
    assert draft.annotations["rohe.dev/not-measurable"] == "energy"


def test_a_strategy_is_known_by_its_number() -> None:
    drafts = Drafts()
    root = field_of({"orchestrateConfig": {"strategy": 1}, "db_authentication": {"url": "x"}})
    assert is_settings(root)
    import_settings(root, drafts)
    assert drafts.stack == {"planner": {"strategy": "worst-fit"}}
    assert "never copied" in dropped(root)["db_authentication"]
