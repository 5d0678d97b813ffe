"""Hang-ups: what is said where a broker ends the connection after each large message."""

from __future__ import annotations

import pytest

from rohe_iac.mqtt.hang_ups import LARGE, SUSPICIOUS, HangUps

URL = "mqtt://127.0.0.1:1883"


def test_large_messages_in_succession_are_named_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    found = HangUps("agent-1")
    for times in range(1, SUSPICIOUS + 2):
        assert bool(found.trouble) == (times > SUSPICIOUS)
        found.sent(times, "batch", LARGE)
        found.sent(times + 100, "batch", LARGE + 5)
        found.ended(URL)
    assert f"{SUSPICIOUS + 1} connections in succession after a message of {LARGE + 5} bytes on batch" in found.trouble
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    found.sent(1, "batch", LARGE)
    found.answered(1)
    assert found.trouble == ""


def test_small_messages_and_those_that_were_answered_are_not_why_a_connection_ends() -> None:
    found = HangUps("agent-1")
    for _ in range(2 * SUSPICIOUS):
        found.sent(1, "state", LARGE - 1)
        found.sent(2, "batch", LARGE)
        found.answered(2)
        found.ended(URL)
    assert found.trouble == ""


def test_connections_that_the_client_ended_itself_do_not_count() -> None:
    found = HangUps("agent-1")
    for _ in range(2 * SUSPICIOUS):
        found.sent(1, "batch", LARGE)
        found.forget_under_way()
        found.ended(URL)
    assert found.trouble == ""
