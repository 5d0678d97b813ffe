"""The program that runs in place of a service: the time it takes, the cycles it burns, how it passes requests on."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count

import pytest

from rohe_iac.foundation.errors import UsageError
from rohe_iac.planning.sizing.queueing import Service
from rohe_iac.planning.sizing.stand_ins.behaviour import Next, Replay
from rohe_iac.stand_in.calls import ONLY_IDLE_HEADER, REQUEST_HEADER, Downstream, serve
from rohe_iac.stand_in.run import generate_arrivals, run_stand_in
from rohe_iac.stand_in.work import MAX_WAITING, Request, WorkQueue


def replay(seconds: float, cpu: float = 0.0, concurrency: int = 1) -> Replay:
    times = Service(seconds, 0.0, seconds, seconds, seconds, seconds)
    return Replay(times=times, cpu=cpu, concurrency=concurrency, arrivals=0.0, following={})


@contextmanager
def working(behaviour: Replay) -> Iterator[tuple[WorkQueue, list[Request]]]:
    done: list[Request] = []
    queue = WorkQueue(behaviour, done.append, seed="test")
    queue.start()
    try:
        yield queue, done
    finally:
        queue.stop()


def post(port: int, **headers: str) -> tuple[int, dict[str, float]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/any/path", b"x" * 100_000, {key.replace("_", "-"): headers[key] for key in headers})
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


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


def test_a_stand_in_answers_at_once_and_a_real_caller_is_held_until_the_work_is_done() -> None:
    numbers = count()
    with working(replay(0.2)) as (queue, done):
        server = serve(queue, 0, lambda: f"own-{next(numbers)}")
        port = server.server_address[1]
        try:
            assert post(port, **{REQUEST_HEADER: "r-1"})[0] == 202
            assert queue.served == 0
            assert post(port, **{REQUEST_HEADER: "r-2", ONLY_IDLE_HEADER: "1"})[0] == 409
            assert post(port)[0] == 200
            assert [request.name for request in done] == ["r-1", "own-0"]
        finally:
            server.shutdown()
            server.server_close()


def test_requests_go_to_idle_replicas_and_pass_over_one_that_is_gone() -> None:
    with ExitStack() as stack:
        queues = [stack.enter_context(working(replay(0.4)))[0] for _ in range(3)]
        servers = [serve(queue, 0, lambda: "own") for queue in queues]
        urls = [f"http://127.0.0.1:{server.server_address[1]}" for server in servers]
        downstream = Downstream({"next": Next(1.0, 1000)}, {"next": {"": ["http://127.0.0.1:1", *urls]}})
        assert downstream.is_ready()
        requests = [Request(f"r-{number}") for number in range(3)]
        for request in requests:
            downstream.pass_on(request)
        until = time.monotonic() + 30
        while sum(queue.served for queue in queues) < 3 and time.monotonic() < until:
            time.sleep(0.02)
        # Each was idle when it was asked: three requests at once went to three replicas.
        assert [queue.served for queue in queues] == [1, 1, 1]
        assert downstream.lost == 0
        downstream.close()
        for server in servers:
            server.shutdown()
            server.server_close()


def test_a_request_that_nobody_takes_is_counted_as_lost() -> None:
    downstream = Downstream({"next": Next(1.0, 0)}, {"next": {"": ["http://127.0.0.1:1"]}})
    assert not downstream.is_ready()
    downstream.pass_on(Request("r-1"))
    until = time.monotonic() + 30
    while downstream.lost == 0 and time.monotonic() < until:
        time.sleep(0.02)
    assert downstream.lost == 1
    downstream.close()


@pytest.mark.parametrize(("rate", "passed"), [(0.5, 5), (1.0, 10), (2.0, 20), (1 / 3, 3)])
def test_as_many_requests_follow_as_the_flow_says(rate: float, passed: int) -> None:
    with working(replay(0.001)) as (queue, done):
        server = serve(queue, 0, lambda: "own")
        url = f"http://127.0.0.1:{server.server_address[1]}"
        downstream = Downstream({"next": Next(rate, 0)}, {"next": {"": [url]}})
        for number in range(10):
            downstream.pass_on(Request(str(number)))
        until = time.monotonic() + 30
        while len(done) < passed and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.1)
        assert len(done) == passed
        downstream.close()
        server.shutdown()
        server.server_close()


def test_requests_begin_when_those_behind_are_ready_and_come_at_about_the_rate() -> None:
    ended, taken, asked = threading.Event(), [], count()

    def take() -> None:
        taken.append(time.monotonic())
        if len(taken) == 200:
            ended.set()

    generate_arrivals(2000, take, lambda: next(asked) >= 2, ended, seed="test")
    assert next(asked) == 3
    assert len(taken) >= 200


@pytest.mark.parametrize(("environment", "words"), [
    ({}, "ROHE_REPLAY names no file"),
    ({"ROHE_REPLAY": "/nowhere/replay.json"}, "cannot read"),
])  # fmt: skip
def test_a_stand_in_without_a_replay_says_what_is_missing(environment: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run_stand_in(environment)
