"""Services and an agent joined by a modelled broker; everything that moves is moved by a test, and clocks too."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from modelled_broker import ModelledConnection, Network
from modelled_ledger import Ledger, name_of
from modelled_processes import (
    CLIENTS,
    LARGEST,
    MOST_BOOTS,
    MOST_BOOTS_AHEAD,
    MOST_IN_FLIGHT,
    MOST_PENDING_ACKS,
    AgentProcess,
    Killed,
    ServiceProcess,
)

from rohe_iac.agent import worker
from rohe_iac.agent.intake import dead_letter, intake, known_numbers
from rohe_iac.mqtt.message import Incoming, Outgoing
from rohe_iac.observation.reports import sequence_set
from rohe_iac.reporting import outbox, reporter, sender, write_buffer
from rohe_iac.sinks.store import AgentStore, StoreFull
from rohe_iac.transports import gathering, inbox, mqtt


class Clock:
    """Stands in for the module `time` in the modules of one process."""

    def __init__(self, elapsed: Elapsed) -> None:
        self._elapsed, self.offset = elapsed, 1_767_225_600.0
        self.gmtime, self.strftime = time.gmtime, time.strftime

    def monotonic(self) -> float:
        return self._elapsed.seconds

    def time(self) -> float:
        return self._elapsed.seconds + self.offset

    def sleep(self, seconds: float) -> None:
        self._elapsed.seconds += seconds


class Elapsed:
    """Seconds that have passed for everybody."""

    seconds = 1000.0


class IdleThread:
    """A thread that does nothing: the test does its turns."""

    def __init__(self, **_: Any) -> None: ...

    def start(self) -> None: ...

    def join(self, timeout: float | None = None) -> None: ...


class World:
    """All processes and the network between them."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.elapsed = Elapsed()
        self.of_services, self.of_agent = Clock(self.elapsed), Clock(self.elapsed)
        self.ledger = Ledger()
        self.fuse = 0
        self._folder, self._numbers = folder, iter(range(10**9))
        self.network = Network(self._watch_publish, self._watch_acknowledge)
        self._patch(patch)
        self.agent = self._new_agent()
        self.services = {name: ServiceProcess(self, name) for name in CLIENTS}

    def _new_agent(self) -> AgentProcess:
        return AgentProcess(self)

    def processes(self) -> list[Any]:
        """Returns all processes, whether they run or not."""
        return [*self.services.values(), self.agent]

    def _patch(self, patch: pytest.MonkeyPatch) -> None:
        connect = partial(ModelledConnection, self.network)
        tokens = SimpleNamespace(token_hex=lambda _: f"{next(self._numbers):08x}")
        threads = SimpleNamespace(
            **{name: getattr(threading, name) for name in ("Condition", "Event", "Lock")}, Thread=IdleThread
        )
        for module in (outbox, reporter, sender, write_buffer):
            patch.setattr(module, "time", self.of_services)
        for module in (inbox, intake, mqtt, worker):
            patch.setattr(module, "time", self.of_agent)
        for module in (reporter, sender, write_buffer):
            patch.setattr(module, "threading", threads)
        for module in (reporter, worker):
            patch.setattr(module, "secrets", tokens)
        for module in (sender, mqtt):
            patch.setattr(module, "Connection", connect)
        for module in (dead_letter, inbox):
            patch.setattr(module, "MAX_REPORT_BYTES", LARGEST)
        patch.setattr(reporter, "end_in_order", lambda *_: None)
        patch.setattr(sender, "MAX_IN_FLIGHT", MOST_IN_FLIGHT)
        patch.setattr(sender, "MAX_BOOTS_AHEAD", MOST_BOOTS_AHEAD)
        patch.setattr(sender, "MAX_PENDING_ACKS", MOST_PENDING_ACKS)
        patch.setattr(known_numbers, "MAX_BOOTS", MOST_BOOTS)
        patch.setattr(sequence_set, "MAX_RANGES", MOST_IN_FLIGHT + 2)
        patch.setattr(worker, "MAX_BATCH", 7)
        patch.setattr(worker, "RECEIVE_TIMEOUT", 0.0)
        patch.setattr(gathering, "PATIENCE", 0.0)
        patch.setattr(worker, "memory_limit", lambda _functions: 0)
        patch.setattr(inbox, "KEPT_OF_OVERSIZED", 600)
        for owner, name in (
            (AgentStore, "write"), (AgentStore, "write_checkpoint"), (outbox.Outbox, "_insert"),
            (outbox.Outbox, "_delete"),
        ):  # fmt: skip
            patch.setattr(owner, name, self._breakable(getattr(owner, name)))

    def store_has_room(self) -> bool:
        """Checks whether the agent can write; before there is an agent it can."""
        return not hasattr(self, "agent") or not self.agent.full

    def _breakable(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.pass_point()
            if isinstance(arguments[0], AgentStore) and not self.store_has_room():
                raise StoreFull("there is no room")
            result = method(*arguments, **named)
            self.pass_point()
            return result

        return call

    def pass_point(self) -> None:
        """Ends the process at work, where this is the moment that a test has chosen."""
        if self.fuse:
            self.fuse -= 1
            if not self.fuse:
                raise Killed

    def new_folder(self) -> Path:
        """Returns a new folder."""
        return self._folder / str(next(self._numbers))

    def new_name(self) -> str:
        """Returns a new identifier of a report."""
        return f"r-{next(self._numbers)}"

    def connections(self) -> Iterator[ModelledConnection]:
        """Yields the connections of the processes that run."""
        for process in self.processes():
            if (connection := process.connection) is not None:
                yield connection

    def _watch_publish(self, message: Outgoing) -> None:
        self.pass_point()
        levels = message.topic.split("/")
        if levels[3] == "ack":
            self._check_acknowledgement(levels[-1], json.loads(message.payload))

    def _check_acknowledgement(self, client: str, content: dict[str, Any]) -> None:
        self.agent.read_store()
        stored = self.ledger.numbers.get((client, content["boot"]), set())
        missing = {seq for first, last in content["holes"] for seq in range(first, last + 1)}
        acknowledged = set(range(1, content["up_to_seq"] + 1)) - missing
        assert acknowledged <= stored, f"{content} acknowledges {sorted(acknowledged - stored)} before they are stored"
        if (client, content["boot"]) in self.ledger.forgotten:
            return
        assert missing.isdisjoint(stored), f"{content} names {sorted(missing & stored)} as missing, which are stored"
        assert max(stored, default=0) == content["up_to_seq"], (
            f"{content} does not say that {sorted(stored)} are stored"
        )

    def check_forgotten(self, client: str, boot: str) -> None:
        """Checks that an agent forgets no boot of which a report is stored that its client may send again."""
        ledger = self.ledger
        of_boot = {name for name, key in (ledger.stored | ledger.dead).items() if key[:2] == (client, boot)}
        again = of_boot & set(self.services[client].waiting())
        assert not again, f"{client}/{boot} is forgotten, and its client will send {sorted(again)} again"
        ledger.forgotten.add((client, boot))

    def _watch_acknowledge(self, message: Incoming) -> None:
        self.pass_point()
        if "/report/" in message.topic:
            self.agent.read_store()
            name = name_of(message.payload)
            assert self.ledger.settled(name), f"{name} was acknowledged to the broker before it was stored"

    def end(self) -> None:
        """Ends all processes, so that they leave no file open."""
        for process in self.processes():
            if process.connection is not None:
                process.kill()

    def check(self) -> None:
        """Checks what holds after every step."""
        self.agent.check()
        for service in self.services.values():
            service.check()
