"""Generations of Deployments: who asks at the same time shares a reading, and none gets an answer from before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from stored_objects import StoredObjects

from rohe_iac.targets.kubernetes.api_server import Kind
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.readiness.generations import FEW, Generations

ASKING = 8


class SlowServer(StoredObjects):
    """A server that takes its answer at once and sends it when `sends` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.lists, self.gets = 0, 0
        self.began, self.sends = threading.Event(), threading.Event()

    def list(
        self, kind: Kind, namespace: str, selector: str = "", *, metadata: bool = False
    ) -> Iterator[ClusterObject]:
        self.lists += 1
        found = [*super().list(kind, namespace, selector, metadata=metadata)]
        self.began.set()
        assert self.sends.wait(10)
        yield from found

    def get_of(self, kind: Kind, namespace: str, name: str, *, metadata: bool = False) -> ClusterObject | None:
        self.gets += 1
        found = super().get_of(kind, namespace, name, metadata=metadata)
        self.began.set()
        assert self.sends.wait(10)
        return found

    def write(self, generation: int, name: str = "a") -> None:
        metadata = {"name": name, "namespace": "n", "labels": {"rohe.dev/stack": "s"}, "generation": generation}
        found = ClusterObject({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata})
        self.objects[found.key] = found


class CountingLock:
    """A lock that tells when it has been taken so many times."""

    def __init__(self) -> None:
        self._lock, self._count = threading.Condition(), 0

    def __enter__(self) -> None:
        self._lock.acquire()
        self._count += 1
        self._lock.notify_all()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def taken(self, count: int) -> bool:
        with self._lock:
            return self._lock.wait_for(lambda: self._count >= count, 10)


def test_all_who_ask_during_a_reading_share_the_next_one() -> None:
    server = SlowServer()
    server.write(1)
    generations = Generations(server, "n", "s")  # type: ignore[arg-type]
    with ThreadPoolExecutor(ASKING + 1) as pool:
        first = pool.submit(generations.now, ["a"])
        assert server.began.wait(10)
        names = ["a", *(f"other-{number}" for number in range(ASKING - 1))]
        for name in names:
            server.write(2, name)
        joining = generations._joining = CountingLock()  # type: ignore[assignment]
        others = [pool.submit(generations.now, [name]) for name in names]
        assert joining.taken(ASKING)
        server.sends.set()
        assert first.result(10) == {"a": 1}
        assert [other.result(10)[name] for name, other in zip(names, others, strict=True)] == [2] * ASKING
    assert (server.gets, server.lists) == (1, 1)


def test_a_question_after_an_answer_is_asked_anew() -> None:
    server = SlowServer()
    server.sends.set()
    generations = Generations(server, "n", "s")  # type: ignore[arg-type]
    server.write(1)
    assert generations.now(["a"]) == {"a": 1}
    server.write(2)
    assert generations.now(["a", "absent"]) == {"a": 2}


def test_few_are_read_one_by_one_and_many_listed() -> None:
    server = SlowServer()
    server.sends.set()
    names = [f"name-{number}" for number in range(FEW + 1)]
    for number, name in enumerate(names):
        server.write(number, name)
    generations = Generations(server, "n", "s")  # type: ignore[arg-type]
    assert generations.now(names[1:]) == {name: number for number, name in enumerate(names) if number}
    assert (server.gets, server.lists) == (FEW, 0)
    assert generations.now(names) == {name: number for number, name in enumerate(names)}
    assert (server.gets, server.lists) == (FEW, 1)
