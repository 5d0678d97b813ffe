"""The limited log: a few lines of a kind in a while, each on one line, within bounds."""

from __future__ import annotations

import logging

import pytest

from rohe_iac.agent.limited_log import INTERVAL, MAX_KINDS, MAX_LINES, LimitedLog, printable


def test_different_lines_of_a_kind_are_logged_and_the_rest_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    log = LimitedLog(logging.getLogger("test"))
    for number in range(MAX_LINES + 4):
        log.warn("a", f"line {number}", 100.0)
        log.warn("a", "line 0", 100.0)
    log.warn("b", "other", 101.0)
    shown = [record.getMessage() for record in caplog.records]
    assert shown == [*(f"line {number}" for number in range(MAX_LINES)), "other"]
    log.flush(100.0 + INTERVAL)
    assert [record.getMessage() for record in caplog.records][len(shown) :] == [
        f"a: {MAX_LINES + 4 + 4} more like these"
    ]


def test_kinds_are_bounded() -> None:
    log = LimitedLog(logging.getLogger("test.quiet"))
    log._log.setLevel(logging.ERROR)
    for number in range(3 * MAX_KINDS):
        log.warn(str(number), "x", 100.0)
    assert len(log._kinds) <= MAX_KINDS


def test_a_line_stays_one_line() -> None:
    assert printable("a\nb\x1b[31m" + "c" * 10, 8) == "a?b?[31m..."
