"""The sinks of a configuration: MQTT always, folders of JSON lines once, and no others."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.contract import AgentContract
from rohe_iac.sinks.configured import configured_sinks
from rohe_iac.sinks.jsonl import JsonlSink
from rohe_iac.sinks.mqtt import MqttSink


def test_each_folder_is_written_once_and_an_unknown_kind_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = {"jsonl": str(tmp_path / "lines")}
    contracts = (
        AgentContract(name="a", lateness=1.0, objectives=(), sinks=("store", folder, "prometheus")),
        AgentContract(name="b", lateness=1.0, objectives=(), sinks=("mqtt", folder)),
    )
    configuration = Configuration(stack="s", pipeline="p", agent="a", services=(), instances=(), contracts=contracts)
    with caplog.at_level(logging.WARNING, "rohe.agent"):
        sinks = list(configured_sinks(configuration, lambda message: None))
    assert [type(sink) for sink in sinks] == [MqttSink, JsonlSink]
    assert "no such sink here, nothing is written to it: prometheus" in caplog.text
