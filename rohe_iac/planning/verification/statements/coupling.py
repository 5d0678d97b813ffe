"""Workloads whose places depend on where replicas of others are."""

from __future__ import annotations

from rohe_iac.planning.model.problem import Problem


def coupled_workloads(problem: Problem) -> frozenset[str]:
    """Returns the addresses of workloads that `near`, `avoid` or a flow relates to others, in either direction."""
    by_rule = {
        workload
        for demand in problem.demands
        for rule in (*demand.avoid, *demand.near)
        for workload in (demand.workload, *rule.workloads)
    }
    return frozenset(by_rule | {workload for edge in problem.edges for workload in (edge.source, edge.sink)})
