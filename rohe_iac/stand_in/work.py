"""Work: the requests that wait at a stand-in, and those it holds for a measured time while it burns measured cycles."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from rohe_iac.planning.sizing.queueing import service_time_quantiles
from rohe_iac.planning.sizing.stand_ins.behaviour import Replay

SLICE = 0.005
"""Seconds between looks at the clock: the burning is spread over the whole service time at this grain."""


BLOCK = bytes(64 * 1024)
"""What is hashed to burn cycles; hashlib lets other threads run meanwhile."""


LONGEST_LINE = 1000
"""Requests that may wait; one more is turned away."""


@dataclass(eq=False)
class Request:
    """One request: its id over the whole pipeline; when it arrived, began and ended, in seconds since the epoch."""

    name: str
    arrived: float = field(default_factory=time.time)
    begun: float = 0.0
    ended: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)


class Account:
    """Processor time of this process that no request has paid for yet, in seconds; safe from threads.

    What a request costs was measured of whole processes, so that receiving, reporting and passing on are part of it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paid = time.process_time()

    def spend(self, cpu: float) -> float:
        """How much of `cpu` remains to be burnt, after what the process has spent elsewhere since it was last asked."""
        with self._lock:
            now = time.process_time()
            open_, self._paid = max(0.0, now - self._paid), now
            return max(0.0, cpu - open_)

    def burnt(self, seconds: float) -> None:
        """Tells that a request paid for so much by burning it."""
        with self._lock:
            self._paid += seconds


class Work:
    """The line of one replica and its workers, as many as requests are worked on at once.

    finished: called with every request that is done, by the worker that did it.
    """

    def __init__(self, replay: Replay, finished: Callable[[Request], None], seed: str) -> None:
        self._replay = replay
        self._finished = finished
        self._times = service_time_quantiles(replay.times)
        # One core is all that a worker can burn, however many the service had.
        self._share = min(1.0, replay.cpu / replay.times.mean)
        self._draws = random.Random(seed)
        self._line: deque[Request] = deque()
        self._changed = threading.Condition()
        self._free = replay.concurrency
        self._account = Account()
        self._ended = False
        self.served = 0
        self._threads = [
            threading.Thread(target=self._run, name=f"work-{number}", daemon=True)
            for number in range(replay.concurrency)
        ]

    def start(self) -> None:
        """Begins to work."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends when what is being worked on is done; what waits is left."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(5.0)

    @property
    def waiting(self) -> int:
        """Requests in the line."""
        return len(self._line)

    def take(self, request: Request, *, only_idle: bool = False) -> bool:
        """Puts the request in the line; False where the line is full, or `only_idle` and it would have to wait."""
        with self._changed:
            busy = self._free <= len(self._line)
            if self._ended or len(self._line) >= LONGEST_LINE or (only_idle and busy):
                return False
            self._line.append(request)
            self._changed.notify()
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._line and not self._ended:
                    self._changed.wait()
                if self._ended:
                    return
                request = self._line.popleft()
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
        """Takes `seconds`, burning the measured share of a core evenly; longer only where this machine is too busy."""
        cpu = self._account.spend(self._share * seconds)
        pace = cpu / seconds
        begun, spent = time.monotonic(), time.thread_time()
        burnt = 0.0
        while (elapsed := time.monotonic() - begun) < seconds or burnt < cpu:
            if burnt < min(cpu, pace * (elapsed + SLICE)):
                hashlib.sha256(BLOCK).digest()
            else:
                time.sleep(min(SLICE, max(0.0, seconds - elapsed)))
            now = time.thread_time() - spent
            self._account.burnt(now - burnt)
            burnt = now
