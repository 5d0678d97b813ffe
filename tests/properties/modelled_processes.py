"""A service and an agent, of the real classes without their threads: a test does their turns.

A process that is killed leaves its files as they are at that moment, and nothing else.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelled_ledger import name_of

from rohe_iac.agent import worker
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.reporting import reporter
from rohe_iac.reporting.refusal import Refusal
from rohe_iac.reporting.report_form import ReportForm
from rohe_iac.reporting.settings import ReporterSettings
from rohe_iac.reporting.write_buffer import WriteEntry
from rohe_iac.sinks.store import AgentStore

if TYPE_CHECKING:
    from modelled_delivery import World

BROKER = BrokerAddress("127.0.0.1", 1)
STACK, SERVICE, NODE = "s", "load", "edge-1"
CLIENTS = ("load-0", "load-1")
LARGEST, LARGEST_OF_SERVICE = 1500, 4000
"""Bytes of a report that the agent takes, and that these services send."""

MOST_WAITING, MOST_IN_FLIGHT, MOST_BOOTS, MOST_BOOTS_AHEAD = 18, 5, 10, 3
"""Small bounds, in the order of the real ones: more boots wait than are remembered, and more are remembered than may be
heard while a report waits."""

MOST_PENDING_ACKS = 6
"""More than the boots under way, and fewer than an agent acknowledges on a new connection: some are dropped here."""

RETENTION = 7 * 86400.0

CONFIGURATION = Configuration(
    stack=STACK,
    pipeline="p",
    agent="agent-0",
    services=(ServiceSpec(name=SERVICE),),
    instances=tuple(Instance(instance=name, topic=SERVICE, service=SERVICE, node=NODE) for name in CLIENTS),
    contracts=(
        AgentContract(
            name="c",
            lateness=1.0,
            objectives=(
                ObjectiveSpec(
                    name="fast", metric="response_time", scope=ScopeSpec(service=SERVICE), aggregate="max",
                    operator="<=", low=1.0, high=1.0, window=WindowSpec(size_count=5, every_count=5), min_samples=1,
                    missing="freeze",
                ),
            ),
        ),
    ),
    retention=RETENTION,
)  # fmt: skip


class Killed(BaseException):
    """A process ends in the middle of what it does."""


class ServiceProcess:
    """One replica with its reporter."""

    def __init__(self, world: World, name: str) -> None:
        self._world, self.name = world, name
        self.folder = world.new_folder()
        self.reporter: Any = None
        self._unsettled: list[tuple[str, WriteEntry]] = []
        self.start()

    @property
    def connection(self) -> Any:
        return self.reporter._sender.connection if self.reporter is not None else None

    def start(self) -> None:
        self.reporter = reporter.Reporter(
            ReporterSettings(
                broker=BROKER, stack=STACK, pipeline="p", service=SERVICE, instance=self.name, outbox=self.folder,
                node=NODE, most_reports=MOST_WAITING, most_bytes=40_000, buffer_reports=5, largest=LARGEST_OF_SERVICE,
            )
        )  # fmt: skip

    def report(self, size: int = 0, service: str = SERVICE, *, slow: bool = False) -> None:
        """Reports once; `slow` is a disk that does not answer for as long as the caller waits."""
        world, name = self._world, self._world.new_name()
        now = world.of_services.time()
        content = {"padding": "x" * size} if size else None
        if service != SERVICE or size > LARGEST:
            world.ledger.unusable.add(name)
        own = self.reporter._form
        self.reporter._form = ReportForm(replace(self.reporter._settings, service=service), self.reporter.boot)
        body = self.reporter.encode(name, now - 0.5, now, None, content, None)
        self.reporter._form = own
        if body is None:
            self._refuse(name, Refusal.INVALID)
            return
        entry = self.reporter.buffer.enter(body, lambda: None)
        if isinstance(entry, Refusal):
            self.reporter.conclude(entry)
            self._refuse(name, entry)
            return
        self._unsettled.append((name, entry))
        if not slow:
            self.write()
        if not entry.pending:
            self.reporter.conclude(self.reporter.buffer.leave(entry))

    def write(self) -> None:
        """Has the disk answer."""
        if self._unsettled:
            self.reporter.buffer.turn()
        for name, entry in self._unsettled:
            if entry.written:
                self._world.ledger.accepted[name] = self.name
            elif entry.refusal is not None:
                self._refuse(name, entry.refusal)
        self._unsettled = [(name, entry) for name, entry in self._unsettled if not (entry.written or entry.refusal)]

    def _refuse(self, name: str, reason: Refusal) -> None:
        self._world.ledger.refused[reason] += 1
        self._world.ledger.refused_names.add(name)

    def turn(self) -> None:
        error = self.reporter._sender.turn(self._world.elapsed.seconds)
        assert error is None, error

    def kill(self) -> None:
        """Ends without a word: what is on disk stays as it is, and what is in memory is gone."""
        left, self._unsettled = self.reporter, []
        self._world.network.broker.disconnect(self.connection)
        self.reporter = None
        self.folder = _as_left(self.folder, self._world.new_folder(), left._outbox.close)
        left._lock.give_back()

    def close(self) -> None:
        """Ends in order."""
        self.write()
        self.reporter.close(timeout=1.0)
        self.reporter = None

    def waiting(self) -> list[str]:
        """Returns the identifiers of the reports in the outbox, oldest first."""
        with closing(sqlite3.connect(self.folder / "outbox.db")) as database:
            rows = database.execute("SELECT payload FROM waiting ORDER BY row").fetchall()
        return [name_of(payload) for (payload,) in rows]

    def oldest_boot(self) -> str:
        """Returns the boot of the oldest report in the outbox; "" without any."""
        with closing(sqlite3.connect(self.folder / "outbox.db")) as database:
            row = database.execute("SELECT boot FROM waiting ORDER BY row LIMIT 1").fetchone()
        return str(row[0]) if row is not None else ""

    def check(self) -> None:
        waiting = self.waiting()
        assert len(waiting) == len(set(waiting)) <= MOST_WAITING
        ledger = self._world.ledger
        lost = [n for n, owner in ledger.accepted.items() if owner == self.name and not ledger.settled(n)]
        assert set(lost) <= set(waiting), f"{self.name} has lost {set(lost) - set(waiting)}"
        if self.reporter is not None:
            assert self.reporter._outbox.waiting == len(waiting)
            assert self.reporter.pending == len(self._unsettled)
            assert len(self.reporter._sender._acks) <= MOST_PENDING_ACKS


class RoomLater(threading.Event):
    """An agent's signal to end: each wait for room passes a second, until there is room or the agent is ended."""

    def __init__(self, process: AgentProcess) -> None:
        super().__init__()
        self._process = process

    def wait(self, timeout: float | None = None) -> bool:
        return self._process.wait_for_room(timeout or 0.0)


