"""Paths in the documents of a module start at its folder, whatever else has the name of a path's field."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.language.contract import ObservationContract
from rohe_iac.blueprint.language.pipeline import Pipeline, Service
from rohe_iac.blueprint.loading import check, load
from rohe_iac.blueprint.modules.module_paths import relocated

FOLDER = "modules/detection"
MODULE = """\
apiVersion: rohe.dev/v1
kind: Module
metadata: {name: detection, version: 1.0.0}
spec: {sources: [all.yaml]}
"""
STACK = """\
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: lab}
spec: {nodes: [{name: pi-1, cpu: 4, memory: {rss: 1Gi}}]}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: home}
spec:
  pipelines: [detection]
  inventory: lab
  target: {TARGET: {}}
  modules: [{name: d, source: modules/detection}]
"""
SERVICE = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: detection}
spec:
  services:
    - name: detect
      image: registry.local/detect:1
      command: [python, detect.py]
      requests: {cpu: 100m, memory: {rss: 64Mi}}
"""


def service(**fields: object) -> Service:
    value = {"name": "detect", **fields}
    return Service.model_validate(value)


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        ({"profile": "p.yaml"}, ("profile",), f"{FOLDER}/p.yaml"),
        ({"workingDir": "src/"}, ("working_dir",), f"{FOLDER}/src"),
        ({"workingDir": "../other"}, ("working_dir",), "modules/other"),
        ({"workingDir": "/srv"}, ("working_dir",), "/srv"),
        ({"command": ["a"]}, ("working_dir",), FOLDER),
        ({"envFrom": [{"file": "a.env"}]}, ("env_from", 0, "file"), f"{FOLDER}/a.env"),
        ({"files": [{"path": "/a", "from": "a"}]}, ("files", 0, "from_"), f"{FOLDER}/a"),
        ({"files": [{"path": "/a", "secret": "file:a"}]}, ("files", 0, "secret"), "file:a"),
        ({"variants": [{"name": "v", "profile": "p"}]}, ("variants", 0, "profile"), f"{FOLDER}/p"),
        (
            {"ensemble": {"members": [{"name": "m", "files": [{"path": "/a", "from": "a"}]}]}},
            ("ensemble", "members", 0, "files", 0, "from_"),
            f"{FOLDER}/a",
        ),
        ({"ensemble": {"members": [{"name": "m", "command": ["a"]}]}}, ("ensemble", "members", 0, "working_dir"), None),
        ({"init": [{"name": "i", "command": ["a"]}]}, ("init", 0, "command", 0), "a"),
        ({"env": {"profile": "fast", "workingDir": "w"}}, ("env", "profile"), "fast"),
        ({"labels": {"function": "detect"}}, ("labels", "function"), "detect"),
        ({"placement": {"nodeSelector": {"profile": "small"}}}, ("placement", "node_selector", "profile"), "small"),
    ],
)
def test_a_path_starts_at_the_folder_of_the_module(
    fields: dict[str, object], path: tuple[str | int, ...], expected: str | None
) -> None:
    value: object = relocated(service(**fields), FOLDER)
    for key in path:
        value = value[key] if isinstance(value, dict | tuple) else getattr(value, str(key))  # type: ignore[index]
    assert value == expected


def test_a_folder_that_nobody_wrote_stays_one_that_nobody_wrote() -> None:
    before = service(command=["a"])
    after = relocated(before, FOLDER)
    assert "working_dir" not in after.model_fields_set
    assert before.working_dir == ".", "the former part stays as it is"


def test_functions_of_a_contract_start_at_the_folder_of_the_module() -> None:
    objective = {"metric": "response_time", "operator": "<", "value": "1s", "window": {"size": "5m"}}
    processing = {"function": "f.py:mean", "parser": "p.py:read", "window": {"size": "1m"}}
    contract = ObservationContract.model_validate(
        {
            "apiVersion": "rohe.dev/v1",
            "kind": "ObservationContract",
            "metadata": {"name": "c"},
            "spec": {"pipeline": "p", "objectives": [objective], "processing": [processing]},
        }
    )
    [moved] = relocated(contract, FOLDER).spec.processing
    assert (moved.function, moved.parser) == (f"{FOLDER}/f.py:mean", f"{FOLDER}/p.py:read")


def module(tmp_path: Path, target: str, pipeline: str) -> Path:
    """Writes a module of one pipeline, and a stack that uses it; returns the root."""
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    (folder / "module.yaml").write_text(MODULE)
    (folder / "all.yaml").write_text(pipeline)
    (folder / "app.env").write_text("A=1\n")
    (tmp_path / "blueprints").mkdir()
    (tmp_path / "blueprints" / "stack.yaml").write_text(STACK.replace("TARGET", target))
    return tmp_path


@pytest.mark.parametrize("target", ["local", "kubernetes"])
def test_a_module_with_steps_files_and_commands_has_no_fault(tmp_path: Path, target: str) -> None:
    more = "      init: [{name: fetch, command: [python, fetch.py]}]\n      envFrom: [{file: app.env}]\n"
    root = module(tmp_path, target, SERVICE + more)
    faults = [item.code for item in check([root]).diagnostics if item.code != "R221"]
    assert faults == []
    if target == "local":
        [detect] = load(root, "home").pipelines[0].spec.services
        assert isinstance(load(root, "home").pipelines[0], Pipeline)
        assert detect.working_dir == FOLDER
