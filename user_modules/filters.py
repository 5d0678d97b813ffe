"""Filters that ship as examples: `name(candidate) -> reason for refusal`, "" where the node is suitable.

`planner: {filters: ["user_modules/filters.py:trusted"]}` of a stack adds a filter. A candidate is one node for one
replica: the planner's `node` and `demand`, what is `free` on the node, and the replicas that are `standing` on it.
"""

from __future__ import annotations

from rohe_iac.plugins import Candidate


def trusted(candidate: Candidate) -> str:
    """Refuses nodes whose label `trust` is not `high`, except for what the stack runs for itself."""
    trust = candidate.node.label("trust")
    if candidate.demand.system or trust == "high":
        return ""
    return f"trust is {trust}, not high" if trust else "the node has no label trust"


def by_itself(candidate: Candidate) -> str:
    """Refuses to place a CPU-sensitive service on a node with replicas of other services."""
    own = candidate.demand.workload
    others = [other for other in candidate.standing if other.workload != own and not other.system]
    if "cpu" in candidate.demand.sensitivity and others:
        return f"{others[0].service} is there already"
    return ""
