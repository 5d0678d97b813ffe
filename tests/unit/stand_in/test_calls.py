"""Calls between stand-ins: what is answered at once, which replica is called, and how often requests are passed on."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import ExitStack
from itertools import count

import pytest
from measured_services import replay, working

from rohe_iac.planning.sizing.stand_ins.behaviour import Downstream
from rohe_iac.stand_in.calls import ONLY_IDLE_HEADER, REQUEST_HEADER, LoadBalancer, serve
from rohe_iac.stand_in.work import Request


def post(port: int, **headers: str) -> tuple[int, dict[str, float]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/any/path", b"x" * 100_000, {key.replace("_", "-"): headers[key] for key in headers})
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


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
        peers = {"next": {"": ["http://127.0.0.1:1", *urls]}}
        load_balancer = LoadBalancer({"next": Downstream(1.0, 1000)}, peers, {"next": "leastBusy"})
        assert load_balancer.is_ready()
        requests = [Request(f"r-{number}") for number in range(3)]
        for request in requests:
            load_balancer.pass_on(request)
        until = time.monotonic() + 30
        while sum(queue.served for queue in queues) < 3 and time.monotonic() < until:
            time.sleep(0.02)
        # Each was idle when it was asked: three requests at once went to three replicas.
        assert [queue.served for queue in queues] == [1, 1, 1]
        assert load_balancer.lost == 0
        load_balancer.close()
        for server in servers:
            server.shutdown()
            server.server_close()


@pytest.mark.parametrize("stated", [{"next": "random"}, {"next": "roundRobin"}])
def test_requests_are_spread_as_stated_even_to_busy_replicas(stated: dict[str, str]) -> None:
    with ExitStack() as stack:
        queues = [stack.enter_context(working(replay(0.002)))[0] for _ in range(3)]
        servers = [serve(queue, 0, lambda: "own") for queue in queues]
        urls = [f"http://127.0.0.1:{server.server_address[1]}" for server in servers]
        load_balancer = LoadBalancer({"next": Downstream(1.0, 0)}, {"next": {"": urls}}, stated)
        for number in range(60):
            load_balancer.pass_on(Request(f"r-{number}"))
        until = time.monotonic() + 30
        while sum(queue.served for queue in queues) < 60 and time.monotonic() < until:
            time.sleep(0.02)
        served = [queue.served for queue in queues]
        assert sum(served) == 60
        assert load_balancer.lost == 0
        assert served == [20, 20, 20] if "roundRobin" in stated.values() else min(served) > 3
        load_balancer.close()
        for server in servers:
            server.shutdown()
            server.server_close()


def test_a_request_that_nobody_takes_is_counted_as_lost() -> None:
    load_balancer = LoadBalancer({"next": Downstream(1.0, 0)}, {"next": {"": ["http://127.0.0.1:1"]}}, {})
    assert not load_balancer.is_ready()
    load_balancer.pass_on(Request("r-1"))
    until = time.monotonic() + 30
    while load_balancer.lost == 0 and time.monotonic() < until:
        time.sleep(0.02)
    assert load_balancer.lost == 1
    load_balancer.close()


@pytest.mark.parametrize(("rate", "passed"), [(0.5, 5), (1.0, 10), (2.0, 20), (1 / 3, 3)])
def test_as_many_requests_follow_as_the_flow_says(rate: float, passed: int) -> None:
    with working(replay(0.001)) as (queue, done):
        server = serve(queue, 0, lambda: "own")
        url = f"http://127.0.0.1:{server.server_address[1]}"
        load_balancer = LoadBalancer({"next": Downstream(rate, 0)}, {"next": {"": [url]}}, {})
        for number in range(10):
            load_balancer.pass_on(Request(str(number)))
        until = time.monotonic() + 30
        while len(done) < passed and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.1)
        assert len(done) == passed
        load_balancer.close()
        server.shutdown()
        server.server_close()
