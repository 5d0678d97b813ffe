"""Replay: what a stand-in does in place of the service whose measured profile it replays. Pure, and light to import.

It takes requests, holds each for a measured service time, burns the processor time that was measured meanwhile, and
passes it on as the flow says.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.planning.sizing.queueing import Service

VERSION = 1
"""Version of the form in which a replay is told to its stand-in."""


@dataclass(frozen=True, slots=True)
class Next:
    """A service that requests are passed on to: how many for each that came in, and bytes of each."""

    rate: float
    payload: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What one replica does.

    times: of a shared node where the plan puts another replica on the same node, else those alone; seconds.
    cpu: seconds of one core that a request burns. concurrency: requests that it works on at once.
    arrivals: requests a second that it makes itself, at random moments; 0 where others call it.
    following: by name of service.
    """

    times: Service
    cpu: float
    concurrency: int
    arrivals: float
    following: dict[str, Next]

    def encode(self) -> str:
        """Canonical JSON."""
        return canonical_json({"v": VERSION, **asdict(self)}).decode()


def decode_replay(content: bytes) -> Replay:
    """The replay that `encode` wrote. ValueError where the bytes are none."""
    try:
        value: dict[str, Any] = json.loads(content)
        if value.pop("v") != VERSION:
            raise ValueError("it is of another version")
        times = Service(**value.pop("times"))
        following = {name: Next(**item) for name, item in value.pop("following").items()}
        return Replay(times=times, following=following, **value)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is no replay: {error}") from error
