"""The session of the agent that judges: clients without an outbox lose nothing while it is started again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from observed_brokers import RunningBroker, mosquitto_broker, nats_broker
from observed_stage import AGENT, load_configuration
from plain_client import PlainClient
from test_several_agents import INSTANCES, OTHERS, SharedStage

from rohe_iac.observation.configuration import Configuration

pytestmark = pytest.mark.broker

SHARED = {AGENT: 2, OTHERS[0]: 2, OTHERS[1]: 2}
"""How many clients each agent hears by the plan: AGENT hears load-0 and load-3."""


ON_NATS = pytest.mark.parametrize(
    "stage", [nats_broker, pytest.param(mosquitto_broker, marks=pytest.mark.soak)], indirect=True
)
ON_MOSQUITTO = pytest.mark.parametrize(
    "stage", [mosquitto_broker, pytest.param(nats_broker, marks=pytest.mark.soak)], indirect=True
)
"""On one broker, and in a soak on the other one, too."""


@pytest.fixture
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SharedStage]:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker: RunningBroker = request.param(folder)
    broker.start()
    stage = SharedStage(tmp_path, broker, several())
    stage.others = {}
    yield stage
    stage.end()
    broker.kill()


def several() -> Configuration:
    alone = load_configuration(INSTANCES)
    names = (AGENT, *OTHERS)
    instances = tuple(
        msgspec.structs.replace(item, agent=names[number % 3]) for number, item in enumerate(alone.instances)
    )
    return msgspec.structs.replace(alone, judge=AGENT, instances=instances)


@contextmanager
def reporting(stage: SharedStage, *instances: str, pause: float = 0.02) -> Iterator[Callable[[], int]]:
    """Has clients without an outbox report again and again, each report once; yields how many they have published.

    Args:
        stage: Where they report.
        instances: Names of the clients.
        pause: Seconds from one report of a client to the next, about.
    """
    ended = threading.Event()
    clients = [PlainClient(stage.broker, stage.folder, "load", instance) for instance in instances]

    def report(client: PlainClient) -> None:
        while not ended.is_set():
            client.report()
            ended.wait(pause)

    threads = [threading.Thread(target=report, args=(client,)) for client in clients]
    for client in clients:
        client.__enter__()
    try:
        for thread in threads:
            thread.start()
        yield lambda: sum(client.sent for client in clients)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
        for client in clients:
            client.__exit__()


def assert_all_stored_once(stage: SharedStage, sent: int) -> None:
    stage.wait_for(lambda: len(stage.stored_requests()) == sent)
    assert set(stage.stored_requests().values()) == {1}


def wait_for_more(stage: SharedStage, sent: Callable[[], int], reports: int = 50) -> None:
    before = sent()
    stage.wait_for(lambda: sent() >= before + reports)


@ON_NATS
def test_what_is_reported_while_the_judging_agent_is_away_is_stored_once(stage: SharedStage) -> None:
    stage.start_agent()
    stage.start_others(*OTHERS)
    stage.wait_for(lambda: stage.heard() == SHARED)
    with reporting(stage, "load-0", "load-3") as sent:
        wait_for_more(stage, sent)
        stage.kill_agent()
        wait_for_more(stage, sent)
        stage.start_agent()
        stage.wait_for(lambda: stage.heard() == SHARED)
        wait_for_more(stage, sent)
        stage.stop_agent()
        wait_for_more(stage, sent)
        stage.start_agent()
        wait_for_more(stage, sent)
    assert_all_stored_once(stage, sent())
    counts = stage.ask("status")[0]["counts"]
    assert not {"fenced", "undecodable", "misattributed"} & {name for name, count in counts.items() if count}


@ON_MOSQUITTO
def test_several_agents_become_one_and_several_again_without_a_lost_report(stage: SharedStage) -> None:
    stage.start_agent()
    stage.start_others(*OTHERS)
    stage.wait_for(lambda: stage.heard() == SHARED)
    shared = stage.configuration
    with reporting(stage, "load-0", "load-3") as sent:
        wait_for_more(stage, sent)
        stage.stop_agent()
        for other in stage.others.values():
            other.kill()
            other.wait()
        stage.configuration = load_configuration(INSTANCES)
        wait_for_more(stage, sent)
        stage.start_agent()
        # One agent alone hears all of them.
        stage.wait_for(lambda: len(stage.stored_requests()) > sent() - 5)
        with reporting(stage, "load-1", "load-2") as more:
            wait_for_more(stage, more)
            stage.stop_agent()
            stage.configuration = shared
            wait_for_more(stage, more)
            stage.start_agent()
            stage.start_others(*OTHERS)
            stage.wait_for(lambda: stage.heard() == SHARED)
            wait_for_more(stage, more)
            stage.wait_for(lambda: all(stage.received(name) > 10 for name in OTHERS))
    assert_all_stored_once(stage, sent() + more())


@ON_NATS
def test_a_client_that_moves_to_another_agent_loses_nothing(stage: SharedStage) -> None:
    stage.start_agent()
    stage.wait_for(lambda: stage.heard() == {AGENT: INSTANCES})
    with reporting(stage, "load-1", "load-4", pause=0.001) as sent:
        wait_for_more(stage, sent)
        stage.start_others(OTHERS[0])
        stage.wait_for(lambda: stage.heard().get(OTHERS[0], 0) >= 2)
        wait_for_more(stage, sent)
    assert_all_stored_once(stage, sent())
