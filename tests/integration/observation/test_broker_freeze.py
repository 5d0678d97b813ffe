"""A broker that hangs: windows have what clients report meanwhile, although these clients promise nothing."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from ground_truth import results_of
from observed_brokers import RunningBroker
from observed_stage import Stage, load_configuration
from plain_client import PlainClient

pytestmark = pytest.mark.broker

NAMES = ("load-0", "load-1")

FROZEN = 8.0
"""Seconds for which the broker hangs, less than the keep alive."""


def report_until(clients: list[PlainClient], end: float, made: dict[str, float]) -> None:
    """Reports by all clients in turn, and notes the event time of each request."""
    while time.monotonic() < end:
        for client in clients:
            envelope = client.envelope()
            client.publish(msgspec.json.encode(envelope))
            made[envelope["request"]] = envelope["end"]
        time.sleep(0.05)


def test_windows_have_what_was_reported_while_the_broker_hung(own_broker: RunningBroker, tmp_path: Path) -> None:
    configuration = load_configuration(len(NAMES))
    (contract,) = configuration.contracts
    objectives = tuple(item for item in contract.objectives if item.name == "count")
    contract = msgspec.structs.replace(contract, lateness=2.0, objectives=objectives)
    stage = Stage(tmp_path, own_broker, msgspec.structs.replace(configuration, contracts=(contract,)))
    made: dict[str, float] = {}
    try:
        stage.start_agent()
        stage.wait_for(
            lambda: (tmp_path / "store" / "agent.db").exists() and stage.ask("status")[0]["connection"]["up"]
        )
        with ExitStack() as stack:
            clients = [stack.enter_context(PlainClient(own_broker, tmp_path, "load", name)) for name in NAMES]
            report_until(clients, time.monotonic() + 5.0, made)
            assert own_broker.process is not None
            own_broker.process.send_signal(signal.SIGSTOP)
            try:
                report_until(clients, time.monotonic() + FROZEN, made)
            finally:
                own_broker.process.send_signal(signal.SIGCONT)
            now = time.time()

            def judged() -> bool:
                report_until(clients, time.monotonic() + 0.5, made)
                return any(result.start > now for result in results_of(tmp_path / "store"))

            stage.wait_for(judged, 60)
        stage.wait_for(lambda: {request for _, request in stage.stored_requests()} == set(made))
        status = stage.ask("status")[0]
        assert stage.stop_agent() == 0
    finally:
        stage.end()
    for result in results_of(tmp_path / "store"):
        inside = sum(result.start <= at < result.end for at in made.values())
        assert result.count == inside, result
    assert status["counts"].get("late", 0) == 0
