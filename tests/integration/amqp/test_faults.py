"""Faults of agents, brokers and clients on AMQP: nothing that RabbitMQ has taken is lost, and nothing counts twice."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from consuming_stage import ConsumingStage, report
from rabbitmq import OTHER_PASSWORD

from rohe_iac.transports.amqp.queues import DELIVERY_LIMIT, MAX_QUEUE_BYTES, kept_queue, parked_queue
from rohe_iac.transports.amqp.reports import PREFETCH

pytestmark = pytest.mark.broker


def dead_letters(stage: ConsumingStage) -> list[tuple[str, int]]:
    database = sqlite3.connect(stage.folder / "store" / "agent.db")
    try:
        return database.execute("SELECT why, length(payload) FROM dead ORDER BY row").fetchall()
    finally:
        database.close()


def peak_memory(stage: ConsumingStage) -> int:
    """Returns the largest resident memory of the agent so far, in bytes."""
    assert stage.agent is not None
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{stage.agent.pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def test_an_agent_that_is_killed_with_messages_in_its_hands_gets_them_again(stage: ConsumingStage) -> None:
    stage.start_agent()
    stage.wait_up()
    number = 3 * PREFETCH
    connection = stage.rabbit.connect()
    channel = connection.channel()
    channel.confirm_delivery()
    for index in range(number):
        channel.basic_publish(stage.exchange.exchange, "qoa", report(index))
        if index % PREFETCH == PREFETCH // 2:
            stage.kill_agent()
            stage.start_agent()
    connection.close()
    stage.wait_for(lambda: len(stage.stored()) == number, 60)
    assert stage.stored() == Counter(f"r-{index}" for index in range(number))
    stage.wait_for(stage.settled)


def test_garbage_oversized_and_foreign_messages_are_kept_as_dead_letters(stage: ConsumingStage) -> None:
    stage.start_agent()
    stage.wait_up()
    foreign = report(0).replace(b"load", b"other")
    before = peak_memory(stage)
    for body in (b"\xff\x00", b"x" * 40_000_000, foreign, report(1)):
        stage.publish(body)
    stage.wait_for(lambda: stage.stored() == {"r-1": 1})
    assert peak_memory(stage) - before < 20_000_000, "the large message is not kept whole, not even as it arrives"
    reasons = [why for why, _ in dead_letters(stage)]
    assert [len(reasons), max(size for _, size in dead_letters(stage)) <= 16_384] == [3, True]
    assert "not JSON" in reasons[0]
    assert "40000000 bytes is larger than 262144" in reasons[1]
    assert "no replica or service of the pipeline has the instance_name 'other-0'" in reasons[2]
    stage.wait_for(stage.settled)


def test_wrong_credentials_are_told_and_mqtt_goes_on(stage: ConsumingStage) -> None:
    stage.configuration = msgspec.structs.replace(
        stage.configuration, amqp=msgspec.structs.replace(stage.exchange, user="rohe")
    )
    stage.environment["ROHE_AMQP_PASSWORD"] = "wr0ng"
    stage.start_agent()
    stage.wait_for(lambda: (stage.folder / "store" / "agent.db").exists())
    refused = f"{stage.rabbit.url} refuses the user 'rohe': check user and password"
    stage.wait_for(lambda: stage.source()["trouble"] == refused)
    status = stage.ask("status")[0]
    assert (status["connection"]["up"], stage.source()["up"]) == (True, False)
    log = (stage.folder / "agent.log").read_text()
    assert log.count(refused) == 1
    assert "wr0ng" not in log
    assert "pika" not in log
    stage.kill_agent()
    stage.environment["ROHE_AMQP_PASSWORD"] = OTHER_PASSWORD
    stage.start_agent()
    stage.wait_up()


def test_a_client_with_tls_and_an_agent_with_tls_meet(stage: ConsumingStage) -> None:
    node = stage.rabbit
    url = f"amqps://localhost:{node.tls_port}"
    authority = (node.folder / "ca.crt").read_text()
    # The name of the certificate is that of 127.0.0.1, where the node does not listen; its address is in it, too.
    url = url.replace("localhost", node.host)
    stage.configuration = msgspec.structs.replace(
        stage.configuration, amqp=msgspec.structs.replace(stage.exchange, url=url)
    )
    stage.environment["ROHE_AMQP_CA"] = authority
    stage.start_agent()
    stage.wait_up()
    end_point = f"amqps://rohe:{OTHER_PASSWORD}@{node.host}:{node.tls_port}/%2F"
    stage.start_client(3, end_point=end_point, SSL_CERT_FILE=str(node.folder / "ca.crt"))
    requests = stage.client_requests()
    stage.wait_for(lambda: stage.stored() == Counter(requests))


def test_rabbitmq_that_is_killed_keeps_what_it_confirmed(stage: ConsumingStage) -> None:
    stage.start_agent()
    stage.wait_up()
    stage.kill_agent()
    for index in range(5):
        stage.publish(report(index))
    stage.rabbit.kill()
    stage.start_agent()
    stage.wait_for(lambda: (stage.folder / "store" / "agent.db").exists())
    stage.wait_for(lambda: "refused" in stage.source()["trouble"])
    stage.rabbit.start()
    stage.wait_up()
    stage.wait_for(lambda: stage.stored() == Counter(f"r-{index}" for index in range(5)))
    # The exchange was gone with the node, and the agent has declared it again.
    stage.start_client(3)
    requests = stage.client_requests()
    stage.wait_for(lambda: requests <= set(stage.stored()))


def test_a_queue_with_other_arguments_is_told_with_what_to_do(stage: ConsumingStage) -> None:
    connection = stage.rabbit.connect()
    connection.channel().queue_declare(stage.exchange.queue, durable=True, arguments={"x-queue-type": "quorum"})
    stage.start_agent()
    advice = f"delete it, and the agent makes it again: rabbitmqctl --vhost / delete_queue {stage.exchange.queue}"
    stage.wait_for(lambda: advice in str(stage.ask("status")[0]["sources"]))
    connection.channel().queue_delete(stage.exchange.queue)
    connection.close()
    stage.wait_up()


def test_messages_in_a_queue_that_an_earlier_version_made_are_stored(stage: ConsumingStage) -> None:
    connection = stage.rabbit.connect()
    channel = connection.channel()
    # Its dead letters went by the default exchange, for which the user of the agent has no rights.
    arguments = {
        "x-queue-type": "quorum",
        "x-overflow": "reject-publish",
        "x-max-length-bytes": MAX_QUEUE_BYTES,
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-strategy": "at-least-once",
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": parked_queue(stage.exchange),
    }
    channel.queue_declare(kept_queue(stage.exchange), durable=True, arguments=arguments)
    channel.basic_publish("", kept_queue(stage.exchange), report(0))
    connection.close()
    stage.start_agent()
    stage.wait_for(lambda: stage.stored() == {"r-0": 1})
    stage.wait_for(stage.settled)
