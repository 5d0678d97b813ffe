"""Finished requests are remembered for a while, and the same after a restart."""

from __future__ import annotations

import msgspec

from rohe_iac.observation.reports.finished import RUN_LENGTH, FinishedRequests, FinishedState

COUNT = 3 * RUN_LENGTH + 5


def filled() -> FinishedRequests:
    finished = FinishedRequests(FinishedState())
    for number in range(COUNT):
        finished.add(f"r{number}", float(number))
    return finished


def test_requests_are_known_until_their_time_is_over() -> None:
    finished = filled()
    assert finished.has("r7", 6.0)
    assert not finished.has("r7", 7.0)
    assert not finished.has("r-unknown", 0.0)


def test_whole_runs_are_forgotten() -> None:
    finished = filled()
    finished.forget(float(RUN_LENGTH + 10))
    assert len(finished) == COUNT - RUN_LENGTH
    assert finished.state.first == 1
    finished.forget(float(COUNT))
    assert len(finished) == 5


def test_a_full_run_is_taken_once_and_left_out_of_what_is_saved() -> None:
    finished = filled()
    taken = finished.take_full_runs()
    assert [number for number, _ in taken] == [0, 1, 2]
    assert finished.take_full_runs() == []
    rest = finished.state.without_stored()
    assert [len(run.times) for run in rest.runs] == [5]
    again = FinishedRequests(msgspec.msgpack.decode(msgspec.msgpack.encode(finished.state), type=FinishedState))
    assert again.has("r0", -1.0)
    assert len(again) == COUNT
