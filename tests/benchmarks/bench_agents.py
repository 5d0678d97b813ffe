"""What several agents take of the processor a report, over a real broker, in one run with a bare subscriber.

Run it as `python tests/benchmarks/bench_agents.py [REPORTS]`. Reports of 1.6 kB of nine clients are encoded beforehand
and published with QoS 1; ten contracts with windows of 60 s are judged. The processor time is that of each process
(user and system, of /proc), the rate by the clock stands beside it: publisher, broker and agents share the machine.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "observation"))

from bench_agent import CLIENTS, TUMBLING, load_messages, one_service
from observed_brokers import USERS, RunningBroker, nats_broker

from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.observation.configuration import Configuration

CASES = {"1 agent": (1, True), "2 agents": (2, True), "4 agents": (4, True), "2 agents, one only judges": (2, False)}
"""Number of agents, and whether the one that judges has a share, by name of the case."""

TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 180.0
"""Seconds after which a case ends without all reports."""

AGENT = "import sys; from rohe_iac.cli.main import run; sys.exit(run(['agent', 'run']))"


def divided(agents: int, *, judge_hears: bool) -> Configuration:
    """Returns the configuration of a pipeline whose instances are divided evenly."""
    alone = one_service(TUMBLING)
    hearing = [f"agent-{number}" for number in range(0 if judge_hears else 1, agents)]
    instances = tuple(
        msgspec.structs.replace(item, agent=hearing[number % len(hearing)])
        for number, item in enumerate(alone.instances)
    )
    return msgspec.structs.replace(alone, judge="agent-0" if agents > 1 else "", instances=instances)


def processor_seconds(pid: int) -> float:
    """Returns the processor time that a process has taken, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def running(configuration: Configuration, broker: RunningBroker, folder: Path) -> Iterator[dict[str, int]]:
    """Yields the process identifiers of the agents by name, once each of them hears its share."""
    processes = {}
    credentials = str(broker.credentials(folder, "agent"))
    for name in configuration.agents:
        (folder / f"{name}.json").write_bytes(
            canonical_json(msgspec.to_builtins(msgspec.structs.replace(configuration, agent=name)))
        )
        env = {
            **os.environ, "ROHE_AGENT_CONFIG": str(folder / f"{name}.json"), "ROHE_STORE": str(folder / name),
            "ROHE_REPORT_URL": broker.url, "ROHE_REPORT_CREDENTIALS": credentials,
        }  # fmt: skip
        with (folder / f"{name}.log").open("wb") as log:
            processes[name] = subprocess.Popen([sys.executable, "-c", AGENT], env=env, stdout=log, stderr=log)
    try:
        end = time.monotonic() + PATIENCE
        for name in configuration.agents:
            ready = "connection to" if name == configuration.judging_agent else "hearing"
            while ready not in (folder / f"{name}.log").read_text():
                if time.monotonic() > end:
                    raise TimeoutError((folder / f"{name}.log").read_text())
                time.sleep(0.05)
        time.sleep(1.0)
        yield {name: process.pid for name, process in processes.items()}
    finally:
        for process in processes.values():
            process.send_signal(signal.SIGTERM)
        for process in processes.values():
            process.wait(30)


def stored(folder: Path) -> int:
    """Returns how many reports the judging agent has stored."""
    with closing(sqlite3.connect(folder / "agent-0" / "agent.db", timeout=10)) as database:
        row = database.execute("SELECT value FROM numbers WHERE name = 'reports'").fetchone()
    return int(row[0]) if row else 0


def publish(broker: RunningBroker, spool: Path) -> subprocess.Popen[bytes]:
    """Starts the publisher."""
    return subprocess.Popen([sys.executable, __file__, "publish", str(broker.port), str(spool)])


