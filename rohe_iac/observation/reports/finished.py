"""Finished requests, which are remembered for a while, so that a straggler does not open one again."""

from __future__ import annotations

from typing import Self

import msgspec

RUN_LENGTH = 1024
"""Requests of a run."""


class Run(msgspec.Struct, array_like=True):
    """Requests that finished one after the other.

    Attributes:
        times: Their event times (seconds since the epoch), ascending.
        requests: Their identifiers.
    """

    times: list[float] = []
    requests: list[str] = []


class FinishedState(msgspec.Struct, kw_only=True):
    """Runs of finished requests.

    Attributes:
        first: Number of the first run that is kept.
        runs: The runs from there on; all but the last are full.
        stored: Number of the first run of which there is no stored copy.
    """

    first: int = 0
    runs: list[Run] = []
    stored: int = 0

    def without_stored(self) -> Self:
        """Returns the state without the runs that are stored."""
        return msgspec.structs.replace(self, runs=self.runs[max(0, self.stored - self.first) :])


class FinishedRequests:
    """The requests that finished, in order of time.

    Attributes:
        state: What is remembered.
    """

    def __init__(self, state: FinishedState) -> None:
        self.state = state
        self._times = {
            request: time for run in state.runs for time, request in zip(run.times, run.requests, strict=True)
        }

    def __len__(self) -> int:
        """Returns how many requests are remembered."""
        return len(self._times)

    def add(self, request: str, time: float) -> None:
        """Remembers a request, which finished after all others."""
        runs = self.state.runs
        if not runs or len(runs[-1].times) >= RUN_LENGTH:
            runs.append(Run(times=[], requests=[]))
        runs[-1].times.append(time)
        runs[-1].requests.append(request)
        self._times[request] = time

    def has(self, request: str, since: float) -> bool:
        """Checks whether a request finished at `since` (event time, seconds since the epoch) or later."""
        time = self._times.get(request)
        return time is not None and time > since

    def forget(self, until: float) -> None:
        """Forgets runs whose requests all have times up to `until` (seconds since the epoch)."""
        state = self.state
        while state.runs and len(state.runs[0].times) >= RUN_LENGTH and state.runs[0].times[-1] <= until:
            run = state.runs.pop(0)
            state.first += 1
            for time, request in zip(run.times, run.requests, strict=True):
                if self._times.get(request) == time:
                    del self._times[request]

    def take_full_runs(self) -> list[tuple[int, bytes]]:
        """Returns the runs that have been filled since the last call, by number."""
        state = self.state
        state.stored = max(state.stored, state.first)
        taken = []
        while state.stored < state.first + len(state.runs):
            run = state.runs[state.stored - state.first]
            if len(run.times) < RUN_LENGTH:
                break
            taken.append((state.stored, msgspec.msgpack.encode(run)))
            state.stored += 1
        return taken
