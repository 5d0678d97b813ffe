"""What the way through RabbitMQ costs: a durable agent beside a bare consumer of pika.

Run it as `python tests/benchmarks/bench_amqp.py [REPORTS]`. Publisher, RabbitMQ and agent share the machine, RabbitMQ
has one scheduler; reports of 1.6 kB are encoded beforehand and published to a topic exchange, from which they go to a
quorum queue. The agent is a real process with ten contracts and windows of 60 s, which finds the sender of each report
by what it says of itself, and commits before it acknowledges. Ratios are of one run; wall times mean something on a
machine at rest, and processor times also on others. The cases:

- `bare`: a consumer of pika with the prefetch of the agent, in a process of its own, which counts messages and
  acknowledges every fiftieth and all before it;
- `agent`: until its last acknowledgement to the reporters, which it publishes after its commit.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration" / "amqp"))
from bench_agent import TUMBLING, one_service  # noqa: E402
from bench_transport import (  # noqa: E402
    ROUNDS,
    Acknowledgements,
    fresh_broker,
    messages,
    processor_seconds,
    running,
)
from rabbitmq import AGENT_PASSWORD, AGENT_USER, SERVER, RabbitMq, rabbitmq  # noqa: E402

from rohe_iac.observation.configuration import AmqpExchange  # noqa: E402
from rohe_iac.transports.amqp.connection import AmqpAccess, connection_parameters, library  # noqa: E402
from rohe_iac.transports.amqp.queues import declare  # noqa: E402
from rohe_iac.transports.amqp.reports import PREFETCH  # noqa: E402

ACKNOWLEDGED_AT_ONCE = 50


def exchange_of(rabbit: RabbitMq, name: str) -> AmqpExchange:
    """Returns an exchange and queues of one case."""
    return AmqpExchange(url=rabbit.url, user=AGENT_USER, exchange=f"qoa-{name}", queue=f"rohe.{name}")


def count_messages(url: str, name: str, count: int) -> None:
    """The program of the bare consumer: prints when it had all messages, and what they took of its processor."""
    exchange = AmqpExchange(url=url, user=AGENT_USER, exchange=f"qoa-{name}", queue=f"rohe.{name}")
    connection = library().BlockingConnection(connection_parameters(exchange, AmqpAccess(AGENT_PASSWORD)))
    channel = declare(connection, exchange)
    seen, began = 0, 0.0

    def take(_channel: Any, method: Any, _properties: Any, _body: bytes) -> None:
        nonlocal seen, began
        began = began or time.process_time()
        seen += 1
        if seen % ACKNOWLEDGED_AT_ONCE == 0 or seen == count:
            channel.basic_ack(method.delivery_tag, multiple=True)
        if seen == count:
            print(time.time(), time.process_time() - began, flush=True)
            channel.stop_consuming()

    channel.basic_qos(prefetch_count=PREFETCH)
    channel.basic_consume(exchange.queue, take)
    print("up", flush=True)
    channel.start_consuming()
    connection.close()


def publish(rabbit: RabbitMq, exchange: AmqpExchange, reports: list[bytes]) -> None:
    """Publishes reports as fast as RabbitMQ takes them."""
    connection = rabbit.connect()
    channel = connection.channel()
    for report in reports:
        channel.basic_publish(exchange.exchange, "qoa", report)
    connection.close()


def bare(rabbit: RabbitMq, name: str, reports: list[bytes]) -> tuple[float, float]:
    """Returns the seconds until a bare consumer had all reports, and what they took of its processor."""
    exchange = exchange_of(rabbit, name)
    command = [sys.executable, __file__, "count", exchange.url, name, str(len(reports))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        began = time.time()
        publish(rabbit, exchange, reports)
        ended, processor = map(float, process.stdout.readline().split())
    return ended - began, processor


def agent(folder: Path, rabbit: RabbitMq, reports: list[bytes], boot: str) -> tuple[float, float]:
    """Returns the seconds until all reports were acknowledged, and what they took of the agent's processor."""
    exchange = exchange_of(rabbit, boot)
    configuration = msgspec.structs.replace(one_service(TUMBLING), amqp=exchange)
    with fresh_broker(folder / f"broker-{boot}", "nats") as broker:
        acknowledgements = Acknowledgements(broker)
        with running(folder / boot, broker, configuration) as stage:
            assert stage.agent is not None
            stage.wait_for(lambda: f"{exchange.url}: up" in (folder / boot / "agent.log").read_text())
            processor = processor_seconds(stage.agent.pid)
            began = time.time()
            publish(rabbit, exchange, reports)
            seconds = acknowledgements.wait_for(boot, len(reports)) - began
            processor = processor_seconds(stage.agent.pid) - processor
        acknowledgements.close()
    return seconds, processor


def main() -> None:
    """Prints agent and bare consumer, in turns."""
    if sys.argv[1:2] == ["count"]:
        count_messages(sys.argv[2], sys.argv[3], int(sys.argv[4]))
        return
    if not SERVER.exists():
        print("RabbitMQ is not installed: no figures of AMQP")
        return
    os.environ["ROHE_AMQP_PASSWORD"] = AGENT_PASSWORD
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(f"load of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors; {count} reports a round")
    walls: dict[str, list[float]] = {"bare": [], "agent": []}
    processors: dict[str, list[float]] = {"bare": [], "agent": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rabbitmq").mkdir()
        rabbit = rabbitmq(folder / "rabbitmq")
        rabbit.prepare()
        try:
            rabbit.start()
            for number in range(ROUNDS):
                boot = f"b{number}"
                reports = [payload for _, payload in messages(count, boot)]
                for case, found in (
                    ("bare", bare(rabbit, f"bare{number}", reports)),
                    ("agent", agent(folder, rabbit, reports, boot)),
                ):
                    walls[case].append(found[0])
                    processors[case].append(found[1])
        finally:
            rabbit.end()
    print("RabbitMQ: a bare consumer, and an agent that commits, in turns:")
    for case in walls:
        rates = ", ".join(f"{count / wall:.0f}" for wall in walls[case])
        cost = min(processors[case]) / count * 1e6
        print(f"  {case:<6} {rates} reports/s; {cost:.0f} us of its processor a report")
    ratios = sorted(bare / agent for bare, agent in zip(walls["bare"], walls["agent"], strict=True))
    print(f"  agent has {ratios[len(ratios) // 2]:.2f} of the rate of bare", flush=True)


if __name__ == "__main__":
    main()
