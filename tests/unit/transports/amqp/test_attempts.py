"""Attempts at messages: what one process of an agent wrote, the next one reads."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from rohe_iac.transports.amqp.attempts import FILE, MAX_ATTEMPTS, MAX_MESSAGES, Attempts


def end_with(folder: Path, body: bytes) -> None:
    """Stands for a process that ends with a message in its hands."""
    Attempts(folder).begin(body)


def test_as_many_processes_may_end_with_a_message_and_then_it_is_exhausted(tmp_path: Path) -> None:
    for _ in range(MAX_ATTEMPTS):
        assert not Attempts(tmp_path).exhausted(b"fatal")
        end_with(tmp_path, b"fatal")
    assert Attempts(tmp_path).exhausted(b"fatal")
    assert not Attempts(tmp_path).exhausted(b"other")
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_the_attempt_of_a_process_counts_for_the_next_one_alone(tmp_path: Path) -> None:
    end_with(tmp_path, b"fatal")
    attempts = Attempts(tmp_path)
    attempts.begin(b"fatal")
    assert not attempts.exhausted(b"fatal")
    assert Attempts(tmp_path).exhausted(b"fatal")


def test_an_attempt_that_ends_in_order_leaves_those_before_it(tmp_path: Path) -> None:
    attempts = Attempts(tmp_path)
    attempts.begin(b"a")
    attempts.withdraw()
    attempts.withdraw()
    assert not (tmp_path / FILE).exists()
    end_with(tmp_path, b"a")
    attempts = Attempts(tmp_path)
    attempts.begin(b"a")
    attempts.withdraw()
    end_with(tmp_path, b"a")
    assert Attempts(tmp_path).exhausted(b"a")


def test_what_is_stored_or_parked_is_forgotten(tmp_path: Path) -> None:
    end_with(tmp_path, b"a")
    end_with(tmp_path, b"b")
    attempts = Attempts(tmp_path)
    attempts.begin(b"a")
    attempts.finish(b"a")
    attempts.finish(b"never begun")
    end_with(tmp_path, b"a")
    end_with(tmp_path, b"b")
    assert not Attempts(tmp_path).exhausted(b"a")
    assert Attempts(tmp_path).exhausted(b"b")


def test_the_newest_messages_are_remembered(tmp_path: Path) -> None:
    for number in range(MAX_MESSAGES + 1):
        for _ in range(MAX_ATTEMPTS):
            end_with(tmp_path, b"%d" % number)
    found = Attempts(tmp_path)
    assert [found.exhausted(b"%d" % number) for number in (0, 1, MAX_MESSAGES)] == [False, True, True]


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"a": "b"}'])
def test_a_damaged_file_is_no_attempt_and_is_written_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    attempts = Attempts(tmp_path)
    assert not attempts.exhausted(b"a")
    attempts.begin(b"a")
    assert len((tmp_path / FILE).read_bytes()) > 64


def test_a_folder_that_cannot_be_written_is_told_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    attempts = Attempts(tmp_path / "absent")
    with caplog.at_level(logging.WARNING, "rohe.amqp"):
        attempts.begin(b"a")
    assert "cannot write" in caplog.text
