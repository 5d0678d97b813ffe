"""Several agents of a pipeline that is reported of over AMQP and MQTT: all is counted once, whatever happens to one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from consuming_stage import ConsumingStage
from cuts import cut_by_password
from drawing import generator
from ground_truth import results_of
from numbered_load import LIFETIME, NumberedLoad
from observed_brokers import RunningBroker
from observed_stage import AGENT, load_configuration, objective
from rabbitmq import RabbitMq
from test_several_agents import OTHERS, SharedStage

from rohe_iac.observation.configuration import Configuration
from rohe_iac.observation.contract import AgentContract, ScopeSpec, WindowSpec

pytestmark = pytest.mark.broker

OVER_AMQP, OVER_MQTT = ("load-0", "load-2", "load-3", "load-5"), ("load-1", "load-4")
"""Replicas by how they report; those on MQTT are the share of the first receiving agent."""


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
    contract = AgentContract(name="load", lateness=2.0, objectives=objectives)
    return msgspec.structs.replace(alone, judge=AGENT, instances=instances, contracts=(contract,))


@pytest.fixture
def stage(tmp_path: Path, mqtt_broker: RunningBroker, rabbit: RabbitMq) -> Iterator[ConsumingAgents]:
    stage = ConsumingAgents.at(tmp_path, mqtt_broker, rabbit)
    stage.others = {}
    stage.configuration = msgspec.structs.replace(configuration(), amqp=stage.exchange)
    yield stage
    stage.end()


def begin(stage: ConsumingAgents, expiration: str | None = None) -> NumberedLoad:
    """Starts three agents, and reports that are made beside them."""
    stage.start_agent()
    stage.start_others(*OTHERS)
    stage.wait_up()
    stage.wait_for(lambda: stage.heard() == {AGENT: 2, OTHERS[0]: 2, OTHERS[1]: 2})
    load = NumberedLoad(stage, OVER_AMQP, expiration=expiration)
    for instance in OVER_MQTT:
        stage.start_service(instance, rate=30)
    return load


def assert_counted_once(stage: ConsumingAgents, load: NumberedLoad) -> None:
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
    load.assert_windows(folder)


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


def test_windows_have_what_waited_while_the_judging_agent_was_cut_off_and_what_others_received(
    stage: ConsumingAgents,
) -> None:
    load = begin(stage, LIFETIME)
    try:
        load.wait_for_more(100)
        cut_by_password(stage, 6.0)
        load.wait_for_more(100)
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
