"""What of each node the replicas of a plan take."""

from __future__ import annotations

from rohe_iac.cli.views.plans.node_usage import (
    NodeUsage,
    device_type,
    nodes_by_device_type,
    nodes_by_workload,
    occupied,
    placements_by_node,
    requests_by_variant,
    usage_by_node,
)
from rohe_iac.usecases.plans.analysis import AnalysedPlan


def test_the_usage_of_all_nodes_is_what_all_replicas_ask_for(digits: AnalysedPlan) -> None:
    problem, plan = digits.planfile.problem, digits.planfile.plan
    usage = usage_by_node(problem, plan)
    requests = requests_by_variant(problem)
    asked = [requests[placement.workload, placement.variant] for placement in plan.placements]
    assert sum(taken.replicas for taken in usage.values()) == len(plan.placements)
    assert sum(taken.cpu for taken in usage.values()) == sum(request.cpu for request in asked)
    assert sum(taken.rss for taken in usage.values()) == sum(request.rss for request in asked)


def test_placements_are_found_by_node_and_by_workload(digits: AnalysedPlan) -> None:
    problem, plan = digits.planfile.problem, digits.planfile.plan
    by_node = placements_by_node(plan)
    by_workload = nodes_by_workload(problem, plan)
    assert {name: len(placements) for name, placements in by_node.items()} == {"jetson-1": 2, "pi-1": 2, "zero-1": 5}
    assert by_workload["service/digits:classify/svm"] == {"jetson-1": 1, "pi-1": 1}


def test_what_others_use_counts_too(digits: AnalysedPlan) -> None:
    node = digits.planfile.problem.nodes[0]
    assert occupied(node, NodeUsage(1, 100, 200)) == (node.cpu_used + 100, node.rss_used + 200)


def test_nodes_are_grouped_by_device_type(cctvs: AnalysedPlan) -> None:
    nodes = cctvs.planfile.problem.nodes
    groups = nodes_by_device_type(nodes)
    assert list(groups) == sorted(groups)
    assert all(device_type(node) == kind for kind, members in groups.items() for node in members)
    assert sum(map(len, groups.values())) == len(nodes)
