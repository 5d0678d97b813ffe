"""Forwarders: one sink that fails, or whose progress finds no room, holds up no other."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest
from result_samples import result

from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.sinks.forwarders import Forwarders
from rohe_iac.sinks.sink import SinkFailed
from rohe_iac.sinks.store import AgentStore, StoreFull


class NamedSink:
    """A sink that keeps what it is given, unless it fails."""

    contracts = None

    def __init__(self, name: str, *, failing: bool = False) -> None:
        self.name, self.failing = name, failing
        self.written: list[Outcome] = []

    def write(self, outcomes: Sequence[Outcome]) -> None:
        if self.failing:
            raise SinkFailed("away")
        self.written += outcomes


def test_a_sink_that_fails_is_looked_at_without_anything_new_and_the_others_are_not(tmp_path: Path) -> None:
    store, away, well = AgentStore(tmp_path), NamedSink("away", failing=True), NamedSink("well")
    forwarders = Forwarders([away, well], store)
    store.write_missing_outcomes([result(1)])
    forwarders.forward(1.0, fresh=False)
    assert (away.written, well.written) == ([], [])
    forwarders.forward(1.0, fresh=True)
    assert well.written == [result(1)]
    away.failing = False
    store.write_missing_outcomes([result(2)])
    forwarders.forward(100.0, fresh=False)
    assert (away.written, well.written) == ([result(1), result(2)], [result(1)])
    assert [(found.sink, found.written) for found in forwarders.progress()] == [("away", 2), ("well", 1)]


def test_a_full_disk_holds_up_no_other_sink(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store, first, second = AgentStore(tmp_path), NamedSink("first"), NamedSink("second")
    store.write_missing_outcomes([result(1)])

    def no_room(_sink: str, _row: int) -> None:
        raise StoreFull("no room")

    monkeypatch.setattr(store, "move_cursor", no_room)
    with caplog.at_level(logging.WARNING, "rohe.agent"):
        Forwarders([first, second], store).forward(1.0, fresh=True)
    assert (first.written, second.written) == ([result(1)], [result(1)])
    assert "sink first: no room: what it was given last is sent again" in caplog.text