class AgentProcess:
    """The agent's worker, turn by turn."""

    configuration = CONFIGURATION
    counts_messages = True

    def __init__(self, world: World) -> None:
        self._world = world
        self.folder = world.new_folder()
        self.worker: Any = None
        self._reader: AgentStore | None = None
        self._taken = self._counted = 0
        self._patience, self._end, self.full = 0, "room", False
        self.start()

    @property
    def connection(self) -> Any:
        return self.worker._transport.connection if self.worker is not None else None

    def start(self) -> None:
        self.full = False  # `run_agent` begins when there is room
        self.worker = worker.Worker(self.configuration, BROKER, self.folder, RoomLater(self))
        self._reader = AgentStore(self.folder, read_only=True)
        self.worker._transport.start()
        receive = self.worker._transport.receive

        def counted(limit: int, timeout: float) -> Any:
            messages, changes = receive(limit, timeout)
            self._taken += sum("/report/" in message.topic for message in messages)
            return messages, changes

        self.worker._transport.receive = counted
        forget = self.worker._intake._numbers._forget

        def watched(key: tuple[str, str], batch: Any) -> None:
            self._world.check_forgotten(*key)
            forget(key, batch)

        self.worker._intake._numbers._forget = watched

    def turn(self) -> None:
        """Takes, commits and acknowledges one batch."""
        self._taken = 0
        self.worker._process_batch()
        if self.worker._trouble:
            self._end_now()
        else:
            self._counted, self._taken = self._counted + self._taken, 0

    def fill(self, patience: int, end: str) -> None:
        """Leaves the store no room for so many attempts; then there is room, or the agent is killed or stopped."""
        self.full = True
        self._patience, self._end = patience, end

    def wait_for_room(self, seconds: float) -> bool:
        self._world.elapsed.seconds += seconds
        self.read_store()
        for service in self._world.services.values():
            service.check()
        self._patience -= 1
        if self._patience > 0:
            return False
        self.full = False
        if self._end == "kill":
            raise Killed
        return self._end == "stop"

    def make_room(self) -> None:
        self.full = False

    def checkpoint(self) -> None:
        self.worker._write_checkpoint()
        self.worker._prune()

    def kill(self) -> None:
        left, self.worker = self.worker, None
        self._world.network.broker.disconnect(left._transport.connection)
        reader, self._reader = self._reader, None
        assert reader is not None
        counted = _messages_in(reader)
        if self.counts_messages:
            assert counted in (self._counted, self._counted + self._taken), "a batch was counted in part"
        self._counted, self._taken = counted, 0
        reader.close()
        self.folder = _as_left(self.folder, self._world.new_folder(), left._store.close)

    def stop(self) -> None:
        """Ends in order, as `Worker.run` does."""
        self.checkpoint()
        self._end_now()

    def _end_now(self) -> None:
        self.worker._transport.close()
        self.worker._store.close()
        assert self._reader is not None
        self._reader.close()
        self.worker = self._reader = None

    def read_store(self) -> None:
        """Reads what is committed, on a connection that sees nothing else."""
        if self._reader is not None:
            self._world.ledger.read(self._reader)
            return
        store = AgentStore(self.folder, read_only=True)
        self._world.ledger.read(store)
        store.close()

    def check(self) -> None:
        self.read_store()
        ledger = self._world.ledger
        if self.worker is None or self._reader is None:
            return
        counts = Counter(self._reader.counters())
        assert counts["reports"] == len(ledger.stored) + ledger.stored_again
        assert counts["undecodable"] + counts["misattributed"] == len(ledger.dead) + ledger.dead_again
        assert _messages_in(self._reader) == self._counted or not self.counts_messages
        received = self.worker._intake._numbers._received
        for key, numbers in received.items():
            found = {seq for first, last in numbers.ranges for seq in range(first, last + 1)}
            assert found == ledger.numbers[key] or key in ledger.forgotten, f"{key}: {numbers.ranges}"
            assert len(numbers.ranges) <= MOST_IN_FLIGHT + 2
        assert {key: item.ranges for key, item in received.items()} == {
            key: item.ranges for key, item in self._reader.received_numbers().items()
        }
        assert len(received) <= MOST_BOOTS * len(CLIENTS)
        assert self.worker._observer.state.counters.reports == len(ledger.stored) + ledger.stored_again


def _messages_in(store: AgentStore) -> int:
    """Returns how many messages of reports were committed, by the store's counters."""
    return sum(store.counters().get(name, 0) for name in ("reports", "duplicates", "undecodable", "misattributed"))


def _as_left(folder: Path, copy: Path, end: Callable[[], None]) -> Path:
    """Copies the files of a killed process, before its connections are closed and tidy them up."""
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*-shm", "outbox.lock"))
    end()
    shutil.rmtree(folder)
    return copy
