"""The store: all of a batch or nothing, each outcome once, raw reports dropped first."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.observation.judging.outcome import Action, Outcome, Result
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.reports.seen import Seen
from rohe_iac.sinks.jsonl import JsonlSink
from rohe_iac.sinks.sink import Forwarder, SinkFailed
from rohe_iac.sinks.store import Entry, Input, Store, StoreFailed


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


def inputs(count: int, size: int = 10) -> list[Input]:
    return [Input("report", float(number), "c-0", b"x" * size) for number in range(count)]


def test_what_was_written_is_there_for_the_next_process(tmp_path: Path) -> None:
    store = Store(tmp_path)
    seen = Seen()
    for number in (1, 2, 5):
        seen.add(number)
    row = store.write(Entry(inputs=inputs(3), seen={("c-0", "b"): seen}, outcomes=[result(1)], counted={"reports": 3}))
    again = Store(tmp_path)
    assert [number for number, _ in again.inputs_after(0)] == [1, 2, row]
    assert again.seen()["c-0", "b"].acknowledgement() == (5, [[3, 4]])
    assert again.numbers() == {"reports": 3}
    assert [outcome for _, outcome in again.outcomes_after(0, 10)] == [result(1)]


def test_an_outcome_that_comes_again_is_written_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    action = Action(id="a", kind="degrade", violation="v", contract="c", objective="o", begun=1.0)
    ended = Action(id="a", kind="degrade", violation="v", contract="c", objective="o", begun=1.0, ended=2.0)
    for _ in range(3):
        store.rewrite_outcomes([result(1), result(2), action, ended])
    assert len(store.outcomes_after(0, 100)) == 4
    assert [outcome for _, outcome in store.newest("action", 10)] == [action, ended]


def test_a_checkpoint_is_the_newest_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.checkpoint() is None
    store.write_checkpoint(3, "digest", b"old")
    store.write_checkpoint(7, "digest", b"new")
    assert store.checkpoint() == (7, "digest", b"new")


def test_inputs_after_the_checkpoint_are_never_dropped(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(Entry(inputs=inputs(10)))
    store.write_checkpoint(6, "digest", b"state")
    assert store.prune(before=99.0, most_bytes=10**9) == 6
    assert [row for row, _ in store.inputs_after(0)] == [7, 8, 9, 10]


def test_a_store_that_is_too_large_drops_raw_reports_first(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(Entry(inputs=inputs(500, size=2000), outcomes=[result(number) for number in range(50)]))
    store.write_checkpoint(500, "digest", b"state")
    store.prune(before=0.0, most_bytes=500_000)
    assert list(store.inputs_after(0)) == []
    assert len(store.outcomes_after(0, 100)) == 50


def test_a_store_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailed):
        Store(tmp_path / "file")


class Moody:
    """A sink that fails while told to."""

    name = "moody"

    def __init__(self) -> None:
        self.failing = True
        self.taken: list[Outcome] = []

    def write(self, outcomes: list[Outcome]) -> None:
        if self.failing:
            raise SinkFailed("away")
        self.taken += outcomes


def test_a_sink_that_fails_is_tried_again_later_and_misses_nothing(tmp_path: Path) -> None:
    store, sink = Store(tmp_path), Moody()
    forwarder = Forwarder(sink, store)
    store.rewrite_outcomes([result(1)])
    assert forwarder.forward(now=100.0) == 0
    assert (forwarder.failures, forwarder.why) == (1, "away")
    sink.failing = False
    store.rewrite_outcomes([result(2)])
    assert forwarder.forward(now=100.1) == 0, "it rests after a failure"
    assert forwarder.forward(now=200.0) == 2
    assert sink.taken == [result(1), result(2)]
    assert Forwarder(sink, Store(tmp_path)).forward(now=300.0) == 0, "progress outlives the process"


def test_jsonl_has_a_line_an_outcome_and_a_file_a_contract(tmp_path: Path) -> None:
    sink = JsonlSink(tmp_path / "results")
    sink.write([result(1), result(2), result(1, "other")])
    assert len((tmp_path / "results" / "c.jsonl").read_text().splitlines()) == 2
    assert '"value":0.5' in (tmp_path / "results" / "other.jsonl").read_text()


def test_jsonl_on_a_place_that_cannot_be_written_fails_as_a_sink(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkFailed):
        JsonlSink(tmp_path / "file").write([result(1)])
