"""A plain MQTT client, for the tests: a service without rohe's library, which publishes what it is told to."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
from observed_brokers import RunningBroker
from observed_stage import STACK

from rohe_iac.foundation.topics import report_topic
from rohe_iac.mqtt.address import broker_address
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Outgoing


class PlainClient:
    """One instance of a service, used as a context manager; its reports are numbered, and never sent again."""

    def __init__(self, broker: RunningBroker, folder: Path, service: str, instance: str) -> None:
        self.service, self.instance = service, instance
        self.sent = 0
        self._connection = Connection(broker_address("", broker.credentials(folder, "service")), f"plain-{instance}")

    def __enter__(self) -> PlainClient:
        self._connection.start()
        assert self._connection.wait_up(15)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def envelope(self, **changes: Any) -> dict[str, Any]:
        """Returns the next report of the instance, as JSON values."""
        self.sent += 1
        now = time.time()
        return {
            "v": 1,
            "seq": self.sent,
            "client": self.instance,
            "boot": "plain",
            "at": now,
            "service": self.service,
            "request": f"{self.instance}-{self.sent}",
            "start": now - 0.01,
            "end": now,
            "fields": {"prediction": 1, "truth": 1},
            **changes,
        }

    def report(self, **changes: Any) -> None:
        """Publishes the next report."""
        self.publish(msgspec.json.encode(self.envelope(**changes)))

    def publish(self, payload: bytes, topic: str = "") -> None:
        """Publishes any bytes, by default where the instance reports."""
        topic = topic or report_topic(STACK, self.service, self.instance)
        assert self._connection.publish(Outgoing(topic, payload))
