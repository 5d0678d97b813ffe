"""Share: which instances of a pipeline one of its agents hears, where several agents observe the pipeline."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Share(msgspec.Struct, frozen=True, gc=False):
    """What one agent hears.

    Attributes:
        pipeline: Name of the pipeline.
        agent: Name of the agent's instance.
        judges: Whether this agent also merges what the others hear, keeps the store, and judges the contracts.
        instances: Names of the instances whose reports it receives, sorted.
        rate: Requests that these instances serve in 1000 seconds; 0 where the pipeline states no load.
        reason: One sentence for people: which services it hears whole, and how much of which others.
    """

    pipeline: str
    agent: str
    judges: bool
    instances: tuple[str, ...]
    rate: int = 0
    reason: str = ""


def receivers_of(shares: Iterable[Share]) -> frozenset[str]:
    """Returns the names of the agents that receive reports for another one, which judges."""
    return frozenset(share.agent for share in shares if not share.judges)
