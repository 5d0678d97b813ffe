"""Claims about rohe_iac.manifests.kubernetes.advice: what a plan says and a cluster does not enforce."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rohe_iac.blueprint.loading import load
from rohe_iac.manifests.advice import Advice
from rohe_iac.manifests.by_target import advice_of
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.solvers.planner import plan

CLAIMED = {"deviceClass": "gpu.example.com", "attribute": "uuid"}


def advice(folder: Path, kubernetes: Any, request: Any, *, target: Any = None, **more: Any) -> list[str]:
    device = {"type": "gpu", "count": 2, "memory": "8Gi", **({"kubernetes": kubernetes} if kubernetes else {})}
    kind = {"cpu": 4, "memory": {"rss": "4Gi"}, "accelerators": {"GPU": device}}
    service = {"name": "a", "image": "i:1", "requests": {"accelerators": {"gpu": request}, **more}}
    specs = {
        "Stack": {"pipelines": ["p"], "inventory": "p", "target": target or {"kubernetes": {"namespace": "p"}}},
        "Pipeline": {"services": [service]},
        "Inventory": {"deviceTypes": {"x": kind}, "nodes": [{"name": "n-1", "deviceType": "x"}]},
    }
    documents = [
        {"apiVersion": "rohe.dev/v1", "kind": kind, "metadata": {"name": "p"}, "spec": spec}
        for kind, spec in specs.items()
    ]
    (folder / "rohe.yaml").write_text("project: p\n")
    (folder / "blueprints").mkdir()
    (folder / "blueprints" / "p.yaml").write_text(yaml.safe_dump_all(documents))
    blueprint = load(folder)
    decided = plan(problem_of(blueprint))
    assert not decided.unplaced
    return [f"{item.address} {item.about}" for item in advice_of(blueprint, decided)]


@pytest.mark.parametrize(
    ("kubernetes", "request_", "about"),
    [
        (None, {"share": "40%"}, ["device"]),
        ({"extendedResource": "nvidia.com/gpu"}, {"share": "40%", "memory": "1Gi"}, ["device", "memory", "share"]),
        ({"extendedResource": "nvidia.com/gpu"}, {"count": 2}, []),
        (CLAIMED, {"count": 1, "memory": "1Gi"}, []),
        (CLAIMED, {"share": "40%"}, ["share"]),
        ({**CLAIMED, "capacity": {"memory": "m"}}, {"share": "40%", "memory": "1Gi"}, ["share"]),
        ({**CLAIMED, "capacity": {"share": "s"}}, {"share": "40%", "memory": "1Gi"}, ["memory"]),
        ({**CLAIMED, "capacity": {"share": "s", "memory": "m"}}, {"share": "40%", "memory": "1Gi"}, []),
    ],
)
def test_what_claims_and_resources_do_not_bound_is_advice(
    tmp_path: Path, kubernetes: Any, request_: Any, about: list[str]
) -> None:
    assert advice(tmp_path, kubernetes, request_) == [f"service/p:a {word}" for word in about]


def test_core_maps_and_bandwidth_are_advice(tmp_path: Path) -> None:
    found = advice(tmp_path, CLAIMED, {"count": 1}, cores=["500m"], network="1Mbps")
    assert found == ["service/p:a cores", "service/p:a network"]


def test_advice_is_sorted_by_address() -> None:
    assert sorted([Advice("b", "share", ""), Advice("a", "share", "")])[0].address == "a"


def test_this_machine_has_no_advice(tmp_path: Path) -> None:
    assert advice(tmp_path, CLAIMED, {"share": "40%"}, target={"local": {}}) == []
