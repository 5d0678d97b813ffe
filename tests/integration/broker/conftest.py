"""A stack's broker with the settings, users and grants that apply gives it, with either server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The tests are collected without packages, so the modules that they share are imported from this folder.
sys.path.insert(0, str(Path(__file__).parent))

from stack_broker import StackBroker


@pytest.fixture(scope="session", params=["nats", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackBroker]:
    """Yields a broker for the tests that do not kill it."""
    broker = StackBroker(tmp_path_factory.mktemp("stack"), request.param)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture(params=["nats", "mosquitto"])
def own_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StackBroker]:
    """Yields a broker that only this test uses."""
    broker = StackBroker(tmp_path / "stack", request.param)
    broker.start()
    yield broker
    broker.kill()
