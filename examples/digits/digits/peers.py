"""Peers: where the next services of the flow answer, which of their replicas live, and who takes the next request."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from digits.wire import Body, Unreachable, call

REST = 1.0
"""Seconds that a replica which did not answer is left alone."""


class Replicas:
    """The replicas of one service or member: each takes its turn, and one that is down is passed over."""

    def __init__(
        self,
        urls: list[str],
        clock: Callable[[], float] = time.monotonic,
        ask: Callable[..., Body] = call,
    ) -> None:
        self.urls = urls
        self._clock = clock
        self._ask = ask
        self._next = 0
        self._down: dict[str, float] = {}
        self._lock = threading.Lock()

    def call(self, path: str, body: Body, timeout: float = 2.0) -> Body:
        """The answer of the first replica that gives one. Unreachable when none does."""
        why = "no replica"
        for url in self._turn():
            try:
                answer = self._ask(url, path, body, timeout=timeout)
            except Unreachable as error:
                self._mark(url, down=True)
                why = str(error)
            else:
                self._mark(url, down=False)
                return answer
        raise Unreachable(why)

    def alive(self, path: str = "/healthz") -> bool:
        """Whether a replica lives; one that was down is asked again once it has rested."""
        now = self._clock()
        with self._lock:
            if any(url not in self._down for url in self.urls):
                return True
            rested = [url for url in self.urls if now - self._down[url] >= REST]
        return any(self._asked(url, path) for url in rested)

    def ready(self) -> bool:
        """Whether a replica says that it and what it needs are there; asks at once."""
        return any(self._asked(url, "/ready") for url in self.urls)

    def _asked(self, url: str, path: str) -> bool:
        try:
            self._ask(url, path, timeout=0.5)
        except Unreachable:
            self._mark(url, down=True)
            return False
        self._mark(url, down=False)
        return True

    def _turn(self) -> list[str]:
        now = self._clock()
        with self._lock:
            start = self._next % max(1, len(self.urls))
            self._next += 1
            turn = self.urls[start:] + self.urls[:start]
            # Those that are down come last: better a try than no answer at all.
            return sorted(turn, key=lambda url: url in self._down and now - self._down[url] < REST)

    def _mark(self, url: str, down: bool) -> None:
        with self._lock:
            if down:
                self._down[url] = self._clock()
            else:
                self._down.pop(url, None)


def peers(text: str | None = None) -> dict[str, dict[str, Replicas]]:
    """The services that this one may call, from ROHE_PEERS: {service: {member, or "" where it has none: Replicas}}."""
    told: dict[str, dict[str, Any]] = json.loads(text if text is not None else os.environ.get("ROHE_PEERS", "{}"))
    return {
        service: {member: Replicas(list(urls)) for member, urls in members.items()} for service, members in told.items()
    }


def only(known: dict[str, dict[str, Replicas]]) -> tuple[str, dict[str, Replicas]]:
    """The one service that this one calls. SystemExit, with what to look at, when there is none or more than one."""
    if len(known) != 1:
        raise SystemExit(f"digits: expected one service in ROHE_PEERS, found {sorted(known) or 'none'}; see the flow")
    return next(iter(known.items()))
