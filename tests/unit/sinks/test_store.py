"""The store: all of a transaction or nothing, each outcome once, raw reports deleted first."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.observation.judging.outcome import CorrectiveAction, Outcome, Result
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.reports.sequence_set import SequenceSet
from rohe_iac.sinks.jsonl import JsonlSink
from rohe_iac.sinks.sink import Forwarder, SinkFailed
from rohe_iac.sinks.store import AgentStore, ObserverInput, StoreFailed, Transaction


def result(number: int, contract: str = "c") -> Result:
    return Result(
        contract=contract,
        objective="o",
        start=float(number),
        end=number + 1.0,
        value=0.5,
        count=10,
        window=Verdict.KEPT,
        verdict=Verdict.KEPT,
        number=number,
    )


def inputs(count: int, size: int = 10) -> list[ObserverInput]:
    return [ObserverInput("report", float(number), "c-0", b"x" * size) for number in range(count)]


def test_what_was_written_is_there_for_the_next_process(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    numbers = SequenceSet()
    for number in (1, 2, 5):
        numbers.add(number)
    row = store.write(
        Transaction(inputs=inputs(3), received={("c-0", "b"): numbers}, outcomes=[result(1)], counts={"reports": 3})
    )
    again = AgentStore(tmp_path)
    assert [number for number, _ in again.inputs_after(0)] == [1, 2, row]
    assert again.received()["c-0", "b"].acknowledgement() == (5, [[3, 4]])
    assert again.counters() == {"reports": 3}
    assert [outcome for _, outcome in again.outcomes_after(0, 10)] == [result(1)]


def test_an_outcome_that_comes_again_is_written_once(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    action = CorrectiveAction(id="a", kind="degrade", violation="v", contract="c", objective="o", begun=1.0)
    ended = CorrectiveAction(id="a", kind="degrade", violation="v", contract="c", objective="o", begun=1.0, ended=2.0)
    for _ in range(3):
        store.write_missing_outcomes([result(1), result(2), action, ended])
    assert len(store.outcomes_after(0, 100)) == 4
    assert [outcome for _, outcome in store.newest_outcomes("action", 10)] == [action, ended]


def test_a_checkpoint_is_the_newest_one(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    assert store.checkpoint() is None
    store.write_checkpoint(3, "digest", b"old")
    store.write_checkpoint(7, "digest", b"new")
    assert store.checkpoint() == (7, "digest", b"new")


def test_inputs_after_the_checkpoint_are_never_dropped(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    store.write(Transaction(inputs=inputs(10)))
    store.write_checkpoint(6, "digest", b"state")
    assert store.prune(before=99.0, max_bytes=10**9) == 6
    assert [row for row, _ in store.inputs_after(0)] == [7, 8, 9, 10]


def test_a_store_that_is_too_large_drops_raw_reports_first(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    store.write(Transaction(inputs=inputs(500, size=2000), outcomes=[result(number) for number in range(50)]))
    store.write_checkpoint(500, "digest", b"state")
    store.prune(before=0.0, max_bytes=500_000)
    assert list(store.inputs_after(0)) == []
    assert len(store.outcomes_after(0, 100)) == 50


def test_a_store_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailed):
        AgentStore(tmp_path / "file")


class FlakySink:
    """A sink that fails while `failing` is set."""

    name = "flaky"

    def __init__(self) -> None:
        self.failing = True
        self.written: list[Outcome] = []

    def write(self, outcomes: list[Outcome]) -> None:
        if self.failing:
            raise SinkFailed("away")
        self.written += outcomes


def test_a_sink_that_fails_is_tried_again_later_and_misses_nothing(tmp_path: Path) -> None:
    store, sink = AgentStore(tmp_path), FlakySink()
    forwarder = Forwarder(sink, store)
    store.write_missing_outcomes([result(1)])
    assert forwarder.forward(now=100.0) == 0
    assert (forwarder.failures, forwarder.last_error) == (1, "away")
    sink.failing = False
    store.write_missing_outcomes([result(2)])
    assert forwarder.forward(now=100.1) == 0, "it rests after a failure"
    assert forwarder.forward(now=200.0) == 2
    assert sink.written == [result(1), result(2)]
    assert Forwarder(sink, AgentStore(tmp_path)).forward(now=300.0) == 0, "progress outlives the process"


def test_jsonl_has_a_line_an_outcome_and_a_file_a_contract(tmp_path: Path) -> None:
    sink = JsonlSink(tmp_path / "results")
    sink.write([result(1), result(2), result(1, "other")])
    assert len((tmp_path / "results" / "c.jsonl").read_text().splitlines()) == 2
    assert '"value":0.5' in (tmp_path / "results" / "other.jsonl").read_text()


def test_jsonl_on_a_place_that_cannot_be_written_fails_as_a_sink(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkFailed):
        JsonlSink(tmp_path / "file").write([result(1)])
