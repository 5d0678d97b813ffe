"""Init steps, secrets with many variables and devices of processes, with `rohe apply` on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.engine

TEXT = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: pages}
spec:
  services:
    - name: read
      command: [sh, -c, "echo main $ADDRESS $LEVEL >> order; exec sleep 1000"]
      workingDir: work
      requests: {cpu: 100m, memory: {rss: 32Mi}}
      env: {LEVEL: info}
      envFrom: [{secret: "file:ROOT/read.env"}]
      devices: [{path: DEVICE}]
      init:
        - {name: fetch, command: [sh, -c, "echo fetch $(STAGE) $LEVEL >> order; echo fetched"], env: {STAGE: one}}
        - name: check
          command: [sh, -c, "echo check $KEY $TOKEN >> order; exit END"]
          env: {KEY: {secret: "file:ROOT/key"}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: here}
spec:
  nodes:
    - {name: one, cpu: 2, memory: {rss: 1Gi}}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: desk}
spec: {pipelines: [pages], inventory: here, target: {local: {ports: FIRST-LAST}}}
"""


def write(repository: Any, **words: str) -> None:
    text = TEXT.replace("FIRST-LAST", f"{repository.first}-{repository.first + 9}")
    for word, value in {"ROOT": str(repository.root), "DEVICE": "/dev/null", "END": "0", **words}.items():
        text = text.replace(word, value)
    (repository.root / "blueprints" / "all.yaml").write_text(text)


def test_steps_run_in_order_before_the_process_with_its_variables(repository: Any) -> None:
    work = repository.root / "work"
    work.mkdir()
    (repository.root / "read.env").write_text("# of the site\nTOKEN=hush-1234\nADDRESS='10.0.0.7'\nLEVEL=debug\n")
    (repository.root / "key").write_text("hush-5678\n")
    write(repository)
    applied = repository.run("apply", "--yes")
    assert applied.code == 0, applied.out + applied.err
    order = (work / "order").read_text().splitlines()
    assert order == ["fetch one info", "check hush-5678 hush-1234", "main 10.0.0.7 info"]
    logs = repository.run("logs", "service/read").out
    assert [line.partition("| ")[2] for line in logs.splitlines()] == [
        "rohe: fetch prepares", "fetched", "rohe: check prepares",
    ]  # fmt: skip
    (part,) = repository.run("status", "-o", "json").value["parts"]
    environment = Path(f"/proc/{part['pid']}/environ").read_bytes().split(b"\0")
    assert {b"TOKEN=hush-1234", b"LEVEL=info"} <= set(environment)
    assert not any(b"hush-5678" in variable for variable in environment), "of a step alone"
    holders = [
        path for path in (repository.home / "state").rglob("*") if path.is_file() and b"hush-" in path.read_bytes()
    ]
    assert [path.name for path in holders] == ["program.json"]
    assert holders[0].stat().st_mode & 0o077 == 0
    assert "No change" in repository.run("apply", "--yes").out

    # A step that fails keeps the process from beginning, and the one that ran before is put back.
    write(repository, END="3")
    failed = repository.run("apply", "--yes")
    assert failed.code == 9, failed.out + failed.err
    assert "check ended with exit code 3, so the program does not begin" in failed.out + failed.err
    assert "main" in (work / "order").read_text().splitlines()[-1]


def test_a_device_or_variables_that_are_missing_stop_apply_before_it_changes_anything(repository: Any) -> None:
    (repository.root / "work").mkdir()
    (repository.root / "key").write_text("k\n")
    (repository.root / "read.env").write_text("TOKEN=t\nhush-1234\n")
    write(repository, DEVICE="/dev/no-such-camera")
    done = repository.run("apply", "--yes")
    assert done.code == 10, done.out + done.err
    said = done.out + done.err
    assert "line 2 of the secret file:" in said
    assert "is not NAME=VALUE" in said
    assert "hush" not in said
    (repository.root / "read.env").write_text("TOKEN=t\n")
    done = repository.run("apply", "--yes")
    assert (done.code, "its device /dev/no-such-camera does not exist" in done.out + done.err) == (10, True)
    assert not repository.processes()
