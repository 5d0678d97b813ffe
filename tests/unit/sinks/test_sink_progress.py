"""Sink progress: a sink misses what it has not written, of the contracts whose results it writes."""

from __future__ import annotations

from rohe_iac.sinks.sink_progress import SinkProgress


def test_a_sink_misses_what_it_has_not_written_of_its_contracts() -> None:
    of_all = SinkProgress(sink="jsonl:x", written=5, given=7, contracts=None)
    assert [of_all.misses(row, "a") for row in (5, 6, 8)] == [False, True, True]
    of_one = SinkProgress(sink="mqtt", written=5, given=5, contracts=frozenset({"a"}))
    assert (of_one.misses(6, "a"), of_one.misses(6, "b")) == (True, False)
