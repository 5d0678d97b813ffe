"""A stage whose agent consumes at RabbitMQ what the real client of QoA4ML publishes there."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pika
from observed_brokers import RunningBroker
from observed_stage import STACK, Stage, load_configuration
from qoa4ml_environment import client_python
from rabbitmq import AGENT_PASSWORD, AGENT_USER, RabbitMq

from rohe_iac.observation.configuration import AmqpExchange

PROGRAM = Path(__file__).with_name("qoa4ml_program.py")


def report(number: int) -> bytes:
    """Returns a report as QoA4ML's client makes it, of the replica load-0."""
    client = {"instance_name": "load-0", "name": "load"}
    metadata = {"client_config": client, "timestamp": 1795359734.5 + number, "corr_id": f"r-{number}"}
    return msgspec.json.encode({"metadata": metadata, "metrics": []})


@dataclass
class ConsumingStage(Stage):
    """A pipeline of one service with two replicas, load-0 and load-1, which report over AMQP.

    Attributes:
        rabbit: The node of RabbitMQ.
        environment: Variables of the agent beside those of every agent.
        clients: Running clients of QoA4ML.
    """

    rabbit: Any = None
    environment: dict[str, str] = field(default_factory=dict)
    clients: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @classmethod
    def at(cls, folder: Path, broker: RunningBroker, rabbit: RabbitMq) -> ConsumingStage:
        """Returns the stage with an exchange and queues of its own."""
        name = uuid.uuid4().hex[:8]
        exchange = AmqpExchange(url=rabbit.url, user=AGENT_USER, exchange=f"qoa-{name}", queue=f"rohe.{name}")
        configuration = msgspec.structs.replace(load_configuration(2), amqp=exchange)
        return cls(folder, broker, configuration, rabbit=rabbit, environment={"ROHE_AMQP_PASSWORD": AGENT_PASSWORD})

    @property
    def exchange(self) -> AmqpExchange:
        exchange = self.configuration.amqp
        assert exchange is not None
        return exchange

    def start_agent(self, group: Path | None = None) -> None:
        before = {name: os.environ.get(name) for name in self.environment}
        os.environ.update(self.environment)
        try:
            super().start_agent(group)
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})

    def start_client(
        self, count: int, *, pause: float = 0.0, key: str = "qoa", name: str = "load", **changes: str
    ) -> None:
        """Starts the real client; `changes` are variables of its environment, `end_point` its address."""
        end_point = changes.pop("end_point", self.rabbit.host)
        arguments = [end_point, self.exchange.exchange, key, name, str(count), str(pause)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **changes}
        command = [str(client_python()), "-I", str(PROGRAM), *arguments]
        self.clients.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE))

    def client_requests(self) -> set[str]:
        """Waits for the clients, and returns the requests that they handed over."""
        found: set[str] = set()
        for client in self.clients:
            output, errors = client.communicate(timeout=90)
            assert client.returncode == 0, errors.decode()
            found |= set(json.loads(output.splitlines()[-1]))
        self.clients.clear()
        return found

    def publish(self, body: bytes, key: str = "qoa", properties: Any = None) -> None:
        """Publishes a message as any client does."""
        connection = self.rabbit.connect()
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish(self.exchange.exchange, key, body, properties or pika.BasicProperties())
        connection.close()

    def source(self) -> dict[str, Any]:
        """Returns what the agent says about its source of reports over AMQP."""
        found: dict[str, Any] = self.ask("status")[0]["sources"][0]
        return found

    def wait_up(self) -> None:
        """Waits until the agent consumes."""
        self.wait_for(lambda: (self.folder / "store").exists() and self.source()["up"])

    def stored(self) -> Counter[str]:
        """Returns how often the report of each request is stored."""
        return Counter(request for _, request in self.stored_requests())

    def settled(self) -> bool:
        """Checks whether nothing waits at RabbitMQ, and all that was delivered is acknowledged."""
        queues = (self.exchange.queue, f"{self.exchange.queue}.kept")
        return all(self.rabbit.waiting(queue) == 0 for queue in queues)

    def end(self) -> None:
        for client in self.clients:
            client.kill()
            client.wait()
        super().end()


__all__ = ["STACK", "ConsumingStage", "report"]
