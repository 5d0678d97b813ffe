"""A service that runs once: it ends before those after it start, and runs again only when it is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.engine

TEXT = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: kiosk}
spec:
  services:
    - name: migrate
      command: [sh, -c, "echo migrated >> RUNS; exit $CODE"]
      env: {CODE: "0"}
      runOnce: true
      requests: {cpu: 50m, memory: {rss: 32Mi}}
    - name: web
      command: [sh, -c, "cp RUNS FOLDER/web && exec sleep 1000"]
      after: [migrate]
      requests: {cpu: 50m, memory: {rss: 32Mi}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: here}
spec: {nodes: [{name: one, cpu: 2, memory: {rss: 1Gi}}]}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: desk}
spec: {pipelines: [kiosk], inventory: here, target: {local: {ports: FIRST-LAST}}}
"""


def applied_once(repository: Any) -> tuple[Path, Path]:
    """Applies the stack; returns the file that each run adds a line to, and that of the blueprint."""
    runs, file = repository.root / "runs", repository.root / "blueprints" / "all.yaml"
    text = TEXT.replace("RUNS", str(runs)).replace("FOLDER", str(repository.root))
    file.write_text(text.replace("FIRST-LAST", f"{repository.first}-{repository.first + 9}"))
    applied = repository.run("apply", "--yes")
    assert applied.code == 0, applied.out + applied.err
    assert (repository.root / "web").read_text() == "migrated\n", "web starts once it has ended"
    status = repository.run("status", "--check", "-o", "json")
    assert (status.code, {part["instance"]: part["state"] for part in status.value["parts"]}) == (
        0,
        {"migrate-0": "done", "web-0": "running"},
    )
    return runs, file


def test_a_service_that_runs_once_is_awaited_and_left_alone(repository: Any) -> None:
    runs, _ = applied_once(repository)
    assert "No change" in repository.run("apply").out
    assert runs.read_text() == "migrated\n"


@pytest.mark.soak
def test_a_change_that_fails_is_told_and_the_next_apply_runs_it_again(repository: Any) -> None:
    runs, file = applied_once(repository)
    file.write_text(file.read_text().replace('CODE: "0"', 'CODE: "3"'))
    failed = repository.run("apply", "--yes")
    assert (failed.code, "it runs once, and it ended with exit code 3" in failed.out + failed.err) == (9, True)
    assert runs.read_text() == "migrated\nmigrated\n"
    assert repository.run("status", "--check").code == 7
    file.write_text(file.read_text().replace('CODE: "3"', 'CODE: "0"'))
    assert repository.run("apply", "--yes").code == 0
    assert (runs.read_text(), repository.run("status", "--check").code) == ("migrated\n" * 3, 0)
