"""Work queue: requests wait, and are then held for a measured time while measured processor time is burnt."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from rohe_iac.planning.sizing.service_time import service_time_quantiles
from rohe_iac.planning.sizing.stand_ins.behaviour import Replay

TIME_SLICE = 0.005
"""Seconds between two checks of the clock; the burning is spread over the service time in slices of this length."""

BLOCK = bytes(64 * 1024)
"""Bytes that are hashed to burn cycles; hashlib releases the interpreter lock meanwhile."""

MAX_WAITING = 1000
"""Requests that may wait; a further request is refused."""


@dataclass(eq=False)
class Request:
    """One request at a stand-in; times are seconds since the epoch.

    Attributes:
        name: Identifier of the request over the whole pipeline.
        arrived: When the request arrived.
        begun: When a worker began with it.
        ended: When the worker was done.
        done: Set after the request has been passed on.
    """

    name: str
    arrived: float = field(default_factory=time.time)
    begun: float = 0.0
    ended: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)


class CpuAccount:
    """Processor time of this process, in seconds, that is not charged to a request yet; thread-safe.

    A request's processor time was measured of a whole process, and so includes receiving, reporting and passing on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._charged = time.process_time()

    def charge(self, cpu: float) -> float:
        """Charges a request with the process's uncharged time.

        Args:
            cpu: Processor time of the request in seconds.

        Returns:
            Seconds of it that remain to be burnt.
        """
        with self._lock:
            now = time.process_time()
            uncharged, self._charged = max(0.0, now - self._charged), now
            return max(0.0, cpu - uncharged)

    def record_burnt(self, seconds: float) -> None:
        """Records that a request was charged for so many seconds by burning them."""
        with self._lock:
            self._charged += seconds


class WorkQueue:
    """The queue of one replica, with as many workers as the replica works on requests at once.

    Attributes:
        served: How many requests are done.
    """

    def __init__(self, replay: Replay, finished: Callable[[Request], None], seed: str) -> None:
        """Prepares the workers; `start` starts them.

        Args:
            replay: Measured behaviour of the service.
            finished: Called with every request that is done, by the worker that held it.
            seed: Seed of the drawn service times.
        """
        self._replay = replay
        self._finished = finished
        self._times = service_time_quantiles(replay.times)
        # A worker can burn one core at most, however many cores the service used.
        self._share = min(1.0, replay.cpu / replay.times.mean)
        self._draws = random.Random(seed)
        self._waiting: deque[Request] = deque()
        self._changed = threading.Condition()
        self._free = replay.concurrency
        self._account = CpuAccount()
        self._ended = False
        self.served = 0
        self._threads = [
            threading.Thread(target=self._run, name=f"work-{number}", daemon=True)
            for number in range(replay.concurrency)
        ]

    def start(self) -> None:
        """Starts the workers."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends the workers after their present requests; waiting requests are dropped."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(5.0)

    @property
    def waiting(self) -> int:
        """Returns how many requests wait."""
        return len(self._waiting)

    def enqueue(self, request: Request, *, only_idle: bool = False) -> bool:
        """Adds a request.

        Args:
            request: Request to work on.
            only_idle: Refuses the request where it would have to wait.

        Returns:
            Whether the request is accepted; False also where the queue is full.
        """
        with self._changed:
            busy = self._free <= len(self._waiting)
            if self._ended or len(self._waiting) >= MAX_WAITING or (only_idle and busy):
                return False
            self._waiting.append(request)
            self._changed.notify()
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._ended:
                    self._changed.wait()
                if self._ended:
                    return
                request = self._waiting.popleft()
                self._free -= 1
                seconds = self._draws.choice(self._times)
            request.begun = time.time()
            self._hold(seconds)
            request.ended = time.time()
            with self._changed:
                self._free += 1
                self.served += 1
            self._finished(request)
            request.done.set()

    def _hold(self, seconds: float) -> None:
        """Holds a request for `seconds` (longer where the machine is too busy) and burns its share of a core evenly."""
        cpu = self._account.charge(self._share * seconds)
        pace = cpu / seconds
        begun, spent = time.monotonic(), time.thread_time()
        burnt = 0.0
        while (elapsed := time.monotonic() - begun) < seconds or burnt < cpu:
            if burnt < min(cpu, pace * (elapsed + TIME_SLICE)):
                hashlib.sha256(BLOCK).digest()
            else:
                time.sleep(min(TIME_SLICE, max(0.0, seconds - elapsed)))
            now = time.thread_time() - spent
            self._account.record_burnt(now - burnt)
            burnt = now
