"""What lies between two nodes, by their names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Wire
from rohe_iac.planning.questions.analysis.node_connections import (
    SAME_NODE,
    SAME_ZONE,
    UNCONNECTED,
    UNDECLARED,
    NodeConnection,
    NodeConnections,
)
from rohe_iac.usecases.plans.plan import decide

CCTVS = Path(__file__).parents[5] / "examples" / "cctvs"
NEAR, FAR = "jetson-nano-01", "jetson-xavier-01"
"""Nodes of two sites."""


@pytest.fixture(scope="module")
def problem() -> Problem:
    """The problem of the surveillance example, without links."""
    return replace(decide(CCTVS).problem, wires=())


def test_without_declared_links_every_node_reaches_every_other(problem: Problem) -> None:
    connections = NodeConnections(problem)
    assert connections.between(NEAR, NEAR) == SAME_NODE
    assert connections.between(NEAR, FAR) == UNDECLARED


def test_a_link_between_zones_connects_their_nodes_and_others_are_not(problem: Problem) -> None:
    zones = sorted({dict(node.labels)["zone"] for node in problem.nodes})
    wire = Wire("backhaul", (f"zone/{zones[0]}", f"zone/{zones[1]}"), 8_000, None)
    connections = NodeConnections(replace(problem, wires=(wire,)))
    by_zone = {zone: [node.name for node in problem.nodes if dict(node.labels)["zone"] == zone] for zone in zones}
    first, second = by_zone[zones[0]], by_zone[zones[1]]
    assert connections.between(first[0], second[0]) == NodeConnection("link backhaul", 8_000)
    assert connections.between(second[-1], first[-1]) == connections.between(first[0], second[0])
    assert connections.between(first[0], first[1]) == SAME_ZONE
    away = NodeConnections(replace(problem, wires=(replace(wire, ends=("zone/a", "zone/b")),)))
    assert away.between(first[0], second[0]) == UNCONNECTED
    assert not UNCONNECTED.connected


def test_a_node_that_the_problem_lacks_is_an_error(problem: Problem) -> None:
    with pytest.raises(KeyError):
        NodeConnections(problem).between(NEAR, "gone")
