"""What the way through a broker costs: a durable agent beside a bare subscriber, latency, start, and bytes on disk.

Run it as `python tests/benchmarks/bench_transport.py [REPORTS]`. Publisher, broker and agent share the machine; reports
of 1.6 kB are encoded beforehand and published with QoS 1. The agent is a real process with ten contracts and windows of
60 s, and commits before it acknowledges. Ratios are of one run; wall times mean something on a machine at rest, and
processor times also on others. The cases:

- `bare`: a client of paho that counts messages, in a process of its own; the baseline of `agent`;
- `agent`: until its last acknowledgement to the reporter, which it publishes after its commit;
- `violation`: from the report that completes a window until the message of the violation, at 2,000 reports a second,
  beside a message that goes through the broker alone;
- `start`: from the start of the process until the first acknowledgement.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration" / "observation"))
from bench_agent import SECONDS, TUMBLING, load_messages, objective, one_service  # noqa: E402
from observed_brokers import USERS, RunningBroker, mosquitto_broker, nats_broker  # noqa: E402
from observed_stage import AGENT, STACK, Stage  # noqa: E402

from rohe_iac.foundation.topics import ack_topic, report_topic, violation_topic  # noqa: E402
from rohe_iac.observation.configuration import Configuration  # noqa: E402
from rohe_iac.observation.contract import AgentContract, ScopeSpec, WindowSpec  # noqa: E402
from rohe_iac.targets.broker.servers import SERVERS  # noqa: E402

ROUNDS = 3
UNDER_WAY = 800
"""Messages that the broker has not taken yet, at most."""

RATE = 2000
"""Reports a second of the case `violation`."""

BLOCK = 10
"""Reports in a window of that case; every second window breaks the contract."""

Message = tuple[str, bytes]


def client(broker: RunningBroker, user: str, name: str) -> paho.Client:
    """Returns a connected client whose network has a thread of its own."""
    made = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv311)
    made.username_pw_set(user, USERS[user])
    made.max_inflight_messages_set(UNDER_WAY)
    made.connect("127.0.0.1", broker.port)
    return made


def processor_seconds(pid: int) -> float:
    """Returns the processor time of another process in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def written_bytes(pid: int) -> int:
    """Returns the bytes that another process has had written to disk."""
    return int(Path(f"/proc/{pid}/io").read_text().split()[11])


def messages(count: int, boot: str) -> list[Message]:
    """Returns the reports of a case, under the names of the stage, dated so that windows of a minute close."""
    shift = time.time() - SECONDS - 5
    found = []
    for number, message in enumerate(load_messages(count)):
        content = json.loads(message.payload)
        at = shift + number * SECONDS / count
        content |= {"boot": boot, "at": at, "start": at - 0.02, "end": at}
        payload = json.dumps(content, separators=(",", ":")).encode()
        found.append((report_topic(STACK, "load", content["instance"]), payload))
    return found


def publish(publisher: paho.Client, reports: list[Message]) -> None:
    """Publishes reports as fast as the broker takes them."""
    waiting: deque[paho.MQTTMessageInfo] = deque()
    for topic, payload in reports:
        waiting.append(publisher.publish(topic, payload, qos=1))
        if len(waiting) >= UNDER_WAY:
            waiting.popleft().wait_for_publish(60)
    while waiting:
        waiting.popleft().wait_for_publish(60)


def count_messages(port: int, count: int) -> None:
    """The program of the bare subscriber: prints when it had all messages, and what they took of the processor."""
    seen = 0
    began = 0.0

    def take(subscriber: paho.Client, _userdata: object, _message: paho.MQTTMessage) -> None:
        nonlocal seen, began
        began = began or time.process_time()
        seen += 1
        if seen == count:
            print(time.time(), time.process_time() - began, flush=True)
            subscriber.disconnect()

    subscriber = client(RunningBroker([], port, Path()), "agent", "bare")
    subscriber.on_message = take
    subscriber.on_subscribe = lambda *_: print("up", flush=True)
    subscriber.subscribe(report_topic(STACK, "load", "+"), qos=1)
    subscriber.loop_forever()


