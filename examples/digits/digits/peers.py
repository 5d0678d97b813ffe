"""Peers: where the next services of the flow answer. Which replica gets a request is for rohe's library to choose."""

from __future__ import annotations

import time
from collections.abc import Callable

from digits.wire import Body, Unreachable, call
from rohe_iac.reporting import NoPeer, Peers
from rohe_iac.reporting import Replicas as Balanced

REST = 1.0
"""Seconds after which a replica that did not answer is asked for its health again."""


class Replicas:
    """The replicas of one service or member: requests are spread as the stack says, past those that are down."""

    def __init__(
        self,
        replicas: Balanced,
        clock: Callable[[], float] = time.monotonic,
        ask: Callable[..., Body] = call,
    ) -> None:
        self.urls = list(replicas.urls)
        self._replicas = replicas
        self._clock = clock
        self._ask = ask
        self._failed_at: dict[str, float] = {}

    def call(self, path: str, body: Body, timeout: float = 2.0) -> Body:
        """The answer of the first replica that gives one. Unreachable when none does."""
        try:
            return self._replicas.call(lambda url: self._send(url, path, body, timeout), (Unreachable,))
        except NoPeer as error:
            raise Unreachable(str(error)) from error

    def alive(self, path: str = "/healthz") -> bool:
        """Whether a replica lives; one that was down is asked again once it has rested."""
        failing = self._replicas.failing
        if len(failing) < len(self.urls):
            return True
        now = self._clock()
        rested = [url for url in failing if now - self._failed_at.get(url, -REST) >= REST]
        return any(self._asked(url, path) for url in rested)

    def ready(self) -> bool:
        """Whether a replica says that it and what it needs are there; asks at once."""
        return any(self._asked(url, "/ready") for url in self.urls)

    def _send(self, url: str, path: str, body: Body, timeout: float) -> Body:
        try:
            return self._ask(url, path, body, timeout=timeout)
        except Unreachable:
            self._failed_at[url] = self._clock()
            raise

    def _asked(self, url: str, path: str) -> bool:
        try:
            self._ask(url, path, timeout=0.5)
        except Unreachable:
            self._failed_at[url] = self._clock()
            self._replicas.mark(url, failed=True)
            return False
        self._replicas.mark(url, failed=False)
        return True


def peers(environment: dict[str, str] | None = None) -> dict[str, dict[str, Replicas]]:
    """The services that this one may call: {service: {member, or "" where it has none: Replicas}}."""
    known = Peers.from_environment(environment).services
    return {
        service: {member: Replicas(replicas) for member, replicas in members.items()}
        for service, members in known.items()
    }


def only(known: dict[str, dict[str, Replicas]]) -> tuple[str, dict[str, Replicas]]:
    """The one service that this one calls. SystemExit, with what to look at, when there is none or more than one."""
    if len(known) != 1:
        raise SystemExit(f"digits: expected one service in ROHE_PEERS, found {sorted(known) or 'none'}; see the flow")
    return next(iter(known.items()))