def run_case(name: str, broker: RunningBroker, spool: Path, reports: int) -> None:
    """Prints the figures of one case."""
    agents, judge_hears = CASES[name]
    configuration = divided(agents, judge_hears=judge_hears)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(configuration, broker, Path(folder)) as pids,
    ):
        before = {agent: processor_seconds(pid) for agent, pid in pids.items()}
        begun = time.monotonic()
        publisher = publish(broker, spool)
        while (found := stored(Path(folder))) < reports and time.monotonic() < begun + PATIENCE:
            time.sleep(0.1)
        wall = time.monotonic() - begun
        publisher.wait()
        taken = {agent: processor_seconds(pid) - before[agent] for agent, pid in pids.items()}
    judge = taken.pop("agent-0")
    whole = judge + sum(taken.values())
    note = "" if found == reports else f"  ONLY {found} OF {reports} REPORTS"
    print(
        f"{name:28}{found / whole:9.0f} reports/s a core{found / wall:9.0f} by the clock"
        f"   judge {judge / found * 1e6:5.0f} us a report, others {sum(taken.values()) / found * 1e6:5.0f}{note}"
    )


def run_bare(broker: RunningBroker, spool: Path, reports: int) -> None:
    """Prints the figures of a subscriber that does nothing else."""
    subscriber = subprocess.Popen(
        [sys.executable, __file__, "subscribe", str(broker.port), str(reports)], stdout=subprocess.PIPE
    )
    assert subscriber.stdout is not None
    subscriber.stdout.readline()
    begun = time.monotonic()
    publisher = publish(broker, spool)
    seconds = float(subscriber.stdout.readline())
    wall = time.monotonic() - begun
    publisher.wait()
    subscriber.wait()
    print(f"{'bare paho subscriber':28}{reports / seconds:9.0f} reports/s a core{reports / wall:9.0f} by the clock")


def publisher_process(port: int, spool: Path) -> None:
    import paho.mqtt.client as paho

    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="publisher")
    client.username_pw_set("service", USERS["service"])
    client.max_inflight_messages_set(500)
    client.connect("127.0.0.1", port)
    client.loop_start()
    last = None
    for topic, payload in msgspec.msgpack.decode(spool.read_bytes(), type=list[tuple[str, bytes]]):
        last = client.publish(topic, payload, qos=1)
    assert last is not None
    last.wait_for_publish(PATIENCE)
    client.disconnect()


def subscriber_process(port: int, reports: int) -> None:
    import paho.mqtt.client as paho

    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="bare")
    client.username_pw_set("agent", USERS["agent"])
    found = 0
    begun = 0.0

    def receive(*_: object) -> None:
        nonlocal found, begun
        begun = begun or time.process_time()
        found += 1
        if found == reports:
            print(time.process_time() - begun, flush=True)
            client.disconnect()

    client.on_message = receive
    client.on_subscribe = lambda *_: print(flush=True)
    client.on_connect = lambda *_: client.subscribe("rohe/v1/s/report/load/+", qos=1)
    client.connect("127.0.0.1", port)
    client.loop_forever()


def main() -> None:
    if sys.argv[1:2] == ["publish"]:
        publisher_process(int(sys.argv[2]), Path(sys.argv[3]))
        return
    if sys.argv[1:2] == ["subscribe"]:
        subscriber_process(int(sys.argv[2]), int(sys.argv[3]))
        return
    reports = int(sys.argv[1]) if len(sys.argv) > 1 else 30_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spool = folder / "spool"
        messages = [(message.topic, message.payload) for message in load_messages(reports)]
        spool.write_bytes(msgspec.msgpack.encode(messages))
        size = sum(len(payload) for _, payload in messages) / reports
        print(f"{reports} reports of {size:.0f} bytes, {CLIENTS} clients, ten contracts, windows of 60 s")
        for case in (*CASES, "bare"):
            place = folder / case.replace(" ", "-")
            place.mkdir()
            broker = nats_broker(place)
            broker.start()
            try:
                if case == "bare":
                    run_bare(broker, spool, reports)
                else:
                    run_case(case, broker, spool, reports)
            finally:
                broker.kill()


if __name__ == "__main__":
    main()
