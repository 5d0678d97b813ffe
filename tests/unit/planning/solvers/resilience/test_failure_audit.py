"""The audit of a plan: what the loss of each node and zone breaks."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.solvers.resilience.failure_audit import FailureImpact, audit


def test_a_loss_is_survived_where_all_fit_again_and_no_service_is_gone(world: Any) -> None:
    nodes = [world.node(name, cpu=1000, labels=(("zone", "z"),)) for name in ("n1", "n2")]
    problem = world.problem(nodes, [world.demand("d", 2, cpu=400)])
    impacts = audit(problem, plan(problem))
    assert [(impact.what, impact.lost, impact.survived) for impact in impacts] == [
        ("node/n1", 2, False),
        ("zone/z", 2, False),
    ]
    assert [(impact.unplaceable, impact.outages) for impact in impacts] == [
        ((), ("service/p:d",)),
        (("replica/p:d/0", "replica/p:d/1"), ("service/p:d",)),
    ]
    assert FailureImpact("node/n", 1, (), ()).survived


def test_zones_are_left_out_where_they_are_not_asked_for(world: Any) -> None:
    problem = world.problem([world.node("n1", labels=(("zone", "z"),))], [world.demand("d", cpu=400)])
    assert [impact.what for impact in audit(problem, plan(problem), zones_too=False)] == ["node/n1"]


def test_every_loss_is_judged_with_all_other_nodes_as_they_were(world: Any) -> None:
    nodes = [world.node(f"n{number}", cpu=1000) for number in range(3)]
    problem = world.problem(nodes, [world.demand("d", 2, cpu=900)])
    # Each of the two can go to the third node, as only one of them is lost at a time.
    assert [impact.survived for impact in audit(problem, plan(problem))] == [True, True]
