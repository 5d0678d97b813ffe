"""Replay: what a stand-in does in place of the service whose measured profile it replays. Pure, and light to import.

A stand-in takes requests, holds each for a measured service time, burns the measured processor time meanwhile, and
passes the request on as the flow says.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.planning.sizing.service_time import ServiceTimeDistribution

VERSION = 1
"""Version of the JSON form in which a stand-in gets its replay."""


@dataclass(frozen=True, slots=True)
class Downstream:
    """A service that requests are passed on to: requests for each request that came in, and bytes of each."""

    rate: float
    payload: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What the stand-in of one replica does.

    Attributes:
        times: Service times on a shared node where the plan puts another replica on the same node, else those alone.
        cpu: Seconds of one core that a request burns.
        concurrency: Requests that the replica works on at once.
        arrivals: Requests a second that the replica makes itself, at random moments; 0 where other services call it.
        turns: One of so many arrivals at random moments is the replica's: the number of replicas that take turns.
        following: The services called, by name.
    """

    times: ServiceTimeDistribution
    cpu: float
    concurrency: int
    arrivals: float
    following: dict[str, Downstream]
    turns: int = 1

    def encode(self) -> str:
        """Returns the replay as canonical JSON."""
        return canonical_json({"v": VERSION, **asdict(self)}).decode()


def decode_replay(content: bytes) -> Replay:
    """Returns the replay that `encode` wrote.

    Raises:
        ValueError: The bytes are no replay, or one of another version.
    """
    try:
        value: dict[str, Any] = json.loads(content)
        if value.pop("v") != VERSION:
            raise ValueError("it is of another version")
        times = ServiceTimeDistribution(**value.pop("times"))
        following = {name: Downstream(**fields) for name, fields in value.pop("following").items()}
        return Replay(times=times, following=following, **value)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is no replay: {error}") from error
