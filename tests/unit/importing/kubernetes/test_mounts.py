"""Files of ConfigMaps and Secrets in volumes: which keys, paths and names become files, and which may not.

They are read by rohe_iac.importing.kubernetes.mounts and rohe_iac.importing.kubernetes.settings.
"""

from __future__ import annotations

from typing import Any

import pytest
from import_results import Importer, reasons

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.importing.import_texts import ImportResult


def mounting(volumes: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns a pod that mounts each of the volumes at its name."""
    mounts = [{"name": volume["name"], "mountPath": f"/{volume['name']}"} for volume in volumes]
    container = {"name": "main", "image": "example/web:1", "volumeMounts": mounts}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": [container], "volumes": volumes},
    }


def config(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def services(result: ImportResult) -> dict[str, dict[str, Any]]:
    (document,) = result.documents
    Pipeline.model_validate(document)
    return {service["name"]: service for service in document["spec"]["services"]}


@pytest.mark.parametrize("key", ["../../../../pwned", "..", ".", "a/b", "/etc/passwd", "..data", "a\0b", ""])
def test_a_key_that_kubernetes_does_not_take_is_no_name_of_a_file(import_contents: Importer, key: str) -> None:
    volume = {"name": "c", "configMap": {"name": "app"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {key: "eA==", "b": "eA=="}}
    volumes = [volume, {"name": "s", "secret": {"secretName": "s"}}]
    made = mounting(volumes)
    result = import_contents(config("app", **{key: "x", "b": "y"}), secret, made)
    assert [*result.contents] == ["files/f0/app/b"]
    assert [file["path"] for file in services(result)["web"]["files"]] == ["/c/b", "/s/b"]
    assert [reason for reason in reasons(result).values() if reason.startswith("not a key")]


@pytest.mark.parametrize("path", ["../../../../pwned", "/etc/passwd", "a/../../b"])
def test_a_path_of_a_volume_leads_nowhere_else(import_contents: Importer, path: str) -> None:
    items = [{"key": "b", "path": path}, {"key": "b", "path": "in/b"}]
    volumes = [
        {"name": "c", "configMap": {"name": "app", "items": items}},
        {"name": "s", "secret": {"secretName": "s", "items": items}},
    ]
    result = import_contents(config("app", b="y"), mounting(volumes))
    assert [file["path"] for file in services(result)["web"]["files"]] == ["/c/in/b", "/s/in/b"]
    assert sum(reason.startswith("not a path below") for reason in reasons(result).values()) == 2
    assert "rohe has no such field" not in reasons(result).values()


def test_the_name_of_a_config_map_is_no_way_out_of_the_folder_of_files(import_contents: Importer) -> None:
    name = "../../../up"
    volumes = [{"name": "c", "configMap": {"name": name}}]
    made = mounting(volumes)
    result = import_contents(config(name, b="y"), made)
    services(result)
    assert not result.contents
    assert any(reason.startswith("not a name that Kubernetes takes") for reason in reasons(result).values())
