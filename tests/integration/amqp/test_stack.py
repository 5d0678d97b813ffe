"""A stack whose services report with QoA4ML's own client: applied, observed and destroyed as a user does it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from consuming_stage import PROGRAM
from observed_brokers import free_port
from qoa4ml_environment import client_python
from rabbitmq import AGENT_PASSWORD, AGENT_USER, RabbitMq
from waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.engine]

BLUEPRINT = """
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: shop}}
spec:
  services:
    - name: camera
      replicas: 2
      command: [{python}, program.py, {host}, qoa-stack, qoa, camera, "100000", "0.1"]
      reports: {{}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {{name: lab}}
spec: {{nodes: [{{name: here, cpu: 4, memory: {{rss: 8Gi}}}}]}}
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {{name: sla}}
spec:
  pipeline: shop
  objectives:
    - metric: response_time
      aggregate: max
      operator: "<="
      value: 60 s
      window: {{size: 10 reports}}
      scope: {{service: camera}}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {{name: desk}}
spec:
  pipelines: [shop]
  inventory: lab
  contracts: [sla]
  target: {{local: {{ports: {ports}}}}}
  amqp: {{url: "{url}", user: {user}, password: {{secret: "env:RABBIT_PASSWORD"}}, exchange: qoa-stack}}
"""


def test_an_applied_contract_is_judged_by_what_unchanged_services_report(
    rabbit: RabbitMq, engine_path: Path, tmp_path: Path
) -> None:
    root, first = tmp_path / "repository", free_port() % 10_000 + 20_000
    (root / "blueprints").mkdir(parents=True)
    (root / "rohe.yaml").write_text("project: amqp\n")
    shutil.copy(PROGRAM, root / "program.py")
    text = BLUEPRINT.format(
        python=client_python(), host=rabbit.host, ports=f"{first}-{first + 9}", url=rabbit.url, user=AGENT_USER
    )
    (root / "blueprints" / "all.yaml").write_text(text)
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "RABBIT_PASSWORD": AGENT_PASSWORD}

    def rohe(*words: str, expected: int = 0) -> str:
        command = [str(Path(sys.executable).parent / "rohe"), *words]
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=240
        )
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout

    def asked(status: dict[str, Any]) -> dict[str, Any]:
        status.update(json.loads(rohe("status", "desk", "-o", "json")))
        return status

    try:
        rohe("apply", "desk", "--yes")
        status: dict[str, Any] = {}
        assert until(lambda: kept(asked(status)), 300.0), status
        said = status["agents"][0]["said"]
        assert said["counts"].get("misattributed", 0) == 0
        assert {name for name, item in said["instances"].items() if item["spoke"]} == {"camera-0", "camera-1"}
        assert f"{rabbit.url}: " in rohe("status", "desk", "--check")
        rabbit.kill()
        try:
            assert until(lambda: not asked(status)["well"], 60.0), status
            assert "no reports over AMQP, so nothing is judged" in rohe("status", "desk", "--check", expected=7)
        finally:
            rabbit.start()
        assert until(lambda: asked(status)["agents"][0]["said"]["sources"][0]["up"], 60.0), status
    finally:
        rohe("destroy", "desk", "--yes")


def kept(status: dict[str, Any]) -> bool:
    (agent,) = status["agents"]
    heard = [item["spoke"] for item in (agent["said"].get("instances") or {"": {"spoke": 0}}).values()]
    return all(heard) and status["contracts"] == [{"contract": "sla", "verdict": "KEPT"}]
