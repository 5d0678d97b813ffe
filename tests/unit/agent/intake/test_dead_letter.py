"""Refused message: bounded, with its reason, and with the number of its own sender alone."""

from __future__ import annotations

from rohe_iac.agent.intake.dead_letter import (
    MAX_DEAD_LETTER_BYTES,
    MAX_REASON,
    letter_of_message,
    letter_of_report,
)
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.reports.report import Undecodable


def message(payload: bytes) -> Incoming:
    return Incoming("rohe/v1/s/report/c/c-0", payload, 1, False, 1, 1)


def test_a_number_counts_where_it_is_of_the_sender_of_the_topic() -> None:
    payload = b'{"v":1,"seq":7,"client":"c-0","boot":"b"}'
    found = letter_of_report(message(payload), "c-0", Undecodable("no"))
    assert (found.client, found.boot, found.seq, found.why) == ("c-0", "b", 7, "no")
    found = letter_of_report(message(payload), "c-1", Undecodable("no"))
    assert (found.client, found.boot, found.seq) == ("c-1", "", 0)


def test_what_is_kept_is_bounded() -> None:
    found = letter_of_message(message(b"x" * 100_000), ValueError("y" * 10_000))
    assert (len(found.payload), len(found.why)) == (MAX_DEAD_LETTER_BYTES, MAX_REASON)
    assert (found.kind, found.client, found.seq) == ("failed", "", 0)
