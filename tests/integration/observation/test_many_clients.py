"""An agent that knows thousands of clients answers the question about its status over brokers that bound messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from observed_brokers import RunningBroker, mosquitto_broker, nats_broker
from observed_stage import STACK, Stage, load_configuration
from plain_client import PlainClient

from rohe_iac.foundation.topics import state_topic

pytestmark = pytest.mark.broker

CLIENTS = 5000


def knows(stage: Stage, clients: int) -> bool:
    return len(stage.ask("status")[0]["clients"]) >= clients


@pytest.mark.parametrize("start_broker", [nats_broker, pytest.param(mosquitto_broker, marks=pytest.mark.soak)])
def test_the_status_names_every_client(start_broker: Callable[[Path], RunningBroker], tmp_path: Path) -> None:
    broker = start_broker(tmp_path)
    broker.start()
    stage = Stage(tmp_path, broker, load_configuration(1))
    state = json.dumps({"state": "online", "boot": "b" * 100, "digest": "d" * 100}).encode()
    try:
        stage.start_agent()
        stage.wait_for(lambda: stage.ask("status")[0]["connection"]["up"])
        with PlainClient(broker, tmp_path, "load", "load-0") as client:
            for number in range(1, CLIENTS + 1):
                client.publish(state, state_topic(STACK, f"guest-{number}"))
                if number % 500 == 0:
                    # A broker queues a bounded number of messages.
                    stage.wait_for(partial(knows, stage, number))
        items = stage.ask("status")
        assert len(items) == 1
        assert len(json.dumps(items[0])) > 2**20
    finally:
        stage.end()
        broker.kill()
