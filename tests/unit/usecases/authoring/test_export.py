"""Exports of a whole stack: the nodes of several inventories go into one file."""

from __future__ import annotations

from pathlib import Path

import yaml

from rohe_iac.usecases.authoring.export import export_stack

STACK = "city" * 15 + "abc"
"""A name as long as names may be."""

FLEET = f"""
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {{name: types}}
spec: {{deviceTypes: {{pi: {{cpu: 4, memory: {{rss: 4Gi}}}}}}}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {{name: north}}
spec: {{nodes: [{{name: "n-[1:2]", deviceType: pi}}]}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {{name: south}}
spec: {{nodes: [{{name: s, deviceType: pi}}]}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: p}}
spec: {{services: [{{name: web, command: [web]}}]}}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {{name: {STACK}}}
spec: {{pipelines: [p], inventory: [types, north, south]}}
"""


def test_nodes_of_several_inventories_are_in_one_file(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(FLEET)
    done = export_stack(tmp_path, None, tmp_path / "out")
    assert done.files[0] == ("add_node.yaml", 3)
    nodes = yaml.safe_load((tmp_path / "out" / "add_node.yaml").read_text())["data"]
    assert [node["node_name"] for node in nodes.values()] == ["n-1", "n-2", "s"]
