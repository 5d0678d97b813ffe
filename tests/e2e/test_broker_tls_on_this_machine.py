"""TLS of the broker on this machine as a user sees it: applied, shown, rotated under load, and gone."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.sinks.packing import unpacked
from rohe_iac.targets.broker.certificates import fingerprint

pytestmark = pytest.mark.engine

LOAD = """
import os, signal, sys, time
from rohe_iac.reporting import Reporter
going = True
def end(*_):
    global going
    going = False
signal.signal(signal.SIGTERM, end)
ledger = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
reporter = Reporter.from_environment()
count = 0
while going:
    now, request = time.time(), f"{reporter.boot}-{count}"
    if reporter.report(request=request, start=now, end=now):
        os.write(ledger, (request + chr(10)).encode())
    count += 1
    time.sleep(0.01)
reporter.close()
"""

BLUEPRINT = """
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: here}
spec:
  nodes: [{name: one, arch: amd64, cpu: 8, memory: {rss: 8Gi}}]
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: p}
spec:
  services:
    - {name: load, command: [python, load.py, ledger], requests: {cpu: 100m, memory: {rss: 64Mi}}, reports: {}}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: desk}
spec:
  pipelines: [p]
  inventory: here
  target: {local: {ports: FIRST-LAST}}
  broker: {embedded: {tls: {clientCertificates: true}}}
"""


def _accepted(repository: Any) -> Counter[str]:
    return Counter((repository.root / "ledger").read_text().splitlines())


def _stored(repository: Any) -> Counter[str]:
    """Returns how often the agent has stored the report of each request."""
    (path,) = repository.folder.stores.rglob("agent.db")
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = database.execute("SELECT kind, at, client, payload FROM inputs WHERE kind LIKE 'report%'").fetchall()
    finally:
        database.close()
    return Counter(json.loads(payload)["request"] for row in rows for _, _, _, payload in unpacked(row))


def _until(condition: Callable[[], object], patience: float = 60.0) -> bool:
    """Returns whether the condition came to hold within `patience` seconds."""
    end = time.monotonic() + patience
    while not (held := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return bool(held)


def test_secrets_are_rotated_under_load_and_no_report_is_lost_or_stored_twice(repository: Any) -> None:
    text = BLUEPRINT.replace("FIRST-LAST", f"{repository.first}-{repository.first + 9}")
    (repository.root / "blueprints" / "all.yaml").write_text(text)
    (repository.root / "load.py").write_text(LOAD)
    applied = repository.run("apply", "--yes", "-o", "json")
    assert applied.code == 0, applied.err
    parts = {part["instance"]: part for part in repository.run("status", "-o", "json").value["parts"]}
    assert parts["broker"]["certificate"]["daysLeft"] == 364
    assert parts["broker"]["urls"][0] == f"mqtts://127.0.0.1:{repository.first}"

    authority = Path(repository.folder.run / "broker" / "authority" / "tls.crt")
    former = fingerprint(authority.read_bytes())
    begun = sum(_accepted(repository).values())
    rotated = repository.run("rotate", "desk", "--yes", "-o", "json")
    assert rotated.code == 0, rotated.err
    assert rotated.value["kinds"] == ["passwords", "certificates", "authority"]
    assert rotated.value["clients"] == ["load", "operator", "rohe-agent-p"]
    assert rotated.value["former_until"] > 0
    assert fingerprint(authority.read_bytes()) != former
    alone = repository.run("rotate", "--passwords", "--yes")
    assert (alone.code, "replaced passwords of the broker and its 3 clients" in alone.out) == (0, True), alone.err
    assert _until(lambda: sum(_accepted(repository).values()) > begun + 50)
    assert "No change" in repository.run("apply", "--yes").out

    after = {part["instance"]: part for part in repository.run("status", "-o", "json").value["parts"]}
    assert {name: part["pid"] for name, part in after.items()} == {name: part["pid"] for name, part in parts.items()}
    known = _accepted(repository)
    assert _until(lambda: not known - _stored(repository))
    assert max(_stored(repository).values()) == 1

    without = repository.run("rotate", "other", "--yes")
    assert without.code == 64
    assert repository.run("destroy", "--yes").code == 0
    assert repository.run("rotate", "desk", "--yes").code == 64
