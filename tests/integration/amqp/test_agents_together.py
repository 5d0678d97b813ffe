"""Several agents of a pipeline that is reported of over AMQP and MQTT: all is counted once, whatever happens to one."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from consuming_stage import ConsumingStage
from drawing import generator
from ground_truth import results_of
from observed_brokers import RunningBroker
from observed_stage import AGENT, load_configuration, objective
from rabbitmq import RabbitMq
from test_several_agents import OTHERS, SharedStage

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.contract import AgentContract, ScopeSpec, WindowSpec

pytestmark = pytest.mark.broker

OVER_AMQP, OVER_MQTT = ("load-0", "load-2", "load-3", "load-5"), ("load-1", "load-4")
"""Replicas by how they report; those on MQTT are the share of the first receiving agent."""

INTERVAL = 0.002
"""Seconds from one report over AMQP to the next, all replicas together."""


class ConsumingAgents(ConsumingStage, SharedStage):
    """A stage with three agents, of which the one that judges also consumes at RabbitMQ."""


def configuration() -> Configuration:
    """Returns a pipeline whose numbers are counted and added up in windows of 2 s."""
    alone, names = load_configuration(len(OVER_AMQP + OVER_MQTT)), (AGENT, *OTHERS)
    window = WindowSpec(size_seconds=2.0, every_seconds=1.0)
    scope = ScopeSpec(service="load")
    objectives = tuple(objective(name, "number", window, scope=scope, aggregate=name) for name in ("count", "sum"))
    instances = tuple(
        msgspec.structs.replace(item, agent=names[number % 3]) for number, item in enumerate(alone.instances)
    )
    contract = AgentContract(name="load", lateness=1.0, objectives=objectives)
    return msgspec.structs.replace(alone, judge=AGENT, instances=instances, contracts=(contract,))


@pytest.fixture
def stage(tmp_path: Path, mqtt_broker: RunningBroker, rabbit: RabbitMq) -> Iterator[ConsumingAgents]:
    stage = ConsumingAgents.at(tmp_path, mqtt_broker, rabbit)
    stage.others = {}
    stage.configuration = msgspec.structs.replace(configuration(), amqp=stage.exchange)
    yield stage
    stage.end()


class Load:
    """Replicas that report numbers over AMQP in turn until `end`; what RabbitMQ has confirmed has to be stored.

    Attributes:
        times: Event time of each report that is confirmed (seconds since the epoch), in the order of their numbers.
    """

    def __init__(self, stage: ConsumingAgents) -> None:
        self._stage, self._ended = stage, threading.Event()
        self.times: list[float] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        connection = self._stage.rabbit.connect()
        channel = connection.channel()
        channel.confirm_delivery()
        while not self._ended.wait(INTERVAL):
            number, at = len(self.times), time.time()
            client = {"instance_name": OVER_AMQP[number % len(OVER_AMQP)], "name": "load"}
            metadata = {"client_config": client, "corr_id": f"r-{number}"}
            metric = {"metric_name": "number", "records": [number]}
            report = {"metadata": metadata, "timestamp": at, "metrics": [metric]}
            channel.basic_publish(self._stage.exchange.exchange, "qoa", msgspec.json.encode(report))
            self.times.append(at)
        connection.close()

    def wait_for_more(self, count: int) -> None:
        """Waits until so many more reports are made."""
        before = len(self.times)
        self._stage.wait_for(lambda: len(self.times) >= before + count)

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


def begin(stage: ConsumingAgents) -> Load:
    """Starts three agents, and reports that are made beside them."""
    stage.start_agent()
    stage.start_others(*OTHERS)
    stage.wait_up()
    stage.wait_for(lambda: stage.heard() == {AGENT: 2, OTHERS[0]: 2, OTHERS[1]: 2})
    load = Load(stage)
    for instance in OVER_MQTT:
        stage.start_service(instance, rate=30)
    return load


def assert_counted_once(stage: ConsumingAgents, load: Load) -> None:
    """Waits for windows of this time, and compares what is stored and judged with what was accepted and confirmed."""
    now, folder = time.time(), stage.folder / "store"
    stage.wait_for(lambda: any(result.start > now for result in results_of(folder)), 60)
    load.end()
    assert all(counters["flushed"] for counters in stage.end_load().values())
    numbered = Counter((OVER_AMQP[number % len(OVER_AMQP)], f"r-{number}") for number in range(len(load.times)))
    certain = numbered + stage.accepted_requests()
    stage.wait_for(lambda: certain <= stage.stored_requests())
    stage.wait_for(stage.settled)
    assert stage.stop_agent() == 0
    stored = stage.stored_requests()
    assert set(stored.values()) == {1}
    # Of a report that was not accepted in time nobody knows whether it will be stored.
    intended = {tuple(line.split()[:2]) for line in (stage.folder / "ledger.intended").read_text().splitlines()}
    assert set(stored) <= {*certain, *intended}
    results = results_of(folder)
    assert results
    for result in results:
        inside = [number for number, at in enumerate(load.times) if result.start <= at < result.end]
        truth = len(inside) if result.objective == "count" else sum(inside)
        assert (result.count, result.value or 0) == (len(inside), truth), result


def test_nothing_is_lost_or_counted_twice_when_a_receiving_agent_and_the_judging_one_are_killed(
    stage: ConsumingAgents,
) -> None:
    load = begin(stage)
    try:
        load.wait_for_more(50)
        stage.others[OTHERS[0]].kill()
        load.wait_for_more(50)
        stage.kill_agent()
        load.wait_for_more(50)
        stage.start_agent()
        assert_counted_once(stage, load)
    finally:
        load.end()


@pytest.mark.soak
def test_nothing_is_lost_or_counted_twice_when_agents_are_killed_again_and_again(stage: ConsumingAgents) -> None:
    chance = generator("agents over AMQP")
    load = begin(stage)
    try:
        for _ in range(20):
            load.wait_for_more(chance.randrange(20, 300))
            name = chance.choice((AGENT, *OTHERS))
            if name == AGENT:
                stage.kill_agent()
                stage.start_agent()
            else:
                stage.others[name].kill()
                stage.others[name].wait()
                stage.start_others(name)
        assert_counted_once(stage, load)
    finally:
        load.end()
