"""Filters that ship as examples: `name(candidate) -> why not`, "" where the node will do.

`planner: {filters: ["user_modules/filters.py:trusted"]}` of a stack plugs one in. A candidate is one node for one
replica: `node` and `demand` as the planner has them, what is `free` there, and who is `standing` there already.
"""

from __future__ import annotations

from rohe_iac.plugins import Candidate


def trusted(candidate: Candidate) -> str:
    """Keeps services off nodes whose label `trust` is not `high`; what the stack runs for itself may go anywhere."""
    told = candidate.node.label("trust")
    if candidate.demand.system or told == "high":
        return ""
    return f"trust is {told}, not high" if told else "the node has no label trust"


def by_itself(candidate: Candidate) -> str:
    """Gives services that are sensitive to cpu a node to themselves, whoever comes first."""
    own = candidate.demand.workload
    others = [one for one in candidate.standing if one.workload != own and not one.system]
    if "cpu" in candidate.demand.sensitivity and others:
        return f"{others[0].service} is there already"
    return ""
