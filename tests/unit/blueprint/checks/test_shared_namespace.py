"""Claims about stacks that would have objects of the same names in one namespace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from rohe_iac.blueprint.checks import shared_namespace
from rohe_iac.blueprint.loading import check

EDGE = {"kubernetes": {"context": "edge", "namespace": "cams"}}
NODE = {"name": "n-1", "cpu": 4, "memory": {"rss": "4Gi"}}


def found(folder: Path, *stacks: dict[str, Any], services: Sequence[tuple[str, dict[str, Any]]] = ()) -> list[str]:
    """Returns code and message of what is found of stacks; `services` are pipelines of one service, by their names."""
    pipelines = [
        ("Pipeline", name, {"services": [{"name": name, "image": "i:1", "command": ["a"], **more}]})
        for name, more in services or (("a", {}), ("b", {}), ("seen", {"reports": {}}), ("heard", {"reports": {}}))
    ]
    named = [
        *(("Stack", f"s{index}", {"inventory": "i", **spec}) for index, spec in enumerate(stacks)),
        *pipelines,
        ("Inventory", "i", {"nodes": [NODE]}),
    ]
    documents = [
        {"apiVersion": "rohe.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
        for kind, name, spec in named
    ]
    (folder / "p.yaml").write_text(yaml.safe_dump_all(documents))
    return [f"{item.code} {item.message}" for item in check([folder]).diagnostics]


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (["a"], ["a"], "a service a"),
        (["a", "b"], ["b", "a"], "a service b, a service a"),
        (["seen"], ["heard"], "a broker"),
        (["seen"], ["seen"], "a broker, an agent of pipeline seen, a service seen"),
    ],
)
def test_parts_that_two_stacks_of_a_namespace_have_are_named(
    tmp_path: Path, first: list[str], second: list[str], both: str
) -> None:
    stacks = ({"pipelines": first, "target": EDGE}, {"pipelines": second, "target": EDGE})
    assert found(tmp_path, *stacks) == [f"R404 stack 's0' is in the namespace cams as well, and both have {both}"]


@pytest.mark.parametrize(
    "target",
    [
        {"kubernetes": {"context": "edge", "namespace": "other"}},
        {"kubernetes": {"context": "other", "namespace": "cams"}},
        {"local": {}},
        {"manifests": {"directory": "out"}},
    ],
)
def test_stacks_of_different_places_share_nothing(tmp_path: Path, target: dict[str, Any]) -> None:
    stacks = ({"pipelines": ["a"], "target": EDGE}, {"pipelines": ["a"], "target": target})
    assert not [text for text in found(tmp_path, *stacks) if text.startswith("R404")]


def test_stacks_without_a_part_in_common_may_share_a_namespace(tmp_path: Path) -> None:
    assert found(tmp_path, {"pipelines": ["a"], "target": EDGE}, {"pipelines": ["b"], "target": EDGE}) == []
    outside = {"pipelines": ["heard"], "target": EDGE, "broker": {"url": "mqtt://10.0.0.9:1883"}}
    assert found(tmp_path, {"pipelines": ["seen"], "target": EDGE}, outside) == []


def test_so_many_stacks_are_not_all_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_namespace, "MAX_PARTS", 1)
    (said,) = found(tmp_path, {"pipelines": ["a"], "target": EDGE}, {"pipelines": ["a"], "target": EDGE})
    assert said.startswith("R133 whether stacks of one namespace have parts of the same names is not looked at")
