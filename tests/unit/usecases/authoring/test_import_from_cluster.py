"""Claims about which stack and which cluster an import and a comparison are for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.cli.console import screen
from rohe_iac.cli.options import Output
from rohe_iac.cli.views.authoring.inventory_diff import show_inventory_diff
from rohe_iac.foundation.errors import UsageError
from rohe_iac.importing.cluster.objects import ClusterObjects
from rohe_iac.trial_cluster.nodes import simulated_node
from rohe_iac.usecases.authoring.import_cluster import ClusterStack, cluster_stack, import_from_cluster
from rohe_iac.usecases.authoring.inventory_diff import diff_inventory

STACK = """
apiVersion: rohe.dev/v1
kind: Stack
metadata: {{name: {name}}}
spec: {{pipelines: [p], inventory: site, target: {{kubernetes: {{context: edge, namespace: n}}}}}}
"""
PIPELINE = """
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: p}
spec: {services: [{name: s, image: "i:1"}]}
"""


@pytest.fixture
def asked() -> list[str | None]:
    return []


@pytest.fixture
def read(asked: list[str | None]) -> Callable[[str | None], ClusterObjects]:
    def read(context: str | None) -> ClusterObjects:
        asked.append(context)
        nodes = []
        for name in ("a", "b"):
            node: dict[str, Any] = simulated_node(name)
            node["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
            nodes.append(node)
        return ClusterObjects(f"context {context}", tuple(nodes), ())

    return read


def write(folder: Path, *documents: str) -> None:
    (folder / "rohe.yaml").write_text("project: p\n")
    (folder / "documents.yaml").write_text("---".join(documents))


def test_the_only_stack_of_the_blueprint_names_the_cluster_though_its_inventory_is_missing(
    tmp_path: Path, asked: list[str | None], read: Any
) -> None:
    write(tmp_path, STACK.format(name="vision"), PIPELINE)
    assert cluster_stack(tmp_path) == ClusterStack("vision", "edge", "site")
    done = import_from_cluster(tmp_path, read)
    assert (asked, done.imported.documents[0]["metadata"]["name"]) == (["edge"], "site")
    import_from_cluster(tmp_path, read, context="other")
    assert asked == ["edge", "other"]


def test_of_several_stacks_one_is_named(tmp_path: Path) -> None:
    write(tmp_path, STACK.format(name="one"), STACK.format(name="two"), PIPELINE)
    assert cluster_stack(tmp_path) == ClusterStack()
    assert cluster_stack(tmp_path, "two").name == "two"
    assert cluster_stack(tmp_path, "elsewhere") == ClusterStack("elsewhere")


def test_without_a_blueprint_the_inventory_has_the_name_of_the_context(tmp_path: Path, read: Any) -> None:
    done = import_from_cluster(tmp_path, read, context="Edge_Site")
    assert done.imported.documents[0]["metadata"]["name"] == "edge-site"
    with pytest.raises(UsageError, match="not a name"):
        import_from_cluster(tmp_path, read, name="Not a name")


def test_a_comparison_uses_the_selector_of_the_import(
    tmp_path: Path, read: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, STACK.format(name="vision"), PIPELINE)
    inventory = import_from_cluster(tmp_path, read, selector="kubernetes.io/hostname=a").imported.text
    (tmp_path / "site.yaml").write_text(inventory)
    assert diff_inventory(tmp_path, read).changes == ()
    found = diff_inventory(tmp_path, read, selector="")
    assert [(item.node, item.change) for item in found.changes] == [("b", "new")]
    show_inventory_diff(screen, found, Output.human)
    assert "node/b\n  new: the Inventory has no such node" in capsys.readouterr().out
