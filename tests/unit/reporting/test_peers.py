"""Claims about the replicas that requests go to, and about the waits that follow."""

from __future__ import annotations

import heapq
import json
import random
import threading
from collections import Counter
from contextlib import AbstractContextManager, ExitStack
from statistics import fmean
from typing import get_args

import pytest

from rohe_iac.blueprint.language.pipeline import Balancing as WrittenBalancing
from rohe_iac.planning.sizing.queueing import ReplicaQueues
from rohe_iac.planning.sizing.service_time import ServiceTimeDistribution, service_time_quantiles
from rohe_iac.reporting import NoPeer, Peers, Replicas
from rohe_iac.reporting.peers import REST, Balancing

FORECASTING = ServiceTimeDistribution(0.38461, 0.10532, 0.223, 0.381, 0.56085, 0.636)


def test_callers_know_every_balancing_that_blueprints_state() -> None:
    # The library of services imports nothing of the language, so that it has a type of its own.
    assert get_args(Balancing) == get_args(WrittenBalancing)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def picked(replicas: Replicas) -> str:
    with replicas.pick() as url:
        return url


def test_the_least_busy_replica_gets_the_next_request_and_of_equals_the_one_chosen_longest_ago() -> None:
    replicas = Replicas(["a", "b", "c"], "leastBusy")
    assert [picked(replicas) for _ in range(4)] == ["a", "b", "c", "a"]
    with ExitStack() as first, ExitStack() as second:
        assert first.enter_context(replicas.pick()) == "b"
        assert second.enter_context(replicas.pick()) == "c"
        assert [picked(replicas) for _ in range(3)] == ["a", "a", "a"]
        second.close()
        assert [picked(replicas) for _ in range(2)] == ["c", "a"]


def test_round_robin_gives_each_replica_its_turn_however_busy_it_is() -> None:
    replicas = Replicas(["a", "b"], "roundRobin")
    with replicas.pick():
        assert [picked(replicas) for _ in range(3)] == ["b", "a", "b"]


def test_random_gives_every_replica_its_part() -> None:
    replicas = Replicas(["a", "b", "c"], "random")
    counts = Counter(picked(replicas) for _ in range(600))
    assert set(counts) == {"a", "b", "c"}
    assert max(counts.values()) < 300


@pytest.mark.parametrize("balancing", ["random", "roundRobin", "leastBusy"])
def test_a_replica_that_fails_is_avoided_until_it_has_rested(balancing: Balancing) -> None:
    clock = Clock()
    replicas = Replicas(["a", "b"], balancing, clock=clock)
    down, asked = {"a"}, []

    def send(url: str) -> str:
        asked.append(url)
        if url in down:
            raise ConnectionRefusedError(url)
        return url

    assert {replicas.call(send) for _ in range(20)} == {"b"}
    assert asked.count("a") <= 1
    replicas.mark("a", failed=True)
    assert replicas.failing == ("a",)
    down.clear()
    clock.now += REST
    assert {replicas.call(send) for _ in range(40)} == {"a", "b"}
    assert replicas.failing == ()


def test_where_all_fail_each_is_tried_once_and_the_last_failure_is_raised() -> None:
    replicas = Replicas(["a", "b"], "leastBusy")
    asked: list[str] = []

    def send(url: str) -> str:
        asked.append(url)
        raise TimeoutError(url)

    with pytest.raises(TimeoutError):
        replicas.call(send)
    assert sorted(asked) == ["a", "b"]
    # A failure of the request itself is none of the replica, and frees it.
    with pytest.raises(KeyError), replicas.pick():
        raise KeyError("pixels")
    with ExitStack() as every:
        assert {every.enter_context(replicas.pick()) for _ in range(2)} == {"a", "b"}
    with pytest.raises(NoPeer, match="no replica"):
        Replicas([]).call(send)


def test_threads_that_call_at_once_are_spread_evenly() -> None:
    replicas = Replicas([f"r{number}" for number in range(8)], "leastBusy")
    together, found, lock = threading.Barrier(16), Counter[str](), threading.Lock()

    def call() -> None:
        for _ in range(20):
            with replicas.pick() as url:
                with lock:
                    found[url] += 1
                together.wait(30)
            together.wait(30)

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert set(found.values()) == {40}


def test_peers_are_those_of_the_environment_and_called_as_it_says() -> None:
    environment = {
        "ROHE_PEERS": json.dumps({"classify": {"svm": ["http://a", "http://b"]}, "store": {"": ["http://c"]}}),
        "ROHE_BALANCING": json.dumps({"classify": "leastBusy"}),
    }
    peers = Peers.from_environment(environment)
    assert list(peers.replicas("classify", "svm").urls) == ["http://a", "http://b"]
    assert peers.replicas("classify", "svm").balancing == "leastBusy"
    assert peers.replicas("store").balancing == "random"
    with pytest.raises(NoPeer, match="does not name 'model'; the flow leads to: classify, store"):
        peers.replicas("model")
    with pytest.raises(ValueError, match="ROHE_PEERS"):
        Peers.from_environment({"ROHE_PEERS": "[]"})
    assert Peers.from_environment({}).services == {}


class World:
    """Replicas in simulated time, called by processes that do not know of each other's requests."""

    def __init__(self, balancing: Balancing, replicas: int, callers: int, *, asks: bool) -> None:
        self.urls = [str(number) for number in range(replicas)]
        self.unfinished = Counter[str]()
        self.asked = 0
        busy = self._busy if asks else None
        self.callers = [Replicas(self.urls, balancing, busy) for _ in range(callers)]

    def _busy(self, url: str) -> int:
        self.asked += 1
        return self.unfinished[url]

    def percentile_99(self, service: ServiceTimeDistribution, rate: float, seed: int, requests: int = 4000) -> float:
        drawn, times = random.Random(seed), service_time_quantiles(service)
        free = dict.fromkeys(self.urls, 0.0)
        ends: list[tuple[float, int, str, AbstractContextManager[str]]] = []
        now, taken = 0.0, []
        for number in range(requests):
            now += drawn.expovariate(rate)
            while ends and ends[0][0] <= now:
                _, _, url, block = heapq.heappop(ends)
                self.unfinished[url] -= 1
                block.__exit__(None, None, None)
            block = drawn.choice(self.callers).pick()
            url = block.__enter__()
            self.unfinished[url] += 1
            free[url] = max(now, free[url]) + drawn.choice(times)
            heapq.heappush(ends, (free[url], number, url, block))
            taken.append(free[url] - now)
        return sorted(taken)[int(0.99 * requests)]


@pytest.mark.parametrize(
    ("balancing", "callers", "asks"),
    [("roundRobin", 1, False), ("leastBusy", 1, False), ("leastBusy", 3, True)],
)
def test_requests_wait_as_sizing_predicts_for_the_balancing(balancing: Balancing, callers: int, asks: bool) -> None:
    predicted = ReplicaQueues(FORECASTING, 4, 3, balancing).percentile(99)
    simulated = fmean(World(balancing, 3, callers, asks=asks).percentile_99(FORECASTING, 4, seed) for seed in range(10))
    assert predicted == pytest.approx(simulated, rel=0.05)
