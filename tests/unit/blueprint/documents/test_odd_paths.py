"""A path that is too long for any file system is a file or folder that does not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.loading import check
from rohe_iac.usecases.authoring.import_ import import_files

BLUEPRINT = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: p}}
spec: {{services: [{{name: a, command: [a], profile: "{path}", files: [{{path: /x, from: "{path}"}}]}}]}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {{name: i}}
spec: {{nodes: [{{name: n, cpu: 1, memory: {{rss: 1Gi}}}}]}}
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {{name: c}}
spec: {{pipeline: p, processing: [{{function: "{path}.py:f", window: {{size: 5m}}}}]}}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {{name: s}}
spec:
  pipelines: [p]
  inventory: i
  contracts: [c]
  planner: {{filters: ["{path}.py:f"]}}
  modules: [{{name: u, source: "{path}"}}, {{name: v, source: m}}]
"""
MODULE = """\
apiVersion: rohe.dev/v1
kind: Module
metadata: {{name: m, version: 1.0.0}}
spec: {{sources: ["{path}"]}}
"""
LONG = ["x" * 300, "é" * 200, "a/" * 3000 + "b", "x" * 300 + "/y"]


@pytest.mark.parametrize("path", LONG, ids=["name", "bytes", "path", "folder"])
def test_a_path_that_is_too_long_is_told_as_one_that_is_not_there(tmp_path: Path, path: str) -> None:
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "m").mkdir()
    (tmp_path / "all.yaml").write_text(BLUEPRINT.format(path=path))
    (tmp_path / "m" / "module.yaml").write_text(MODULE.format(path=path))
    codes = [item.code for item in check([tmp_path]).diagnostics]
    assert codes.count("R225") == 2
    assert {"R217", "R231", "R232"} <= set(codes)


@pytest.mark.parametrize("path", LONG, ids=["name", "bytes", "path", "folder"])
def test_an_import_passes_over_paths_that_are_too_long(tmp_path: Path, path: str) -> None:
    (tmp_path / "c.yaml").write_text(
        f'services: {{a: {{image: i, env_file: "{path}", volumes: ["./{path}:/x"], configs: [w]}}}}\n'
        f'configs: {{w: {{file: "{path}"}}}}\n'
    )
    done = import_files(tmp_path, [Path("c.yaml")])
    unmapped = {item.field for file in done.imported.files for item in file.unmapped}
    assert {"services.a.env_file", "services.a.volumes[0]", "services.a.configs[0]"} <= unmapped
