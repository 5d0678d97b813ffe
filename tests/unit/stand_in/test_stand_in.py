"""Claims about the program that stands in for a service: what it burns, how long it takes, and how it passes on."""

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
from rohe_iac.planning.sizing.queueing import ServiceTimeDistribution
from rohe_iac.planning.sizing.stand_ins.behaviour import Downstream, Replay
from rohe_iac.stand_in.calls import ONLY_IDLE, REQUEST, Following, serve
from rohe_iac.stand_in.run import arrive, run_stand_in
from rohe_iac.stand_in.work import LONGEST_LINE, Request, Work


def replay(seconds: float, cpu: float = 0.0, concurrency: int = 1) -> Replay:
    times = ServiceTimeDistribution(seconds, 0.0, seconds, seconds, seconds, seconds)
    return Replay(times=times, cpu=cpu, concurrency=concurrency, arrivals=0.0, following={})


@contextmanager
def working(what: Replay) -> Iterator[tuple[Work, list[Request]]]:
    done: list[Request] = []
    work = Work(what, done.append, seed="test")
    work.start()
    try:
        yield work, done
    finally:
        work.stop()


def post(port: int, **headers: str) -> tuple[int, dict[str, float]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/any/path", b"x" * 100_000, {key.replace("_", "-"): headers[key] for key in headers})
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


def test_a_request_takes_no_less_than_the_measured_time() -> None:
    with working(replay(0.05)) as (work, done):
        requests = [Request(str(number)) for number in range(4)]
        assert all(work.take(request) for request in requests)
        assert all(request.done.wait(30) for request in requests)
    assert all(request.ended - request.begun >= 0.049 for request in done)
    assert [request.name for request in done] == ["0", "1", "2", "3"]


def test_a_request_burns_the_measured_processor_time() -> None:
    with working(replay(0.1, cpu=0.06)) as (work, _):
        before = time.process_time()
        requests = [Request(str(number)) for number in range(5)]
        for request in requests:
            work.take(request)
        assert all(request.done.wait(60) for request in requests)
        burnt = time.process_time() - before
    assert burnt >= 5 * 0.06 * 0.98


def test_what_the_process_spends_elsewhere_is_part_of_what_a_request_costs() -> None:
    with working(replay(0.1, cpu=0.08)) as (work, _):
        until = time.process_time() + 0.08
        while time.process_time() < until:
            pass
        request = Request("paid")
        before = time.process_time()
        work.take(request)
        assert request.done.wait(30)
        assert time.process_time() - before < 0.08


def test_as_many_are_worked_on_at_once_as_was_measured() -> None:
    with working(replay(0.3, concurrency=3)) as (work, done):
        requests = [Request(str(number)) for number in range(3)]
        for request in requests:
            work.take(request)
        assert all(request.done.wait(30) for request in requests)
    assert max(request.begun for request in done) < min(request.ended for request in done)


def test_a_busy_replica_turns_away_who_wants_an_idle_one() -> None:
    with working(replay(0.5)) as (work, _):
        assert work.take(Request("first"), only_idle=True)
        assert not work.take(Request("second"), only_idle=True)
        assert work.take(Request("third"))


def test_a_line_that_is_full_takes_no_more() -> None:
    work = Work(replay(1.0), lambda _: None, seed="test")  # nobody works it off
    assert all(work.take(Request(str(number))) for number in range(LONGEST_LINE))
    assert not work.take(Request("one more"))


def test_a_stand_in_answers_at_once_and_a_real_caller_is_held_until_the_work_is_done() -> None:
    numbers = count()
    with working(replay(0.2)) as (work, done):
        server = serve(work, 0, lambda: f"own-{next(numbers)}")
        port = server.server_address[1]
        try:
            assert post(port, **{REQUEST: "r-1"})[0] == 202
            assert work.served == 0
            assert post(port, **{REQUEST: "r-2", ONLY_IDLE: "1"})[0] == 409
            assert post(port)[0] == 200
            assert [request.name for request in done] == ["r-1", "own-0"]
        finally:
            server.shutdown()
            server.server_close()


def test_requests_go_to_idle_replicas_and_pass_over_one_that_is_gone() -> None:
    with ExitStack() as stack:
        works = [stack.enter_context(working(replay(0.4)))[0] for _ in range(3)]
        servers = [serve(work, 0, lambda: "own") for work in works]
        urls = [f"http://127.0.0.1:{server.server_address[1]}" for server in servers]
        following = Following({"next": Downstream(1.0, 1000)}, {"next": {"": ["http://127.0.0.1:1", *urls]}})
        assert following.ready()
        requests = [Request(f"r-{number}") for number in range(3)]
        for request in requests:
            following.pass_on(request)
        until = time.monotonic() + 30
        while sum(work.served for work in works) < 3 and time.monotonic() < until:
            time.sleep(0.02)
        # Each was idle when it was asked: three requests at once went to three replicas.
        assert [work.served for work in works] == [1, 1, 1]
        assert following.lost == 0
        following.close()
        for server in servers:
            server.shutdown()
            server.server_close()


def test_a_request_that_nobody_takes_is_counted_as_lost() -> None:
    following = Following({"next": Downstream(1.0, 0)}, {"next": {"": ["http://127.0.0.1:1"]}})
    assert not following.ready()
    following.pass_on(Request("r-1"))
    until = time.monotonic() + 30
    while following.lost == 0 and time.monotonic() < until:
        time.sleep(0.02)
    assert following.lost == 1
    following.close()


@pytest.mark.parametrize(("rate", "passed"), [(0.5, 5), (1.0, 10), (2.0, 20), (1 / 3, 3)])
def test_as_many_requests_follow_as_the_flow_says(rate: float, passed: int) -> None:
    with working(replay(0.001)) as (work, done):
        server = serve(work, 0, lambda: "own")
        url = f"http://127.0.0.1:{server.server_address[1]}"
        following = Following({"next": Downstream(rate, 0)}, {"next": {"": [url]}})
        for number in range(10):
            following.pass_on(Request(str(number)))
        until = time.monotonic() + 30
        while len(done) < passed and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.1)
        assert len(done) == passed
        following.close()
        server.shutdown()
        server.server_close()


def test_requests_begin_when_those_behind_are_ready_and_come_at_about_the_rate() -> None:
    ended, taken, asked = threading.Event(), [], count()

    def take() -> None:
        taken.append(time.monotonic())
        if len(taken) == 200:
            ended.set()

    arrive(2000, take, lambda: next(asked) >= 2, ended, seed="test")
    assert next(asked) == 3
    assert len(taken) >= 200


@pytest.mark.parametrize(("environment", "words"), [
    ({}, "ROHE_REPLAY names no file"),
    ({"ROHE_REPLAY": "/nowhere/replay.json"}, "cannot read"),
])  # fmt: skip
def test_a_stand_in_without_a_replay_says_what_is_missing(environment: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run_stand_in(environment)
