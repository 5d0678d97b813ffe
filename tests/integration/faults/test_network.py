"""A network that is cut between everybody and the broker, and a broker that comes back as it was yesterday."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_stage import accepted, begin, end_and_compare, go_on, truthful_configuration
from observed_brokers import RunningBroker, mosquitto_broker, nats_broker
from observed_stage import Stage
from toxiproxy import Proxy, proxy_of

pytestmark = pytest.mark.broker


@pytest.fixture
def proxy(own_broker: RunningBroker) -> Iterator[Proxy]:
    with proxy_of(f"127.0.0.1:{own_broker.port}") as proxy:
        yield proxy


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker, proxy: Proxy) -> Iterator[Stage]:
    """Yields a stage whose services and agent reach the broker through the proxy alone."""
    stage = Stage(tmp_path, dataclasses.replace(own_broker, port=proxy.port), truthful_configuration(3))
    yield stage
    stage.end()


@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=pytest.mark.soak)])
def test_a_cut_between_everybody_and_the_broker_loses_and_repeats_nothing(
    stage: Stage, proxy: Proxy, seconds: int
) -> None:
    begin(stage)
    with proxy.cut():
        before = sum(stage.stored_requests().values())
        go_on(stage, seconds)
        under_way = sum(stage.stored_requests().values()) - before
        assert under_way < accepted(stage) / 2, "the network was cut, and reports came through"
    go_on(stage, 2)
    end_and_compare(stage)


@pytest.fixture(params=["nats", pytest.param("mosquitto", marks=pytest.mark.soak)])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[RunningBroker, Path]]:
    """Yields a broker and the folder where it keeps sessions, queues and retained messages."""
    folder = tmp_path / "kept"
    folder.mkdir()
    broker = nats_broker(folder) if request.param == "nats" else mosquitto_broker(folder)
    broker.start()
    yield broker, folder / "jetstream" if request.param == "nats" else folder
    broker.kill()


def test_a_broker_restored_from_a_backup_repeats_nothing(tmp_path: Path, kept: tuple[RunningBroker, Path]) -> None:
    broker, folder = kept
    stage = Stage(tmp_path, broker, truthful_configuration(3))
    try:
        begin(stage)
        # The backup has messages for an agent that is away: they come again when it is restored.
        stage.kill_agent()
        go_on(stage, 1)
        broker.stop()
        shutil.copytree(folder, tmp_path / "backup")
        broker.start()
        stage.start_agent()
        go_on(stage, 2)
        stage.wait_for(lambda: stage.ask("status")[0]["counts"].get("reports", 0) > accepted(stage) - 200)
        before = stage.ask("status")[0]["counts"].get("duplicates", 0)
        broker.kill()
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "backup", folder)
        broker.start()
        go_on(stage, 2)
        stage.wait_for(lambda: stage.ask("status")[0]["counts"].get("duplicates", 0) > before + 20)
        end_and_compare(stage)
    finally:
        stage.end()
