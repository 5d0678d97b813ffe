"""Messages that end the agent: they are parked at RabbitMQ, and what is before and behind them is stored."""

from __future__ import annotations

import os
from collections import Counter

import pika
import pytest
from consuming_stage import ConsumingStage, report

from rohe_iac.transports.amqp.attempts import FILE, MAX_ATTEMPTS
from rohe_iac.transports.amqp.queues import DELIVERY_LIMIT, kept_queue, parked_queue

pytestmark = pytest.mark.broker

FATAL = """
import os
import signal

from rohe_iac.agent.intake.intake import Intake

enter = Intake.enter_message


def end_or_enter(self, message, *rest, **named):
    if b'"r-fatal-' in message.payload:
        with open(os.environ["ENDS"], "a") as stream:
            stream.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    enter(self, message, *rest, **named)


Intake.enter_message = end_or_enter
"""
"""A fault of the agent, which is in force from its start: some reports end it as the kernel does."""


def test_a_message_that_ends_the_agent_is_parked_after_three_times(stage: ConsumingStage) -> None:
    (stage.folder / "fault").mkdir()
    (stage.folder / "fault" / "sitecustomize.py").write_text(FATAL)
    ends = stage.folder / "ends"
    ends.touch()
    path = os.pathsep.join([str(stage.folder / "fault"), *filter(None, [os.environ.get("PYTHONPATH")])])
    stage.agent_environment.update(PYTHONPATH=path, ENDS=str(ends))
    stage.start_agent()
    stage.wait_up()
    stage.stop_agent()
    fatal = [report(number).replace(b'"r-', b'"r-fatal-') for number in (1, 2)]
    # One comes by the queue of what has expired, and one by the first queue; reports are before and behind both.
    for body in (report(0), fatal[0], report(30)):
        stage.publish(body, properties=pika.BasicProperties(expiration="1"))
    stage.wait_for(lambda: stage.rabbit.waiting(kept_queue(stage.exchange)) == 3)
    stage.publish(report(31))
    stage.publish(fatal[1])
    for number in range(3, 30):
        stage.publish(report(number))
    good = Counter(f"r-{number}" for number in (0, *range(3, 32)))
    stage.start_agent()

    def all_good_are_stored() -> bool:
        assert stage.agent is not None
        if stage.agent.poll() is not None:
            stage.start_agent()
        return stage.stored() == good

    stage.wait_for(all_good_are_stored, 60)
    # One may be in the hands of the agent when the other ends it.
    assert 2 * MAX_ATTEMPTS < len(ends.read_text()) <= 2 * (MAX_ATTEMPTS + 1)
    stage.wait_for(lambda: stage.source()["parked"] == 2)
    connection = stage.rabbit.connect()
    parked = [connection.channel().basic_get(parked_queue(stage.exchange), auto_ack=True)[2] for _ in fatal]
    connection.close()
    assert sorted(parked) == sorted(fatal)
    words = f"the agent ended 3 times with a message of {len(fatal[0])} bytes in its hands, which is now in"
    assert (stage.folder / "agent.log").read_text().count(words) == 2
    assert not (stage.folder / "store" / FILE).exists()


def test_a_message_that_comes_back_too_often_is_parked_and_what_is_behind_it_is_stored(stage: ConsumingStage) -> None:
    stage.start_agent()
    stage.wait_up()
    stage.publish(report(0))
    stage.wait_for(lambda: stage.stored() == {"r-0": 1})
    stage.stop_agent()
    connection = stage.rabbit.connect()
    channel = connection.channel()
    stage.publish(report(1))
    # Consumers of another program, which end with the message in their hands.
    for _ in range(DELIVERY_LIMIT + 1):
        other = stage.rabbit.connect()
        taken = other.channel()
        taken.basic_qos(prefetch_count=1)
        method, _, _ = next(taken.consume(stage.exchange.queue, inactivity_timeout=20))
        assert method is not None
        other.close()
    stage.publish(report(2))
    stage.start_agent()
    stage.wait_for(lambda: stage.stored() == {"r-0": 1, "r-2": 1})
    stage.wait_for(lambda: stage.ask("status")[0]["sources"][0]["parked"] == 1)
    parked = channel.basic_get(parked_queue(stage.exchange), auto_ack=True)
    assert parked[2] == report(1)
    connection.close()
