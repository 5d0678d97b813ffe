"""RabbitMQ for the tests of this folder, once a session, and an agent that consumes there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The tests are collected without packages, so the modules that they share are imported from these folders.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "observation"))

from consuming_stage import ConsumingStage
from observed_brokers import RunningBroker, nats_broker
from rabbitmq import RabbitMq, rabbitmq


@pytest.fixture(scope="session")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    """Yields a running node of RabbitMQ."""
    node = rabbitmq(tmp_path_factory.mktemp("rabbitmq"))
    node.prepare()
    try:
        node.start()
        yield node
    finally:
        node.end()


@pytest.fixture(scope="session")
def mqtt_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    """Yields a NATS server, which is the broker of the stack beside RabbitMQ."""
    broker = nats_broker(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def stage(tmp_path: Path, mqtt_broker: RunningBroker, rabbit: RabbitMq) -> Iterator[ConsumingStage]:
    """Yields a stage whose agent, which is not started, consumes at RabbitMQ."""
    stage = ConsumingStage.at(tmp_path, mqtt_broker, rabbit)
    yield stage
    stage.end()
