"""Claims about devices and volumes that several services of a Compose project use."""

from __future__ import annotations

from typing import Any

from import_results import Importer, field_of, notes

from rohe_iac.importing.compose.sharing import share_devices


def test_one_gpu_that_several_services_use_is_shared(import_contents: Importer) -> None:
    services = {"a": {"image": "i", "runtime": "nvidia"}, "b": {"image": "i", "gpus": 1}, "c": {"image": "i"}}
    result = import_contents({"services": services})
    found = result.documents[0]["spec"]["services"]
    assert [service.get("requests") for service in found] == [{"accelerators": {"gpu": {"share": "50%"}}}] * 2 + [None]
    assert "2 containers use the same gpu" in notes(result)


def test_one_service_alone_keeps_its_device_and_several_devices_are_told(import_contents: Importer) -> None:
    alone = import_contents({"services": {"a": {"image": "i", "gpus": 1}}}).documents[0]["spec"]["services"][0]
    assert alone["requests"]["accelerators"] == {"gpu": {"count": 1}}
    result = import_contents({"services": {name: {"image": "i", "gpus": 2} for name in "ab"}})
    assert "other services use the same gpu" in notes(result)


def test_replicas_of_one_service_alone_are_named_as_such(import_contents: Importer) -> None:
    result = import_contents({"services": {"a": {"image": "i", "gpus": 2, "scale": 2}}})
    assert "its replicas use the same gpu devices" in notes(result)
    assert "other services" not in notes(result)


def test_services_that_name_other_devices_share_none(import_contents: Importer) -> None:
    def on(*ids: str) -> dict[str, Any]:
        devices = [{"driver": "nvidia", "device_ids": list(ids), "capabilities": ["gpu"]}]
        return {"image": "i", "deploy": {"resources": {"reservations": {"devices": devices}}}}

    visible = {"image": "i", "runtime": "nvidia", "environment": {"NVIDIA_VISIBLE_DEVICES": "1"}}
    services = {"a": on("0"), "b": on("0"), "c": on("2"), "d": visible, "e": on("1")}
    found = import_contents({"services": services}).documents[0]["spec"]["services"]
    half, whole = {"gpu": {"share": "50%"}}, {"gpu": {"count": 1}}
    assert [service["requests"]["accelerators"] for service in found] == [half, half, whole, half, half]
    found = import_contents({"services": services | {"f": {"image": "i", "runtime": "nvidia"}}}).documents[0]
    shares = [service["requests"]["accelerators"]["gpu"]["share"] for service in found["spec"]["services"]]
    assert shares == ["33%", "33%", "50%", "33%", "33%", "33%"], "one without ids uses every device"


def test_replicas_of_one_service_use_one_device_too() -> None:
    field = field_of({"image": "i"})
    service: dict[str, Any] = {"name": "a", "replicas": 3, "requests": {"accelerators": {"gpu": {"count": 1}}}}
    share_devices([("A", field)], {"a": service}, {"A": "a"})
    assert service["requests"]["accelerators"] == {"gpu": {"share": "33%"}}
    assert "3 containers" in field.journal.notes[0][1]


def test_a_volume_of_several_services_is_one_of_the_pipeline(import_contents: Importer) -> None:
    services = {
        "a": {"image": "i", "volumes": ["Data:/a", "own:/own"], "deploy": {"replicas": 2}},
        "b": {"image": "i", "volumes": [{"type": "volume", "source": "Data", "target": "/b", "read_only": True}]},
        "c": {"image": "i", "volumes": ["logs:/one", "logs:/two"]},
    }
    result = import_contents({"services": services, "volumes": {"Data": None, "own": {}, "logs": {"driver": "local"}}})
    spec = result.documents[0]["spec"]
    assert spec["volumes"] == [{"name": "data", "size": "1Gi"}, {"name": "logs", "size": "1Gi"}]
    assert [service["volumes"] for service in spec["services"]] == [
        [{"name": "data", "path": "/a"}, {"name": "own", "path": "/own", "size": "1Gi"}],
        [{"name": "data", "path": "/b", "readOnly": True}],
        [{"name": "logs", "path": "/one"}, {"name": "logs", "path": "/two"}],
    ]
    assert "'logs' is one volume" in notes(result)
    assert "each replica has volumes of its own" in notes(result)


def test_names_of_volumes_that_differ_only_in_spelling_are_two_volumes(import_contents: Importer) -> None:
    services = {"a": {"image": "i", "volumes": ["my_data:/a"]}, "b": {"image": "i", "volumes": ["my-data:/b"]}}
    spec = import_contents({"services": services}).documents[0]["spec"]
    assert "volumes" not in spec
    assert [service["volumes"][0]["name"] for service in spec["services"]] == ["my-data", "my-data-2"]
