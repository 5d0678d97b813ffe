"""The work queue: the time that a request takes, the cycles that it burns, and the requests that are refused."""

from __future__ import annotations

import time

from measured_services import replay, working

from rohe_iac.stand_in.work import MAX_WAITING, Request, WorkQueue


def test_a_request_takes_no_less_than_the_measured_time() -> None:
    with working(replay(0.05)) as (queue, done):
        requests = [Request(str(number)) for number in range(4)]
        assert all(queue.enqueue(request) for request in requests)
        assert all(request.done.wait(30) for request in requests)
    assert all(request.ended - request.begun >= 0.049 for request in done)
    assert [request.name for request in done] == ["0", "1", "2", "3"]


def test_a_request_burns_the_measured_processor_time() -> None:
    with working(replay(0.1, cpu=0.06)) as (queue, _):
        before = time.process_time()
        requests = [Request(str(number)) for number in range(5)]
        for request in requests:
            queue.enqueue(request)
        assert all(request.done.wait(60) for request in requests)
        burnt = time.process_time() - before
    assert burnt >= 5 * 0.06 * 0.98


def test_what_the_process_spends_elsewhere_is_part_of_what_a_request_costs() -> None:
    with working(replay(0.1, cpu=0.08)) as (queue, _):
        until = time.process_time() + 0.08
        while time.process_time() < until:
            pass
        request = Request("paid")
        before = time.process_time()
        queue.enqueue(request)
        assert request.done.wait(30)
        assert time.process_time() - before < 0.08


def test_as_many_are_worked_on_at_once_as_was_measured() -> None:
    with working(replay(0.3, concurrency=3)) as (queue, done):
        requests = [Request(str(number)) for number in range(3)]
        for request in requests:
            queue.enqueue(request)
        assert all(request.done.wait(30) for request in requests)
    assert max(request.begun for request in done) < min(request.ended for request in done)


def test_a_busy_replica_turns_away_who_wants_an_idle_one() -> None:
    with working(replay(0.5)) as (queue, _):
        assert queue.enqueue(Request("first"), only_idle=True)
        assert not queue.enqueue(Request("second"), only_idle=True)
        assert queue.enqueue(Request("third"))


def test_a_line_that_is_full_takes_no_more() -> None:
    queue = WorkQueue(replay(1.0), lambda _: None, seed="test")  # nobody works it off
    assert all(queue.enqueue(Request(str(number))) for number in range(MAX_WAITING))
    assert not queue.enqueue(Request("one more"))
