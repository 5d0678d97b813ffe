"""Claims about exports: every node and service is in the files, and every change on return is listed."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.importing.export.documents import export_documents
from rohe_iac.importing.export.round_trip import BATCH


def inventory(nodes: list[dict[str, Any]], **kind: Any) -> Inventory:
    kinds = {"pi": {"cpu": 4, "memory": {"rss": "4Gi"}, "frequency": "1.5GHz", **kind}}
    named = [{"deviceType": "pi", "mac": "82:ae:30:11:38:01", **node} for node in nodes]
    spec = {"deviceTypes": kinds, "nodes": named}
    return Inventory.model_validate({"kind": "Inventory", "metadata": {"name": "lab"}, "spec": spec})


def pipeline(services: list[dict[str, Any]], **annotations: str) -> Pipeline:
    metadata = {
        "name": "p",
        "annotations": {f"rohe.dev/original-name.{key}": text for key, text in annotations.items()},
    }
    return Pipeline.model_validate({"kind": "Pipeline", "metadata": metadata, "spec": {"services": services}})


def test_two_services_of_one_original_name_are_both_written() -> None:
    names = {"service.web": "Web", "service.web-2": "Web"}
    exported = export_documents(
        inventory([{"name": "pi-1"}]), [pipeline([{"name": name, "image": "a"} for name in ("web", "web-2")], **names)]
    )
    services = exported.services["data"]["p"]
    assert [entry["service_name"] for entry in services.values()] == ["Web", "Web"]
    assert exported.left_out == []


def test_a_name_that_would_come_back_as_another_is_not_used() -> None:
    exported = export_documents(
        inventory([{"name": "pi-1"}]), [pipeline([{"name": "web", "image": "a"}], **{"service.web": "Shop Front"})]
    )
    assert list(exported.services["data"]["p"]) == ["web"]
    assert ("service/web", "original name", "an import would make another name of 'Shop Front'") in exported.left_out


def test_what_comes_back_as_something_else_is_told_with_both_values() -> None:
    exported = export_documents(
        inventory([{"name": "zero-1"}], accelerators={"G": {"type": "GPU"}}), [pipeline([{"name": "a", "image": "a"}])]
    )
    reasons = {(address, field): why for address, field, why in exported.left_out}
    assert ("node/zero-1", "deviceType") not in reasons
    assert "GPU" in reasons["node/zero-1", "accelerators"]
    assert "gpu" in reasons["node/zero-1", "accelerators"]


def test_what_the_original_passes_over_is_written_where_an_import_reads_it() -> None:
    service = {"name": "a", "image": "a", "command": ["x"], "env": {"A": "$b", "C": {"secret": "env:D"}}}
    service["env"] |= {"KEYS": {"secret": {"name": "n", "key": "k"}}, "API_TOKEN": "plain"}  # type: ignore[operator]
    nodes = [{"name": "zero-1", "labels": {"zone": "a"}, "arch": "arm64"}, {"name": "pi-1"}]
    exported = export_documents(inventory(nodes), [pipeline([service])])
    first, second = exported.nodes["data"].values()
    assert (first["device_type"], first["labels"], first["arch"]) == ("pi", {"zone": "a"}, "arm64")
    assert "device_type" not in second
    written = exported.services["data"]["p"]["a"]
    assert (written["command"], written["environment"]["A"]) == (["x"], "$$b")
    assert written["environment"]["C"] == "${D}"
    reasons = {field: why for address, field, why in exported.left_out if address == "service/p:a"}
    assert set(reasons) == {"env.KEYS", "env.API_TOKEN"}
    assert "plain" not in str(reasons)


def test_odd_amounts_are_written_so_that_they_come_back() -> None:
    nodes = [{"name": "pi-1", "memory": {"rss": 2**53 - 10**15 + 1}, "frequency": "150GHz"}]
    exported = export_documents(inventory(nodes), [pipeline([{"name": "a", "image": "a"}])])
    written = exported.nodes["data"]["node1"]
    assert written["memory"]["capacity"]["rss"] == f"{2**53 - 10**15 + 1}B"
    assert written["frequency"] == "150000000000Hz"
    assert exported.left_out == []


def test_more_than_is_imported_at_once_is_compared_as_well() -> None:
    nodes = [{"name": f"pi-{index}"} for index in range(BATCH + 50)]
    services = [{"name": f"s-{index}", "image": "a"} for index in range(BATCH + 50)]
    exported = export_documents(inventory(nodes), [pipeline(services)])
    assert len(exported.nodes["data"]) == len(exported.services["data"]["p"]) == BATCH + 50
    assert exported.left_out == []
