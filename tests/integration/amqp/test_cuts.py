"""Cuts between an agent and RabbitMQ: windows have the reports that waited there, however long the cut was."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from consuming_stage import ConsumingStage
from cuts import cut_by_closing, cut_by_password, cut_by_stopping
from drawing import generator
from ground_truth import results_of
from numbered_load import LIFETIME, NumberedLoad
from observed_brokers import RunningBroker
from observed_stage import load_configuration, objective
from rabbitmq import RabbitMq

from rohe_iac.observation.contract import AgentContract, ScopeSpec, WindowSpec
from rohe_iac.transports.amqp.connection import HEARTBEAT

pytestmark = pytest.mark.broker

REPLICAS = ("load-0", "load-1", "load-2", "load-3")


@pytest.fixture
def stage(tmp_path: Path, mqtt_broker: RunningBroker, rabbit: RabbitMq) -> Iterator[ConsumingStage]:
    """Yields a stage whose numbers are counted and added up in windows of 2 s, by reports and by requests."""
    stage = ConsumingStage.at(tmp_path, mqtt_broker, rabbit)
    window = WindowSpec(size_seconds=2.0, every_seconds=1.0)
    objectives = tuple(
        objective(name, "number", window, scope=ScopeSpec(service="load"), aggregate=name) for name in ("count", "sum")
    )
    contract = AgentContract(name="load", lateness=2.0, objectives=objectives)
    stage.configuration = msgspec.structs.replace(
        load_configuration(len(REPLICAS)), contracts=(contract,), amqp=stage.exchange
    )
    yield stage
    stage.end()


def assert_windows_are_whole(stage: ConsumingStage, load: NumberedLoad) -> None:
    """Waits for windows of this time, and compares all windows with what was reported."""
    now, folder = time.time(), stage.folder / "store"
    stage.wait_for(lambda: any(result.start > now for result in results_of(folder)), 120)
    load.end()
    stage.wait_for(lambda: stage.stored() == Counter(f"r-{number}" for number in range(len(load.times))), 60)
    status = stage.ask("status")[0]
    assert stage.stop_agent() == 0
    load.assert_windows(folder)
    assert status["counts"].get("late", 0) == 0


Cut = Callable[[ConsumingStage, float], None]


@pytest.mark.parametrize("cut", [cut_by_password, cut_by_closing], ids=["password", "closing"])
def test_windows_have_what_waited_at_rabbitmq_while_the_agent_was_cut_off(stage: ConsumingStage, cut: Cut) -> None:
    stage.start_agent()
    stage.wait_up()
    load = NumberedLoad(stage, REPLICAS, interval=0.005, expiration=LIFETIME)
    try:
        load.wait_for_more(500)
        cut(stage, 6.0)
        load.wait_for_more(500)
        assert_windows_are_whole(stage, load)
    finally:
        load.end()


@pytest.mark.soak
def test_windows_have_what_waited_after_every_kind_of_cut(stage: ConsumingStage) -> None:
    chance = generator("cuts from RabbitMQ")
    stage.start_agent()
    stage.wait_up()
    load = NumberedLoad(stage, REPLICAS, interval=0.01, expiration=LIFETIME)
    try:
        for cut in (cut_by_password, cut_by_closing, cut_by_stopping) * 3:
            load.wait_for_more(chance.randrange(20, 500))
            cut(stage, chance.uniform(5.0, 12.0))
        cut_by_stopping(stage, 2.5 * HEARTBEAT)
        load.wait_for_more(200)
        assert_windows_are_whole(stage, load)
    finally:
        load.end()
