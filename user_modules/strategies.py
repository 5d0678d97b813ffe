"""Strategies that ship as examples: `name(candidates) -> the name of a candidate's node`.

`planner: {strategy: "user_modules/strategies.py:spread_evenly"}` of a stack plugs one in. Candidates are the nodes that
every filter lets pass, by name, each with what is free there, who stands there and its points.
"""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.plugins import Candidate


def spread_evenly(candidates: Sequence[Candidate]) -> str:
    """The node with the fewest replicas; of equals the one of most points, then the first by name."""
    return min(candidates, key=lambda one: (one.replicas, -one.points)).node.name
