"""RabbitMQ as the stack's own broker, by its plugin for MQTT 3.1.1: reporter, RabbitMQ, agent."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from observed_stage import Stage, load_configuration
from rabbitmq import OTHER_PASSWORD, RabbitMq

pytestmark = pytest.mark.broker

PROGRAM = """
from rohe_iac.reporting import Reporter

reporter = Reporter.from_environment()
accepted = [reporter.report(request=f"r{number}", metrics={"confidence": 0.5}) for number in range(20)]
print(sum(accepted), reporter.flush(30))
reporter.close()
"""


@dataclass
class PluggedBroker:
    """RabbitMQ as a stage sees its broker."""

    node: RabbitMq

    @property
    def url(self) -> str:
        return self.node.mqtt_url

    def credentials(self, folder: Path, user: str) -> Path:
        path = folder / f"credentials-{user}.json"
        path.write_text(json.dumps({"url": self.url, "user": "rohe", "password": OTHER_PASSWORD, "mqtt": "3.1.1"}))
        return path


def test_reports_are_stored_and_acknowledged_and_states_are_retained(rabbit: RabbitMq, tmp_path: Path) -> None:
    configuration = msgspec.structs.replace(load_configuration(1))
    stage = Stage(tmp_path, PluggedBroker(rabbit), configuration)
    try:
        stage.start_agent()
        environment = {**stage.service_environment("load-0"), "PYTHONPATH": ":".join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.stdout.split() == ["20", "True"], done.stderr
        assert sorted(stage.stored_requests()) == sorted(("load-0", f"r{number}") for number in range(20))
        stage.kill_agent()
        # What is published while the agent is away waits in its session.
        again = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True)
        stage.start_agent()
        assert again.communicate(timeout=60)[0].split() == ["20", "True"]
        stage.wait_for(lambda: stage.ask("status")[0]["clients"]["load-0"]["state"] == "stopped")
    finally:
        stage.end()
