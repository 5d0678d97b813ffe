"""Peers: the replicas that a service may call, and which of them gets the next request."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeVar

Balancing = Literal["random", "roundRobin", "leastBusy"]
"""Which replica gets the next request: any, each in turn, or the one with the fewest unfinished requests."""

REST = 1.0
"""Seconds for which a replica that failed gets no request while another one is left."""

Answer = TypeVar("Answer")


class NoPeer(Exception):
    """There is no replica to call: the service has none, or the flow does not lead there."""


@dataclass
class _Replica:
    """What is known of one replica.

    Attributes:
        url: Where it answers.
        unfinished: Requests of this process that it has not answered yet.
        chosen: Number of the choice in which it was last chosen; 0 for never.
        failed: When it last failed, by the clock; None where it answered since.
    """

    url: str
    unfinished: int = 0
    chosen: int = 0
    failed: float | None = None


@dataclass
class Replicas:
    """The replicas of one service, or of one member of an ensemble; safe to use from several threads.

    Attributes:
        urls: Where they answer, such as `http://127.0.0.1:24003`.
        balancing: Which of them gets the next request.
        busy: Returns how many unfinished requests the replica at a URL has, of all its callers; it may raise OSError.
            None: `leastBusy` counts the requests of this process alone, which is all there is where it is the only
            caller.
        clock: Seconds that never go back.
    """

    urls: Sequence[str]
    balancing: Balancing = "random"
    busy: Callable[[str], int] | None = None
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _choices: int = field(default=0, init=False, repr=False)
    _known: list[_Replica] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._known = [_Replica(url) for url in dict.fromkeys(self.urls)]

    @contextmanager
    def pick(self, failures: tuple[type[Exception], ...] = (OSError,)) -> Iterator[str]:
        """Yields the URL of the replica that gets a request, which counts as unfinished until the block ends.

        Args:
            failures: Exceptions of the block that are the replica's failure: it is avoided for REST seconds.

        Raises:
            NoPeer: There is no replica.
        """
        with self._chosen((), failures) as url:
            yield url

    def call(self, send: Callable[[str], Answer], failures: tuple[type[Exception], ...] = (OSError,)) -> Answer:
        """Sends a request to a replica, and to another one where that fails, each once; returns the answer.

        Args:
            send: Sends the request to the replica at a URL. A request may reach several replicas: it should be safe to
                repeat.
            failures: Exceptions of `send` that are a replica's failure; others end the call.

        Raises:
            NoPeer: There is no replica.
            Exception: The failure of the replica that was tried last.
        """
        tried: list[str] = []
        while True:
            try:
                with self._chosen(tried, failures) as url:
                    tried.append(url)
                    return send(url)
            except failures:
                if len(tried) >= len(self._known):
                    raise

    @property
    def failing(self) -> tuple[str, ...]:
        """URLs of the replicas that failed and have not answered since."""
        with self._lock:
            return tuple(replica.url for replica in self._known if replica.failed is not None)

    def mark(self, url: str, *, failed: bool) -> None:
        """Records that a replica failed, or that it answered, outside of `pick` and `call`: a health check does."""
        with self._lock:
            for replica in self._known:
                if replica.url == url:
                    replica.failed = self.clock() if failed else None

    @contextmanager
    def _chosen(self, tried: Sequence[str], failures: tuple[type[Exception], ...]) -> Iterator[str]:
        replica = self._choose(tried)
        try:
            yield replica.url
        except failures:
            self.mark(replica.url, failed=True)
            raise
        else:
            self.mark(replica.url, failed=False)
        finally:
            with self._lock:
                replica.unfinished -= 1

    def _choose(self, tried: Sequence[str]) -> _Replica:
        """Returns the replica for the next request, which counts as unfinished from now on."""
        asked = self._ask(tried)
        with self._lock:
            usable = self._usable(tried)
            if not usable:
                raise NoPeer("there is no replica to call")
            if self.balancing == "random":
                chosen = random.choice(usable)
            elif self.balancing == "roundRobin":
                chosen = min(usable, key=lambda replica: replica.chosen)
            else:
                chosen = min(usable, key=lambda other: (max(asked.get(other.url, 0), other.unfinished), other.chosen))
            self._choices += 1
            chosen.chosen = self._choices
            chosen.unfinished += 1
            return chosen

    def _usable(self, tried: Sequence[str]) -> list[_Replica]:
        """Returns replicas that were not tried and did not fail lately; where all failed, all that were not tried."""
        left = [replica for replica in self._known if replica.url not in tried]
        now = self.clock()
        return [replica for replica in left if replica.failed is None or now - replica.failed >= REST] or left

    def _ask(self, tried: Sequence[str]) -> dict[str, int]:
        """Returns the unfinished requests of replicas by URL, up to the first without any, where they can be asked."""
        found: dict[str, int] = {}
        if self.busy is None or self.balancing != "leastBusy":
            return found
        with self._lock:
            usable = sorted(self._usable(tried), key=lambda replica: replica.chosen)
        for replica in usable:
            try:
                found[replica.url] = self.busy(replica.url)
            except OSError:
                self.mark(replica.url, failed=True)
                continue
            if not found[replica.url]:
                # None is less busy, and none of those that are idle was chosen longer ago.
                return {other.url: 1 for other in usable} | {replica.url: 0}
        return found


@dataclass(frozen=True)
class Peers:
    """The services that this one may call, as the flow of the pipeline says.

    Attributes:
        services: Replicas by service, and by member; the member is "" where the service is no ensemble.
    """

    services: Mapping[str, Mapping[str, Replicas]]

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, busy: Callable[[str], int] | None = None
    ) -> Peers:
        """Returns the peers that ROHE_PEERS names, called as ROHE_BALANCING says.

        Args:
            environment: Environment variables; by default those of the process.
            busy: See `Replicas`.

        Raises:
            ValueError: A variable is not the JSON that rohe writes.
        """
        env = os.environ if environment is None else environment
        try:
            balancing = json.loads(env.get("ROHE_BALANCING") or "{}")
            return cls(
                {
                    service: {
                        member: Replicas(urls, balancing.get(service, "random"), busy)
                        for member, urls in members.items()
                    }
                    for service, members in json.loads(env.get("ROHE_PEERS") or "{}").items()
                }
            )
        except (AttributeError, TypeError) as error:
            raise ValueError(f"ROHE_PEERS or ROHE_BALANCING is not of the form that rohe writes: {error}") from error

    def replicas(self, service: str, member: str = "") -> Replicas:
        """Returns the replicas of a service, or of one member of its ensemble.

        Raises:
            NoPeer: The flow does not lead from this service to that one, or the ensemble has no such member.
        """
        try:
            return self.services[service][member]
        except KeyError:
            known = ", ".join(sorted(self.services)) or "none"
            name = f"{service}/{member}" if member else service
            raise NoPeer(f"ROHE_PEERS does not name '{name}'; the flow leads to: {known}") from None
