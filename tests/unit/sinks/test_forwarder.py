"""The forwarder: a sink that fails is tried again later and misses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from result_samples import result

from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.sinks.forwarder import Forwarder
from rohe_iac.sinks.sink import Confirm, SinkFailed
from rohe_iac.sinks.store import AgentStore


class FlakySink:
    """A sink that fails while `failing` is set."""

    name, contracts = "flaky", None

    def __init__(self) -> None:
        self.failing = True
        self.confirmed: list[bool | SinkFailed] = []
        self.written: list[Outcome] = []

    def write(self, outcomes: Sequence[Outcome]) -> Confirm | None:
        if self.failing:
            raise SinkFailed("away")
        self.written += outcomes
        return self._confirm if self.confirmed else None

    def _confirm(self) -> bool:
        answer = self.confirmed.pop(0)
        if isinstance(answer, SinkFailed):
            raise answer
        return answer


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


def test_progress_is_kept_once_a_sink_knows_that_it_has_written(tmp_path: Path) -> None:
    store, sink = AgentStore(tmp_path), FlakySink()
    forwarder = Forwarder(sink, store)
    sink.failing, sink.confirmed = False, [False, SinkFailed("lost"), False, True]
    store.write_missing_outcomes([result(1)])
    assert (forwarder.forward(now=1.0), forwarder.waits, store.cursor("flaky")) == (0, True, 0)
    store.write_missing_outcomes([result(2)])
    assert forwarder.forward(now=1.1) == 0
    assert (forwarder.waits, forwarder.last_error, store.cursor("flaky")) == (False, "lost", 0)
    assert (forwarder.forward(now=9.0), forwarder.waits) == (0, True)
    assert (forwarder.forward(now=9.1), forwarder.waits, store.cursor("flaky")) == (2, False, 2)
    assert sink.written == [result(1), result(1), result(2)]


def test_what_is_deleted_before_a_sink_takes_it_is_counted_and_what_it_is_writing_stays(tmp_path: Path) -> None:
    store, sink = AgentStore(tmp_path), FlakySink()
    forwarder = Forwarder(sink, store)
    store.write_missing_outcomes([result(number) for number in range(5)])
    assert forwarder.forward(now=1.0) == 0, "it is away"
    store.prune(before=0.0, max_bytes=0, sinks=[forwarder.progress()])
    store.write_missing_outcomes([result(number) for number in range(5, 8)])
    sink.failing, sink.confirmed = False, [False, True]
    assert (forwarder.forward(now=100.0), forwarder.waits) == (0, True)
    store.write_missing_outcomes([result(number) for number in range(8, 10)])
    store.prune(before=0.0, max_bytes=0, sinks=[forwarder.progress()])
    assert forwarder.forward(now=100.1) == 3
    assert sink.written == [result(5), result(6), result(7)]
    assert forwarder.missed == 7
    assert forwarder.to_builtins() == {"name": "flaky", "failures": 0, "why": "", "missed": 7}
    assert Forwarder(sink, AgentStore(tmp_path)).missed == 7, "the count outlives the process"
