"""A flood: a publisher that sends what was encoded beforehand, with no more under way than the broker has taken."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
import paho.mqtt.client as paho
from observed_brokers import USERS, RunningBroker
from observed_stage import STACK
from paho.mqtt.enums import CallbackAPIVersion

from rohe_iac.foundation.topics import report_topic

SIZE = 1600
"""Bytes of a report."""

UNDER_WAY = 400
"""Messages that the broker has not taken yet, at most."""

PATIENCE = 30.0
"""Seconds within which the broker takes a message."""


@dataclass(frozen=True, slots=True)
class Flooded:
    """One message of a flood.

    Attributes:
        topic: Where it is published.
        payload: What is published.
        at: Event time of the report (seconds since the epoch); 0 of what is none.
    """

    topic: str
    payload: bytes
    at: float = 0.0


def reports(count: int, instances: int, begin: float, seconds: float, boot: str = "flood") -> Iterator[Flooded]:
    """Yields reports of 1.6 kB of the instances `load-0` and on, in order of time, that cannot be compressed.

    Args:
        count: How many.
        instances: How many instances report, in turns.
        begin: Event time of the first (seconds since the epoch).
        seconds: Event time from the first to the last.
        boot: Boot of all instances.
    """
    chance = random.Random(count)
    for number in range(count):
        at = begin + number * seconds / count
        client = f"load-{number % instances}"
        content = {
            "v": 1, "seq": number // instances + 1, "client": client, "boot": boot, "service": "load",
            "instance": client, "at": at, "request": f"{boot}-{number}", "start": at - 0.01, "end": at,
            "metrics": {"confidence": chance.random()}, "fields": {"prediction": number % 10, "truth": number % 7},
        }  # fmt: skip
        head = msgspec.json.encode(content)
        noise = chance.randbytes((SIZE - len(head)) // 2).hex()
        content["fields"] |= {"features": noise[: max(0, SIZE - len(head) - 14)]}
        yield Flooded(report_topic(STACK, "load", client), msgspec.json.encode(content), at)


def publish(broker: RunningBroker, messages: Iterable[Flooded], rate: float = 0.0) -> float:
    """Publishes messages with QoS 1, at most so many a second where a rate is given; returns the seconds that it took.

    Every message is with the broker when it returns.
    """
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="flood", protocol=paho.MQTTv311)
    client.username_pw_set("service", USERS["service"])
    client.max_inflight_messages_set(UNDER_WAY)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    began = time.monotonic()
    waiting: deque[paho.MQTTMessageInfo] = deque()
    try:
        for number, message in enumerate(messages):
            if rate:
                time.sleep(max(0.0, began + number / rate - time.monotonic()))
            waiting.append(client.publish(message.topic, message.payload, qos=1))
            if len(waiting) > UNDER_WAY:
                _await(waiting.popleft())
        while waiting:
            _await(waiting.popleft())
        return time.monotonic() - began
    finally:
        client.disconnect()
        client.loop_stop()


def offer(broker: RunningBroker, message: Flooded) -> bool:
    """Publishes a message with QoS 1; returns whether the broker took it, and did not hang up."""
    client = paho.Client(
        CallbackAPIVersion.VERSION2, client_id="offer", protocol=paho.MQTTv311, reconnect_on_failure=False
    )
    client.username_pw_set("service", USERS["service"])
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        end = time.monotonic() + PATIENCE
        while not client.is_connected() and time.monotonic() < end:
            time.sleep(0.01)
        sent = client.publish(message.topic, message.payload, qos=1)
        while not sent.is_published() and client.is_connected() and time.monotonic() < end:
            time.sleep(0.01)
        return sent.is_published()
    except RuntimeError:
        return False  # the connection ended while it was sent
    finally:
        client.disconnect()
        client.loop_stop()


def _await(sent: paho.MQTTMessageInfo) -> None:
    sent.wait_for_publish(PATIENCE)
    assert sent.is_published(), f"the broker did not take a message within {PATIENCE:g} s"
