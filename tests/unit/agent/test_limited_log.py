"""The limited log: one line of a kind in a while, on one line, within bounds."""

from __future__ import annotations

import logging

import pytest

from rohe_iac.agent.limited_log import INTERVAL, MAX_KINDS, LimitedLog, printable


def test_one_line_of_a_kind_in_a_while_and_the_rest_counted(caplog: pytest.LogCaptureFixture) -> None:
    log = LimitedLog(logging.getLogger("test"))
    for number in range(5):
        log.warn("a", f"line {number}", 100.0 + number)
    log.warn("b", "other", 101.0)
    log.warn("a", "later", 101.0 + INTERVAL)
    assert [record.getMessage() for record in caplog.records] == [
        "line 0",
        "other",
        "later (4 more of this kind before)",
    ]


def test_kinds_are_bounded() -> None:
    log = LimitedLog(logging.getLogger("test.quiet"))
    log._log.setLevel(logging.ERROR)
    for number in range(3 * MAX_KINDS):
        log.warn(str(number), "x", 100.0)
    assert len(log._kinds) <= MAX_KINDS


def test_a_line_stays_one_line() -> None:
    assert printable("a\nb\x1b[31m" + "c" * 10, 8) == "a?b?[31m..."
