"""Claims about requests that claims of a cluster could not state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rohe_iac.blueprint.checks.device_parts import MAX_CLAIMED
from rohe_iac.blueprint.loading import check

SHARED = {"deviceClass": "gpu.example.com", "attribute": "uuid", "capacity": "memory"}


def found(folder: Path, request: Any, known: Any, target: Any) -> list[str]:
    device = {"type": "gpu", "count": 40, "memory": "8Gi", "kubernetes": known}
    node = {"name": "n-1", "cpu": 4, "memory": {"rss": "4Gi"}, "accelerators": {"GPU": device}}
    service = {"name": "a", "image": "i:1", "command": ["a"], "requests": {"accelerators": {"gpu": request}}}
    specs = {
        "Stack": {"pipelines": ["p"], "inventory": "p", "target": target},
        "Pipeline": {"services": [service]},
        "Inventory": {"nodes": [node]},
    }
    documents = [
        {"apiVersion": "rohe.dev/v1", "kind": kind, "metadata": {"name": "p"}, "spec": spec}
        for kind, spec in specs.items()
    ]
    (folder / "p.yaml").write_text(yaml.safe_dump_all(documents))
    return [item.code for item in check([folder]).diagnostics if item.code != "R401"]


@pytest.mark.parametrize(
    ("request_", "known", "codes"),
    [
        ({"share": "40%"}, SHARED, ["R241"]),
        ({"share": "40%", "memory": "2Gi"}, SHARED, []),
        ({"count": 1}, SHARED, []),
        ({"share": "40%"}, {**SHARED, "capacity": {"share": "cores"}}, []),
        ({"count": MAX_CLAIMED + 1}, SHARED, ["R241"]),
        ({"count": MAX_CLAIMED + 1}, {"extendedResource": "nvidia.com/gpu"}, []),
    ],
)
def test_a_claim_states_what_it_takes(tmp_path: Path, request_: Any, known: Any, codes: list[str]) -> None:
    assert found(tmp_path, request_, known, {"manifests": {"directory": "out"}}) == codes


def test_this_machine_has_no_claims(tmp_path: Path) -> None:
    assert found(tmp_path, {"share": "40%"}, SHARED, {"local": {}}) == []
