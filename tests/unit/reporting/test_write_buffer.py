"""The buffer between a service and a disk that is slow, full or failing, with the outbox and SQLite behind it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.reporting.refusal import Refusal
from rohe_iac.reporting.write_buffer import WriteBuffer, WriteResult

Open = Callable[..., Any]


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def stored_numbers(folder: Path) -> list[int]:
    with sqlite3.connect(folder / "outbox.db") as database:
        return [seq for (seq,) in database.execute("SELECT seq FROM waiting ORDER BY row")]


@contextmanager
def stalled_disk(folder: Path) -> Iterator[None]:
    """Keeps every write to the outbox waiting, as a disk that does not answer does."""
    holder = sqlite3.connect(folder / "outbox.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield
    holder.execute("ROLLBACK")
    holder.close()


def test_reports_of_a_stall_are_pending_and_then_accepted_in_order(open_reporter: Open, tmp_path: Path) -> None:
    reporter = open_reporter(tmp_path)
    assert reporter.report() is True
    with stalled_disk(tmp_path):
        assert not any(reporter.report(request=f"r{number}") for number in range(500))
        assert (reporter.accepted, reporter.pending, reporter.refused) == (1, 500, 0)
    wait_for(lambda: reporter.accepted == 501)
    assert reporter.pending == 0
    wait_for(lambda: reporter.report() is True)
    reporter.close(timeout=0)
    assert stored_numbers(tmp_path) == list(range(1, reporter.accepted + 1))


def test_a_slow_disk_and_a_full_outbox_are_counted_and_named_apart(
    open_reporter: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reporter = open_reporter(tmp_path, most_reports=6, buffer_reports=4)
    with stalled_disk(tmp_path):
        assert not any(reporter.report() for _ in range(7))
        assert reporter.refusals == {Refusal.SLOW: 3}
    wait_for(lambda: reporter.accepted == 4)
    assert [reporter.report() for _ in range(4)] == [True, True, False, False]
    assert reporter.refusals == {Refusal.SLOW: 3, Refusal.FULL: 2}
    assert "report dropped: the disk has not answered for" in caplog.text
    assert "report dropped: the outbox is full: 6 reports" in caplog.text
    reporter.close(timeout=0)


def test_closing_waits_for_the_disk_and_counts_what_it_gives_up(open_reporter: Open, tmp_path: Path) -> None:
    reporter = open_reporter(tmp_path)
    with stalled_disk(tmp_path):
        reporter.report()
        reporter.close(timeout=0)
    assert reporter.refusals == {Refusal.SLOW: 1}


def test_what_is_pending_survives_a_full_disk_and_later_reports_are_refused() -> None:
    results = [WriteResult(0), WriteResult(0, Refusal.NO_ROOM, "no room")]
    answering = threading.Event()
    refused: list[Refusal] = []
    written: list[bytes] = []

    def write(bodies: Any) -> WriteResult:
        if results:
            assert answering.wait(20)
            return results.pop(0)
        written.extend(bodies)
        return WriteResult(len(bodies))

    buffer = WriteBuffer(
        write,
        most_reports=9,
        most_bytes=99,
        on_written=lambda: None,
        on_stalled=lambda: None,
        on_refused=lambda reason, _: refused.append(reason),
    )
    assert buffer.put(b"a") is False
    answering.set()
    wait_for(lambda: not results)
    wait_for(lambda: buffer.detail == "no room")
    assert buffer.put(b"b") is Refusal.NO_ROOM
    wait_for(lambda: written == [b"a"])
    assert buffer.put(b"c") is True
    assert (buffer.close(1.0), refused, written) == (0, [], [b"a", b"c"])


def test_closing_ends_although_a_write_never_returns(
    open_reporter: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter, freed = open_reporter(tmp_path), threading.Event()
    assert reporter._outbox is not None
    monkeypatch.setattr(reporter._outbox, "_insert", lambda _rows: freed.wait(60.0))
    assert not reporter.report()
    closing = threading.Thread(target=reporter.close, args=(0.0,), daemon=True)
    closing.start()
    closing.join(30.0)
    assert not closing.is_alive()
    assert reporter.refusals == {Refusal.SLOW: 1}
    freed.set()