def bare(broker: RunningBroker, reports: list[Message]) -> tuple[float, float]:
    """Returns the seconds until a bare subscriber had all reports, and what they took of its processor."""
    command = [sys.executable, __file__, "count", str(broker.port), str(len(reports))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        publisher = client(broker, "service", "publisher")
        publisher.loop_start()
        began = time.time()
        publish(publisher, reports)
        ended, processor = map(float, process.stdout.readline().split())
        publisher.disconnect()
        publisher.loop_stop()
    return ended - began, processor


class Acknowledgements:
    """What an agent has acknowledged to reporters."""

    def __init__(self, broker: RunningBroker) -> None:
        self._newest: dict[tuple[str, str], int] = {}
        self._client = client(broker, "operator", "acknowledgements")
        self._client.on_message = self._take
        self._client.subscribe(ack_topic(STACK, "+"), qos=1)
        self._client.loop_start()
        self.at = 0.0

    def _take(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        content = json.loads(message.payload)
        key = (message.topic, content["boot"])
        self._newest[key] = content["up_to_seq"] - sum(last - first + 1 for first, last in content["holes"])
        self.at = time.time()

    def wait_for(self, boot: str, count: int) -> float:
        """Waits until so many reports of a boot are acknowledged; returns when they were."""
        end = time.monotonic() + 120
        while sum(number for (_, of), number in self._newest.items() if of == boot) < count:
            assert time.monotonic() < end, "the agent did not acknowledge"
            time.sleep(0.002)
        return self.at

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def running(folder: Path, broker: RunningBroker, configuration: Configuration) -> Iterator[Stage]:
    """Runs an agent on a broker."""
    folder.mkdir()
    stage = Stage(folder, broker, msgspec.structs.replace(configuration, stack=STACK, agent=AGENT))
    stage.start_agent()
    stage.wait_for(lambda: ": up" in (folder / "agent.log").read_text())
    try:
        yield stage
        stage.stop_agent()
    finally:
        stage.end()


def agent(folder: Path, broker: RunningBroker, reports: list[Message], boot: str) -> tuple[float, float, float]:
    """Returns the seconds until all reports were acknowledged, the agent's processor time, and bytes on disk a byte."""
    acknowledgements = Acknowledgements(broker)
    with running(folder, broker, one_service(TUMBLING)) as stage:
        assert stage.agent is not None
        publisher = client(broker, "service", "publisher")
        publisher.loop_start()
        processor, written = processor_seconds(stage.agent.pid), written_bytes(stage.agent.pid)
        began = time.time()
        publish(publisher, reports)
        seconds = acknowledgements.wait_for(boot, len(reports)) - began
        processor = processor_seconds(stage.agent.pid) - processor
        written = written_bytes(stage.agent.pid) - written
        publisher.disconnect()
        publisher.loop_stop()
    acknowledgements.close()
    return seconds, processor, written / sum(len(payload) for _, payload in reports)


def throughput(folder: Path, name: str, count: int) -> None:
    """Prints agent and bare subscriber, in turns.

    Each round has a broker of its own. One that had an agent before keeps a session for it, and would deliver what is
    published for the bare subscriber to the next agent, too.
    """
    walls: dict[str, list[float]] = {"bare": [], "agent": []}
    processors: dict[str, list[float]] = {"bare": [], "agent": []}
    shares = []
    for number in range(ROUNDS):
        reports = messages(count, f"b{number}")
        with fresh_broker(folder / f"{name}-broker-{number}", name) as broker:
            wall, processor = bare(broker, reports)
            walls["bare"].append(wall)
            processors["bare"].append(processor)
            wall, processor, share = agent(folder / f"{name}-{number}", broker, reports, f"b{number}")
        walls["agent"].append(wall)
        processors["agent"].append(processor)
        shares.append(share)
    for case in walls:
        rates = ", ".join(f"{count / wall:.0f}" for wall in walls[case])
        cost = min(processors[case]) / count * 1e6
        print(f"  {name:<10}{case:<6} {rates} reports/s; {cost:.0f} us of its processor a report")
    ratios = sorted(bare / agent for bare, agent in zip(walls["bare"], walls["agent"], strict=True))
    print(f"  {name:<10}agent has {ratios[len(ratios) // 2]:.2f} of the rate of bare (aim 0.7);"
          f" {max(shares):.2f} bytes written for each received (aim 3)", flush=True)  # fmt: skip


def percentiles(values: list[float]) -> str:
    ordered = sorted(values)
    found = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3 for share in (0.5, 0.99))
    return "p50 {:.1f} ms, p99 {:.1f} ms".format(*found)


def violation(folder: Path, broker: RunningBroker, seconds: float) -> None:
    """Prints how long a violation takes from the report that completes its window."""
    spec = objective("confidence", "max", WindowSpec(size_count=BLOCK, every_count=BLOCK), ScopeSpec(service="load"))
    spec = msgspec.structs.replace(spec, low=0.5, high=0.5)
    configuration = one_service(TUMBLING)
    configuration = msgspec.structs.replace(
        configuration,
        instances=configuration.instances[:1],
        contracts=(AgentContract(name="quick", lateness=0.0, objectives=(spec,)),),
    )
    count = int(seconds * RATE)
    template = json.loads(next(iter(load_messages(1))).payload)
    topic = report_topic(STACK, "load", "load-0")
    arrived: list[float] = []
    echoed: dict[int, float] = {}

    def take(_client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        if message.topic == "bench/echo":
            echoed[int(message.payload)] = time.perf_counter()
        else:
            arrived.append(time.perf_counter())

    with running(folder, broker, configuration):
        listener = client(broker, "operator", "listener")
        listener.on_message = take
        listener.subscribe([(violation_topic(STACK, "quick"), 1), ("bench/echo", 1)])
        listener.loop_start()
        publisher = client(broker, "service", "publisher")
        publisher.loop_start()
        time.sleep(0.5)
        completed, sent = [], {}
        began = time.perf_counter()
        for number in range(count):
            time.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            now = time.time()
            # The first window is kept; from then on each window changes the verdict.
            value = 0.9 if number // BLOCK % 2 else 0.1
            content = {
                **template,
                "seq": number + 1,
                "at": now,
                "start": now - 0.01,
                "end": now,
                "request": f"r{number}",
            }
            content["metrics"] = {"confidence": value}
            if number % BLOCK == BLOCK - 1:
                completed.append(time.perf_counter())
            publisher.publish(topic, msgspec.json.encode(content), qos=1)
            if number % 50 == 0:
                sent[number] = time.perf_counter()
                publisher.publish("bench/echo", str(number), qos=1)
        lasted = time.perf_counter() - began
        end = time.monotonic() + 30
        while len(arrived) < len(completed) - 1 and time.monotonic() < end:
            time.sleep(0.01)
        for one in (publisher, listener):
            one.disconnect()
            one.loop_stop()
    # The first window changes nothing, and has no message.
    waits = [there - here for here, there in zip(completed[1:], arrived, strict=False)]
    echoes = [there - sent[number] for number, there in echoed.items()]
    print(f"  at {count / lasted:.0f} reports/s: {len(waits)} violations, {percentiles(waits)} after their last report"
          f" (aim 10 and 100); a message through the broker alone {percentiles(echoes)}", flush=True)  # fmt: skip


def start(folder: Path, broker: RunningBroker) -> None:
    """Prints how long an agent takes from the start of its process to its first acknowledgement."""
    folder.mkdir()
    found, bare_starts = [], []
    for number in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare_starts.append(time.perf_counter() - began)
        own = folder / str(number)
        own.mkdir()
        stage = Stage(own, broker, msgspec.structs.replace(one_service(TUMBLING), stack=STACK, agent=AGENT))
        acknowledgements = Acknowledgements(broker)
        publisher = client(broker, "service", "publisher")
        publisher.loop_start()
        reports = iter(messages(2000, f"start-{number}"))
        began = time.time()
        stage.start_agent()
        while not acknowledgements.at:
            publisher.publish(*next(reports), qos=1)
            time.sleep(0.005)
        found.append(acknowledgements.at - began)
        assert stage.agent is not None
        processor = processor_seconds(stage.agent.pid)
        stage.end()
        acknowledgements.close()
        publisher.disconnect()
        publisher.loop_stop()
    print(f"  {', '.join(f'{one:.2f}' for one in found)} s (aim 0.5), {processor:.2f} s of its processor;"
          f" an empty Python process takes {min(bare_starts):.2f} s", flush=True)  # fmt: skip


@contextmanager
def fresh_broker(folder: Path, server: str) -> Iterator[RunningBroker]:
    """Runs a broker without sessions; as in a stack, mosquitto drops nothing and credentials name the protocol."""
    folder.mkdir()
    broker = nats_broker(folder) if server == "nats" else mosquitto_broker(folder)
    broker.mqtt = SERVERS[server].mqtt
    if server == "mosquitto":
        with (folder / "broker.conf").open("a") as settings:
            settings.write("max_queued_messages 0\nmax_inflight_messages 1000\n")
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


def main() -> None:
    """Runs all cases on both brokers."""
    if sys.argv[1:2] == ["count"]:
        count_messages(int(sys.argv[2]), int(sys.argv[3]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(f"load of the machine {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors; {count} reports a round")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for server in ("nats", "mosquitto"):
            print(f"{server}: a bare subscriber, and an agent that commits, in turns:")
            throughput(folder, server, count)
            print(f"{server}: from the last report of a window to the message of the violation:")
            with fresh_broker(folder / f"{server}-violations", server) as broker:
                violation(folder / f"{server}-violation", broker, 6)
            print(f"{server}: from the start of an agent to its first acknowledgement:")
            with fresh_broker(folder / f"{server}-other", server) as broker:
                start(folder / f"{server}-start", broker)


if __name__ == "__main__":
    main()
