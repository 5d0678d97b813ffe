"""`rohe agent run` without what it needs: the error names what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rohe_iac.agent.run import run_agent
from rohe_iac.foundation.errors import UsageError
from rohe_iac.mqtt.address import UnusableCredentials
from rohe_iac.observation.configuration import UnreadableConfiguration


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "no configuration is named"),
        ({"ROHE_AGENT_CONFIG": "agent.json"}, "no folder for the store is named"),
        ({"ROHE_AGENT_CONFIG": "/nowhere/agent.json", "ROHE_STORE": "store"}, "cannot read /nowhere/agent.json"),
    ],
)
def test_a_missing_setting_is_a_usage_error(environment: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run_agent(None, environment)


def test_a_missing_broker_is_found_before_the_store_is_made(tmp_path: Path) -> None:
    (tmp_path / "agent.json").write_text("{}")
    with pytest.raises(UnusableCredentials):
        run_agent(tmp_path / "agent.json", {"ROHE_STORE": str(tmp_path / "store")})
    assert not (tmp_path / "store").exists()


def test_a_file_of_another_form_is_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "agent.json").write_text("{}")
    environment = {"ROHE_STORE": str(tmp_path / "store"), "ROHE_REPORT_URL": "mqtt://127.0.0.1:1"}
    with pytest.raises(UnreadableConfiguration):
        run_agent(tmp_path / "agent.json", environment)


def test_an_agent_hides_no_library_from_those_that_it_loads_later() -> None:
    script = (
        "import sys; from rohe_iac.agent.run import run_agent\n"
        "try: run_agent(None, {})\n"
        "except Exception: pass\n"
        "import paho.mqtt.client as paho\n"
        "print([name for name in sys.modules if name.startswith('dns') or sys.modules[name] is None], paho.HAVE_DNS)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["[]", "False"]
