"""`rohe plan --defragment`: replicas of an applied stack move where that frees nodes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rohe_iac.deployment.files.record import Record, write_record
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.usecases.plans.plan import make_plan

Run = Callable[..., "subprocess.CompletedProcess[str]"]

BLUEPRINT = """\
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: rack}
spec:
  nodes:
    - {name: n0, cpu: 4, memory: {rss: 8Gi}}
    - {name: n1, cpu: 4, memory: {rss: 8Gi}}
    - {name: n2, cpu: 4, memory: {rss: 8Gi}}
    - {name: n3, cpu: 4, memory: {rss: 8Gi}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: pages}
spec:
  services:
    - {name: model, command: [python3], replicas: 4, requests: {cpu: 1500m}}
    - {name: cache, command: [python3], replicas: 4, requests: {cpu: 400m}}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: pages}
spec: {pipelines: [pages], inventory: rack, planner: {strategy: worst-fit}, target: {local: {}}}
"""


@pytest.fixture
def applied(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stack that is applied on all four nodes, and names no strategy now."""
    shutil.rmtree(repository / "blueprints")
    (repository / "blueprints").mkdir()
    path = repository / "blueprints" / "all.yaml"
    path.write_text(BLUEPRINT)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    planfile = make_plan(repository).planfile
    assert planfile.plan.bound.nodes_used == 4
    write_record(StackFolder.of(planfile.project, planfile.stack).ensure(), Record(1, planfile, complete=True))
    path.write_text(BLUEPRINT.replace("planner: {strategy: worst-fit}, ", ""))
    return repository


def test_moves_are_proposed_that_free_nodes_and_saved_for_apply(rohe: Run, applied: Path) -> None:
    assert "move" not in rohe("plan").stdout
    done = rohe("plan", "--defragment", "--out", "pages.plan")
    assert done.returncode == 0
    (moves, nodes) = re.findall(r"^(\d) moves free (\d) nodes\.$", done.stdout, re.MULTILINE)[0]
    saved = json.loads((applied / "pages.plan").read_bytes())
    assert saved["plan"]["gain"] == {"moves": int(moves), "term": "nodes", "before": 4, "after": 4 - int(nodes)}
    assert sum(item["was"] != item["node"] for item in saved["plan"]["placements"]) == int(moves)
    assert rohe("verify", "pages.plan").returncode == 0
    assert json.loads(rohe("plan", "--defragment", "-o", "json").stdout)["plan"] == saved["plan"]
    limited = rohe("plan", "--defragment", "--max-moves", "2").stdout
    assert re.search(r"^2 moves free 1 node\.$", limited, re.MULTILINE)
    assert "moves free" in rohe("plan", "--defragment", "-o", "markdown").stdout


def test_where_nothing_can_be_freed_that_is_said(rohe: Run, applied: Path) -> None:
    assert "no moves were found that free a node" in rohe("plan", "--defragment", "--max-moves", "0").stderr
    refused = rohe("plan", "--defragment", "--what-if", "node/n0=down")
    assert (refused.returncode, "exclude each other" in refused.stderr) == (64, True)


def test_what_is_not_applied_has_nothing_to_defragment(rohe: Run) -> None:
    assert "no replica is applied yet" in rohe("plan", "--defragment").stderr
