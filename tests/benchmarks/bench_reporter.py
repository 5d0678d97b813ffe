"""What `report()` costs a service that reports 5,000 times a second, beside what cannot be avoided.

Run it as `python tests/benchmarks/bench_reporter.py [SECONDS]`. Reports are of 1.6 kB. The rows take turns, a second
each, so that a machine that is busy for a while is busy for all of them; wall times mean something on a machine at
rest, processor times and ratios also on others. The rows:

- `nothing`: the loop that measures, which shows how the machine schedules a thread that sleeps 5,000 times a second;
- `insert`: an INSERT of the same bytes by the calling thread, SQLite as the outbox has it (WAL, synchronous=NORMAL);
- `report, no broker`: `Reporter.report`, whose reports stay in the outbox;
- `report`: the same, with a broker, and a client in a process of its own that acknowledges every report;
- `await report`: `AsyncReporter.report` of one task, with broker and acknowledgements.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration" / "observation"))
from observed_brokers import RunningBroker, nats_broker  # noqa: E402 - a broker as the tests have it

from rohe_iac.foundation.topics import ack_topic, report_topic  # noqa: E402
from rohe_iac.mqtt.address import BrokerAddress, broker_address  # noqa: E402
from rohe_iac.mqtt.connection import Connection  # noqa: E402
from rohe_iac.mqtt.message import Incoming, Outgoing  # noqa: E402
from rohe_iac.reporting import AsyncReporter, Reporter  # noqa: E402
from rohe_iac.reporting.settings import ReporterSettings  # noqa: E402

RATE = 5000
AIM = 200
"""Microseconds of the 99th percentile of `report`, on a machine at rest."""

NOW = time.time()
FIELDS = {"prediction": 3, "probabilities": [0.123456] * 152}
Call = Callable[[int], Awaitable[bool]] | Callable[[int], object]


@dataclass
class Row:
    """The calls of one row.

    Attributes:
        call: Makes one call.
        wall: Seconds of each call.
        thread: Seconds of the processor that each call took on its own thread.
        process: Seconds of the processor that the whole process took, all threads together.
        lasted: Seconds that the calls took with their pauses.
    """

    call: Call
    wall: list[float] = field(default_factory=list)
    thread: list[float] = field(default_factory=list)
    process: float = 0.0
    lasted: float = 0.0

    def percentile(self, values: list[float], share: float) -> float:
        """Returns a percentile in microseconds."""
        ordered = sorted(values)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e6

    def line(self, name: str) -> str:
        """Returns the row as it is printed."""
        count = len(self.wall)
        wall = "".join(f"{self.percentile(self.wall, share):7.0f}" for share in (0.5, 0.99, 0.999))
        thread = "".join(f"{self.percentile(self.thread, share):7.0f}" for share in (0.5, 0.99))
        return f"  {name:<18}{count / self.lasted:7.0f}/s{wall}   {thread}   {self.process / count * 1e6:8.0f}"


async def measure(row: Row, seconds: float) -> None:
    """Makes RATE calls a second for some seconds; a late call is made at once."""
    began = due = time.perf_counter()
    process = time.process_time()
    while due < began + seconds:
        before, thread = time.perf_counter(), time.thread_time()
        answer = row.call(len(row.wall))
        if isinstance(answer, Awaitable):
            await answer
        row.thread.append(time.thread_time() - thread)
        after = time.perf_counter()
        row.wall.append(after - before)
        due += 1 / RATE
        if due > after:
            time.sleep(due - after)
    row.process += time.process_time() - process
    row.lasted += time.perf_counter() - began


def acknowledge(stack: str, credentials: Path) -> None:
    """Acknowledges every report of every instance, a few times a second, until SIGTERM."""
    newest: dict[tuple[str, str], int] = {}
    changed = threading.Event()

    def take(message: Incoming) -> None:
        content = json.loads(message.payload)
        newest[content["client"], content["boot"]] = content["seq"]
        changed.set()

    topics = (report_topic(stack, "+", "+"),)
    connection = Connection(broker_address("", credentials), "acknowledger", subscriptions=topics, on_message=take)
    connection.start()
    connection.wait_up(10)
    print("up", flush=True)
    while changed.wait():
        changed.clear()
        for (client, boot), seq in list(newest.items()):
            ack = {"boot": boot, "up_to_seq": seq, "holes": [], "agent_boot": "a"}
            connection.publish(Outgoing(ack_topic(stack, client), json.dumps(ack).encode(), qos=0))
        time.sleep(0.01)


def settings(folder: Path, instance: str, broker: BrokerAddress) -> ReporterSettings:
    return ReporterSettings(
        broker, "bench", "p", "svc", instance, folder / instance, most_reports=10**7, most_bytes=2**34
    )


def inserting(folder: Path, body: bytes) -> Callable[[int], object]:
    """Returns the baseline: an INSERT, by the caller, into a table as the outbox has it."""
    database = sqlite3.connect(folder / "insert.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    database.execute(
        "CREATE TABLE waiting (row INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL, seq INTEGER NOT NULL,"
        " payload BLOB NOT NULL, UNIQUE (boot, seq))"
    )
    insert = "INSERT INTO waiting (boot, seq, payload) VALUES (?, ?, ?)"
    return lambda number: database.execute(insert, ("boot", number, body))


async def run(folder: Path, broker: RunningBroker, seconds: float) -> None:
    """Measures all rows in turns, and prints them."""
    address = broker_address("", broker.credentials(folder, "service"))
    lonely = Reporter(settings(folder, "lonely", BrokerAddress("127.0.0.1", 1)))
    reporter = Reporter(settings(folder, "threads", address))
    on_loop = await AsyncReporter.open(settings(folder, "asyncio", address))
    body = reporter.encode("r1", NOW, NOW + 0.1, {"confidence": 0.9}, FIELDS, None)
    assert body is not None

    def report(of: Reporter) -> Callable[[int], bool]:
        return lambda number: of.report(f"r{number}", NOW, NOW + 0.1, {"confidence": 0.9}, FIELDS)

    rows = {
        "nothing": Row(lambda _: None),
        "insert": Row(inserting(folder, body)),
        "report, no broker": Row(report(lonely)),
        "report": Row(report(reporter)),
        "await report": Row(lambda number: on_loop.report(f"r{number}", NOW, NOW + 0.1, {"confidence": 0.9}, FIELDS)),
    }
    for _ in range(max(1, round(seconds))):
        for row in rows.values():
            await measure(row, 1.0)
            # What one row leaves to be sent is not on the next one's account.
            reporter.flush(30)
            await on_loop.flush(30)
    print(f"{RATE} calls a second of {len(body)} bytes; microseconds, wall and processor time, beside each other")
    print("                      reached   wall p50, p99, p99.9   thread p50, p99   process a call")
    for name, row in rows.items():
        print(row.line(name))
    ratio = rows["report"].percentile(rows["report"].wall, 0.99) / rows["insert"].percentile(rows["insert"].wall, 0.99)
    print(f"report: p99 is {ratio:.1f} times that of the bare insert (aim on a machine at rest: {AIM} us)")
    for name, of in (("report", reporter), ("await report", on_loop)):
        print(f"{name}: {of.accepted} accepted, {of.pending} pending, {of.refused} refused")
    for of in (lonely, reporter):
        of.close(timeout=0)
    await on_loop.close(0)


def main() -> None:
    """Starts the broker and the acknowledging process, and measures."""
    if sys.argv[1:2] == ["acknowledge"]:
        acknowledge("bench", Path(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = nats_broker(folder)
        broker.start()
        command = [sys.executable, __file__, "acknowledge", str(broker.credentials(folder, "agent"))]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None
            process.stdout.readline()
            asyncio.run(run(folder, broker, float(sys.argv[1]) if len(sys.argv) > 1 else 5))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
            broker.kill()


if __name__ == "__main__":
    main()
