"""A reporter without the grant to report: it says so, its agent says so, and nothing is lost once it has the grant.

Mosquitto tells clients of MQTT 5 what it refuses; it tells nothing to those of MQTT 3.1.1, and neither does NATS.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from stack_broker import SERVICES, STACK, StackBroker, wait_for

from rohe_iac.agent.worker import Worker
from rohe_iac.foundation.topics import report_topic, service_grants
from rohe_iac.reporting import delivery_watch, sender
from rohe_iac.targets.broker.specs import CredentialSpec

pytestmark = pytest.mark.broker

TOPIC = report_topic(STACK, "cam", "cam-0")
SPOKEN = [("nats", "3.1.1"), ("mosquitto", "3.1.1"), ("mosquitto", "5")]


@pytest.fixture(params=SPOKEN, ids=[f"{server}-{version}" for server, version in SPOKEN])
def spoken(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[StackBroker, str]]:
    """Yields a broker whose client `cam` may do everything but report, and the version that `cam` speaks."""
    server, version = request.param
    broker = StackBroker(tmp_path / "stack", server)
    path = broker.credentials("cam")
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "mqtt": version}))
    broker.start()
    _grant(broker, reports=False)
    yield broker, version
    broker.kill()


def _grant(broker: StackBroker, *, reports: bool) -> None:
    granted = service_grants(STACK, "cam", SERVICES["cam"])
    publish = tuple(topic for topic in granted.publish if reports or "/report/" not in topic)
    broker.users.put(CredentialSpec("cam", publish, granted.subscribe))
    broker.files.reload(broker.pid)


def _warnings(worker: Worker) -> dict[str, str]:
    """Returns what the agent warns of, as `rohe status` shows it."""
    worker._answers.status = worker._status()
    health: dict[str, Any] = msgspec.to_builtins(worker._health.record)
    return {warning["kind"]: warning["text"] for warning in health["warnings"]}


def test_refused_reports_are_told_and_kept(
    spoken: tuple[StackBroker, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broker, version = spoken
    monkeypatch.setattr(sender, "MIN_RESEND_DELAY", 0.1)
    monkeypatch.setattr(sender, "STATE_INTERVAL", 0.2)
    monkeypatch.setattr(delivery_watch, "MIN_AGE", 0.5)
    kind, said = ("denied", "Not authorized") if version == "5" else ("unacknowledged", "MQTT 3.1.1 does not tell")
    with broker.agent(tmp_path / "store") as worker, caplog.at_level(logging.WARNING):
        reporter = broker.reporter("cam", "cam-0", tmp_path / "outbox")
        try:
            now = time.time()
            assert reporter.report(request="r", start=now, end=now)
            wait_for(lambda: [text for text in caplog.messages if TOPIC in text and said in text])
            wait_for(lambda: kind in _warnings(worker))
            assert "cam-0" in _warnings(worker)[kind]
            assert (TOPIC in reporter.denied) is (version == "5")
            assert not reporter.flush(0)
            assert not {"denied", "unacknowledged"} - {kind} & _warnings(worker).keys()

            _grant(broker, reports=True)
            assert reporter.flush(30)
            wait_for(lambda: not {"denied", "unacknowledged"} & _warnings(worker).keys())
            assert reporter.denied == {}
        finally:
            reporter.close()
    assert len([text for text in caplog.messages if TOPIC in text and said in text]) == 1
