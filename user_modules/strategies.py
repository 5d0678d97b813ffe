"""Strategies that ship as examples: `name(candidates) -> the name of a candidate's node`.

`planner: {strategy: "user_modules/strategies.py:spread_evenly"}` of a stack selects a strategy. Candidates are the
nodes that pass every filter, sorted by name, each with its free amounts, the replicas on it, and its points.
"""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.plugins import Candidate


def spread_evenly(candidates: Sequence[Candidate]) -> str:
    """Returns the node with the fewest replicas; among equals the one with the most points, then the first by name."""
    return min(candidates, key=lambda candidate: (candidate.replicas, -candidate.points)).node.name
