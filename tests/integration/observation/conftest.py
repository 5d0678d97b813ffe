"""Brokers for the tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The tests are collected without packages, so the modules that they share are imported from this folder.
sys.path.insert(0, str(Path(__file__).parent))

from limited_memory import limited_group
from observed_brokers import RunningBroker, nats_broker, own_broker

__all__ = ["limited_group", "own_broker", "shared_broker"]


@pytest.fixture(scope="session")
def shared_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    """Yields one NATS server for the tests that do not kill it."""
    broker = nats_broker(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.kill()
