"""Claims about files of the repository in the pods of a cluster."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import yaml
from one_node import write_repository

from rohe_iac.manifests.kubernetes.pod.mounted_files import files_of
from rohe_iac.usecases.plans.plan import make_plan
from rohe_iac.usecases.plans.verify import verify_saved

SERVICES = """
    - name: web
      image: e/web:1
      files: [{path: /etc/web/a.conf, from: conf/a.conf}, {path: /etc/web/logo.png, from: logo.png}]
      ensemble: {members: [{name: x}, {name: y}]}
"""
TEXT = "key: value\r\n\tindented \u00e9\n"
BINARY = bytes(range(256))


def _repository(folder: Path) -> Path:
    (folder / "conf").mkdir()
    (folder / "conf" / "a.conf").write_bytes(TEXT.encode())
    (folder / "logo.png").write_bytes(BINARY)
    return write_repository(folder, SERVICES, "target: {kubernetes: {namespace: n}}")


def test_a_file_reaches_every_replica_of_its_service_byte_for_byte(tmp_path: Path) -> None:
    planned = make_plan(_repository(tmp_path))
    assert planned.planfile.unsupported == ()
    assert {source.path for source in planned.planfile.inputs} >= {"conf/a.conf", "logo.png"}
    documents: list[Any] = [yaml.safe_load(manifest.text) for manifest in planned.planfile.manifests]
    maps = {item["metadata"]["name"]: item for item in documents if item["kind"] == "ConfigMap"}
    assert len(maps) == 2
    pods = [item["spec"]["template"]["spec"] for item in documents if item["kind"] == "Deployment"]
    assert len(pods) == 2
    for pod in pods:
        volumes = {volume["name"]: volume.get("configMap", {}).get("name") for volume in pod["volumes"]}
        found = {}
        for mount in pod["containers"][0]["volumeMounts"]:
            if "subPath" in mount:
                there = maps[volumes[mount["name"]]]
                encoded = there.get("binaryData", {}).get(mount["subPath"])
                text = there.get("data", {}).get(mount["subPath"], "")
                found[mount["mountPath"]] = base64.b64decode(encoded) if encoded else text.encode()
        assert found == {"/etc/web/a.conf": TEXT.encode(), "/etc/web/logo.png": BINARY}
    for name in maps:
        (made,) = [item for item in planned.planfile.manifests if item.name == f"configmap-{name}"]
        waiting = [item.kind for item in planned.planfile.manifests if made.name in item.depends_on]
        assert waiting == ["Deployment", "Deployment"]


def test_a_changed_file_gives_a_config_map_of_another_name(tmp_path: Path) -> None:
    first = make_plan(_repository(tmp_path)).planfile
    (tmp_path / "conf" / "a.conf").write_text("other\n")
    second = make_plan(tmp_path).planfile
    changed = {item.name for item in first.manifests} ^ {item.name for item in second.manifests}
    assert len(changed) == 2
    assert all(name.startswith("configmap-web-") for name in changed)


def test_a_plan_with_files_is_verified_with_them(tmp_path: Path) -> None:
    verified = verify_saved(make_plan(_repository(tmp_path)).planfile, tmp_path)
    assert verified.faults == ()


def test_a_service_without_files_has_none() -> None:
    from rohe_iac.blueprint.language.pipeline import Service

    assert files_of(Service.model_validate({"name": "a"}), "a", {}) == ()
