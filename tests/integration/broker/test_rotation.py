"""Rotation under load, with each real server: what was accepted is stored once, and nothing is started again for it."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from stack_broker import STACK, StackBroker, wait_for

from rohe_iac.deployment.rotation import Rotation
from rohe_iac.mqtt.connection import Connection
from rohe_iac.reporting.reporter import Reporter
from rohe_iac.sinks.packing import unpacked

pytestmark = pytest.mark.broker

INTERVAL = 0.005
"""Seconds between two reports of one instance."""


@pytest.fixture(scope="module", params=["nats", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackBroker]:
    broker = StackBroker(tmp_path_factory.mktemp("stack"), request.param, demands_certificates=True)
    broker.start()
    yield broker
    broker.kill()


@dataclass
class Load:
    """One instance that reports without pause, and what of it was accepted."""

    name: str
    reporter: Reporter
    accepted: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        count = 0
        while not self.ended.wait(INTERVAL):
            now, request = time.time(), f"r{count}"
            if self.reporter.report(request=request, start=now, end=now):
                self.accepted.append(request)
            count += 1


@contextmanager
def _load(broker: StackBroker, folder: Path) -> Iterator[list[Load]]:
    """Yields the load of two instances; at its end all reports are sent."""
    instances = {"web-0": "web", "cam-0": "cam"}
    loads = [Load(name, broker.reporter(service, name, folder)) for name, service in instances.items()]
    threads = [threading.Thread(target=load.run) for load in loads]
    for thread in threads:
        thread.start()
    try:
        yield loads
        for load in loads:
            load.ended.set()
            assert load.reporter.flush(60)
    finally:
        for load, thread in zip(loads, threads, strict=True):
            load.ended.set()
            thread.join()
            load.reporter.close()


def _stored(folder: Path) -> Counter[tuple[str, str]]:
    """Returns how often the agent stored the report of a request, by (client, request)."""
    database = sqlite3.connect(folder / "agent.db")
    try:
        rows = database.execute("SELECT kind, at, client, payload FROM inputs WHERE kind LIKE 'report%'").fetchall()
    finally:
        database.close()
    reports = [report for row in rows for report in unpacked(row)]
    return Counter((client, msgspec.json.decode(payload)["request"]) for _, _, client, payload in reports)


def _rotate(broker: StackBroker, what: Collection[Rotation]) -> bool:
    """Rotates as `rohe rotate` does; returns whether the server had to be started again."""
    program = broker.files.rotate(broker.spec, STACK, what, broker.pid)
    if program.digest == broker.program.digest:
        return False
    broker.kill()
    broker.program = program
    broker.start()
    return True


def _cut(connection: Connection) -> None:
    """Ends what a client has as its connection, where it is not about to connect again anyway."""
    client = connection._client
    sock = client.socket() if client is not None else None
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def test_what_is_accepted_while_everything_is_rotated_is_stored_once(broker: StackBroker, tmp_path: Path) -> None:
    with broker.agent(tmp_path / "store") as worker, _load(broker, tmp_path / "outboxes") as loads:
        restarts = []
        for what in ([Rotation.PASSWORDS], [Rotation.CERTIFICATES], [*Rotation], [Rotation.AUTHORITY]):
            before = [len(load.accepted) for load in loads]
            known = broker.credentials("web").read_bytes()
            restarts.append(_rotate(broker, what))
            assert broker.credentials("web").read_bytes() != known
            # The connections of the former secrets end, too, so that everybody comes back with the new ones.
            _cut(worker._transport.connection)
            for load in loads:
                _cut(load.reporter._sender.connection)  # type: ignore[union-attr]
            wait_for(lambda: worker._transport.connection.up)
            wait_for(lambda: all(load.reporter._sender.connection.up for load in loads))  # type: ignore[union-attr]
            wait_for(
                lambda before=before: all(len(load.accepted) > was for load, was in zip(loads, before, strict=True))
            )
        assert restarts == [False, False, False, broker.server == "mosquitto"]
    stored = _stored(tmp_path / "store")
    accepted = Counter((load.name, request) for load in loads for request in load.accepted)
    # A report that waited for a slow disk was accepted after its caller had gone on: the reporters counted it.
    assert not accepted - stored
    assert len(stored) == sum(stored.values()) == sum(load.reporter.accepted for load in loads)
    assert min(len(load.accepted) for load in loads) > 10
