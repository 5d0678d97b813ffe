"""What holds for the reporter of asyncio alone: nothing that waits for a disk or an agent stops its event loop."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.reporting import AsyncReporter, Reporter
from rohe_iac.reporting import async_reporter as module
from rohe_iac.reporting.outbox import Encode, Outbox
from rohe_iac.reporting.refusal import Refusal
from rohe_iac.reporting.settings import ReporterSettings
from rohe_iac.reporting.write_buffer import WriteResult


def settings(folder: Path, **changes: Any) -> ReporterSettings:
    defaults: dict[str, Any] = {
        "broker": BrokerAddress("127.0.0.1", 1), "stack": "s", "pipeline": "p", "service": "svc", "instance": "svc-0",
        "outbox": folder,
    }  # fmt: skip
    return ReporterSettings(**{**defaults, **changes})


def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has callers wait for the disk until it answers, however slow this machine is."""
    monkeypatch.setattr(module, "WRITE_TIMEOUT", 30.0)


class Disk:
    """A disk that answers once `free` is set; what waits for it on the event loop would wait for ever."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
        self.asked, self.free = threading.Event(), threading.Event()
        real = getattr(Outbox, method)

        def slow(*arguments: Any, **named: Any) -> Any:
            self.asked.set()
            assert self.free.wait(30)
            return real(*arguments, **named)

        monkeypatch.setattr(Outbox, method, slow)

    async def answer_once_asked(self) -> None:
        while not self.asked.is_set():
            await asyncio.sleep(0.001)
        self.free.set()


def test_a_report_that_waits_for_the_disk_leaves_the_loop_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patient(monkeypatch)
    disk = Disk(monkeypatch, "append")

    async def scenario() -> list[bool]:
        async with await AsyncReporter.open(settings(tmp_path, grace=0.0)) as reporter:
            *accepted, _ = await asyncio.gather(*(reporter.report() for _ in range(50)), disk.answer_once_asked())
        return accepted

    assert asyncio.run(scenario()) == [True] * 50


def test_an_outbox_that_is_slow_to_open_and_to_close_leaves_the_loop_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, closing = Disk(monkeypatch, "_connect"), Disk(monkeypatch, "close")

    async def scenario() -> None:
        reporter, _ = await asyncio.gather(AsyncReporter.open(settings(tmp_path)), opening.answer_once_asked())
        await asyncio.gather(reporter.close(0), closing.answer_once_asked())

    asyncio.run(scenario())


def test_a_report_whose_task_is_cancelled_is_accepted_or_its_refusal_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient(monkeypatch)
    disk = Disk(monkeypatch, "append")

    async def scenario() -> tuple[int, int]:
        reporter = await AsyncReporter.open(settings(tmp_path))
        reporting = asyncio.create_task(reporter.report(request="cancelled"))
        while not disk.asked.is_set():
            await asyncio.sleep(0.001)
        reporting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reporting
        pending = reporter.pending
        disk.free.set()
        await reporter.close(0)
        return pending, reporter.accepted

    assert asyncio.run(scenario()) == (1, 1)


def test_a_refusal_of_the_disk_comes_back_to_the_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patient(monkeypatch)

    def full(_outbox: Outbox, _boot: str, _reports: Sequence[Encode]) -> WriteResult:
        return WriteResult(0, Refusal.NO_ROOM, "no room")

    monkeypatch.setattr(Outbox, "append", full)

    async def scenario() -> AsyncReporter:
        async with await AsyncReporter.open(settings(tmp_path, grace=0.0)) as reporter:
            assert not await reporter.report()
        return reporter

    assert asyncio.run(scenario()).refusals == {Refusal.NO_ROOM: 1}


def test_both_classes_have_the_same_public_methods_and_arguments() -> None:
    import inspect

    def methods(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(value).parameters)
            for name, value in vars(kind).items()
            if not name.startswith("_") and inspect.isfunction(value)
        }

    of_threads, of_asyncio = methods(Reporter), methods(AsyncReporter)
    # What a service does not call: parts of `report`, and what ends a process.
    assert {name: of_threads[name] for name in of_threads if name not in ("encode", "conclude", "write")} == of_asyncio


SERVICE = """
import asyncio, os, sys
from pathlib import Path
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.reporting import AsyncReporter, Reporter
from rohe_iac.reporting.settings import ReporterSettings

close = Reporter.close

def close_and_tell(reporter, timeout=None):
    close(reporter, 0)
    os.write(1, b"closed\\n")

Reporter.close = close_and_tell

async def main():
    reporter = await AsyncReporter.open(ReporterSettings(BrokerAddress("127.0.0.1", 1), "s", "p", "svc", "svc-0",
        Path(sys.argv[1])))
    while not await reporter.report():
        pass
    print(reporter.accepted, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_sigterm_ends_a_service_on_asyncio_in_order(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", SERVICE, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    accepted = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGTERM)
    assert process.stdout.readline() == b"closed\n"
    assert process.wait(30) == -signal.SIGTERM
    with sqlite3.connect(tmp_path / "outbox.db") as database:
        assert database.execute("SELECT count(*) FROM waiting").fetchone() == (accepted,)
