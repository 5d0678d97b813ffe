"""A replica whose image reports nothing is not heard: apply fails where the blueprint says that it reports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from shared_cluster import Cluster

pytestmark = [pytest.mark.platform, pytest.mark.engine]

SILENT: dict[str, Any] = {
    "image": "rohe/agent:0.1.0",
    "command": ["sleep", "600"],
    "requests": {"cpu": "10m", "memory": {"rss": "16Mi"}},
    "terminationGracePeriod": "1s",
}
"""A service that runs and reports nothing."""

BROKEN: dict[str, Any] = {
    **SILENT,
    "command": ["python", "-c", "print('its last words', flush=True); raise SystemExit(3)"],
}
"""A service that ends at once."""

INVENTORY = Path(__file__).parents[3] / "examples" / "k3s" / "blueprints" / "inventory.yaml"


def documents(namespace: str) -> list[dict[str, Any]]:
    """A stack of two silent services, of which one says that it reports, and of one that crashes."""
    objective = {"metric": "confidence", "operator": ">", "value": "60%", "window": {"size": "5m"}}
    services = [
        {"name": "broken", **BROKEN},
        {"name": "quiet", **SILENT},
        {"name": "vowed", **SILENT, "reports": {"metrics": {"confidence": {"unit": "ratio"}}}},
    ]
    specs: dict[tuple[str, str], dict[str, Any]] = {
        ("Pipeline", "still"): {"services": services},
        ("ObservationContract", "sure"): {"pipeline": "still", "objectives": [objective]},
        ("Stack", "still"): {
            "pipelines": ["still"],
            "inventory": "desk",
            "contracts": ["sure"],
            "storage": {"emptyDir": {}},
            "target": {"kubernetes": {"namespace": namespace}},
        },
    }
    return [
        {"apiVersion": "rohe.dev/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
        for (kind, name), spec in specs.items()
    ]


def test_a_silent_replica_is_no_ready_one_where_it_has_to_report(
    cluster_engine: None, pods: Cluster, tmp_path: Path
) -> None:
    namespace = pods.namespace(create=False)
    (tmp_path / "rohe.yaml").write_text(f"project: {namespace}\n")
    inventory = yaml.safe_load(INVENTORY.read_text())
    inventory["metadata"]["name"] = "desk"
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all([inventory, *documents(namespace)]))

    def rohe(*words: str, code: int) -> Any:
        ended = subprocess.run(
            [str(Path(sys.executable).parent / "rohe"), "-C", str(tmp_path), *words],
            env={**pods.environment, "XDG_STATE_HOME": str(tmp_path / "state")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == code, f"{words} ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}"
        return json.loads(ended.stdout)

    outcome = rohe("apply", "--yes", "-o", "json", code=9)
    reasons = {failure["address"]: failure["reason"] for failure in outcome["failed"]}
    assert sorted(reasons) == ["service/still:broken", "service/still:vowed"]
    assert reasons["service/still:vowed"].startswith("Ready, but not heard by agent/still/0 within 60 s: it was never")
    assert "exit code 3" in reasons["service/still:broken"], reasons
    assert "| its last words" in reasons["service/still:broken"], reasons
    (unheard,) = outcome["unheard"]
    assert unheard["address"] == "replica/still:quiet/0"
    assert unheard["reason"] == "Ready, but not heard by agent/still/0 within 10 s: it was never heard"
    parts = {part["instance"]: part for part in rohe("status", "-o", "json", code=0)["parts"]}
    for name in ("quiet-0", "vowed-0"):
        assert parts[name]["state"] == "running"
        assert parts[name]["unheard"].endswith("has never heard it"), parts[name]
    rohe("destroy", "--yes", "-o", "json", code=0)
