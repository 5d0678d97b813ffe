"""Survival of zones: no zone holds all replicas of a service; the plan lists the zones that it cannot lose."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from rohe_iac.blueprint.language.stack import PlannerSettings
from rohe_iac.cli.views.plans.sentences import broken_by, relaxed_spread, survival
from rohe_iac.planning.model.plan import Loss, Plan, Relaxed
from rohe_iac.planning.model.strategies import STRATEGIES
from rohe_iac.planning.questions.what_if.apply import apply_edits
from rohe_iac.planning.questions.what_if.edit import parse_edits
from rohe_iac.planning.questions.why_not.why_not import why_not
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify


def zones(world: Any, cpus: dict[str, int]) -> list[Any]:
    return [world.node(name, cpu=cpu, labels=(("zone", name[0]),) if name[1:] else ()) for name, cpu in cpus.items()]


def by_zone(decided: Plan) -> dict[str, int]:
    return dict(Counter(item.node[0] for item in decided.placements))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_zone_holds_all_replicas_of_a_service(world: Any, strategy: str) -> None:
    demands = [world.demand("d", 2, 1000), world.demand("e", 3, 500), world.demand("one", 1, 100)]
    nodes = zones(world, {"a1": 8000, "a2": 8000, "b1": 4000})
    decided = plan(problem := world.problem(nodes, demands, strategy=strategy, survive_zones=1))
    for service in "de":
        assert len({item.node[0] for item in decided.placements if item.service == service}) == 2
    assert decided.relaxed == ()
    assert verify(problem, decided) == ()


def test_nodes_and_zones_are_survived_together(world: Any) -> None:
    nodes = zones(world, {"a1": 8000, "a2": 8000, "b1": 8000, "c": 8000})
    problem = world.problem(nodes, [world.demand("d", 4, 1000)], survive=2, survive_zones=1)
    decided = plan(problem)
    most = max(Counter(item.node for item in decided.placements).values())
    assert most == 1
    # A node without a zone is one by itself.
    assert by_zone(decided) == {"a": 2, "b": 1, "c": 1}
    assert verify(problem, decided) == ()


def test_the_spread_over_zones_is_given_up_before_a_replica_is_and_before_that_over_nodes(world: Any) -> None:
    nodes = zones(world, {"a1": 2000, "a2": 2000})
    problem = world.problem(nodes, [world.demand("d", 2, 1000)], survive=1, survive_zones=1)
    decided = plan(problem)
    assert decided.unplaced == ()
    assert len({item.node for item in decided.placements}) == 2
    assert decided.relaxed == (Relaxed("service/p:d", 1),)
    assert relaxed_spread(decided.relaxed[0]) == (
        "service/p:d is spread for 1 failure only, so that more replicas have a node"
    )
    assert [loss.node for loss in decided.losses] == ["zone/a"]
    assert decided.losses[0].outages == ("service/p:d",)
    assert verify(problem, decided) == ()
    assert verify(problem, replace(decided, losses=()))
    assert verify(problem, replace(decided, relaxed=()))


@pytest.mark.parametrize(("nodes", "in_zones"), [(1, 1), (1, 2), (2, 1), (2, 2)])
@pytest.mark.parametrize("replicas", [3, 5])
def test_a_spread_for_nodes_and_zones_is_relaxed_no_further_than_either_alone(
    world: Any, nodes: int, in_zones: int, replicas: int
) -> None:
    demand = world.demand("d", replicas, 500)
    problem = world.problem(zones(world, {"a1": 4000, "b1": 4000}), [demand], survive=nodes, survive_zones=in_zones)
    decided = plan(problem)
    assert decided.unplaced == ()
    assert len(by_zone(decided)) == 2
    assert {item.failures for item in decided.relaxed} <= {1}
    assert verify(problem, decided) == ()


def test_a_zone_whose_replicas_fit_nowhere_else_is_listed(world: Any) -> None:
    nodes = zones(world, {"a1": 2000, "b1": 1000})
    problem = world.problem(nodes, [world.demand("d", 2, 1000)], survive_zones=1)
    decided = plan(problem)
    (lost,) = [item.replica for item in decided.placements if item.node == "a1"]
    assert decided.losses == (Loss("zone/a", (lost,), ()),)
    assert broken_by(decided.losses[0]) == "the failure of zone a leaves 1 replica without a node"
    assert verify(problem, decided) == ()
    roomy = replace(problem, nodes=tuple(zones(world, {"a1": 2000, "b1": 2000})))
    assert plan(roomy).losses == ()


def test_questions_know_the_zones_to_survive(world: Any) -> None:
    nodes = zones(world, {"a1": 2000, "b1": 1000})
    problem = world.problem(nodes, [world.demand("d", 2, 1000)], survive_zones=1)
    decided = plan(problem)
    (answer,) = why_not(problem, decided, "d", "a1")
    assert answer.missing == "spread: 1 in this zone of failure already"
    assert [fix.what_if for fix in answer.fixes] == ["stack/s.survive.zones=0"]
    edited = apply_edits(problem, parse_edits("stack/s.survive=1,stack/s.survive.zones=2"))
    assert survival(edited.settings) == "survive: {nodes: 1, zones: 2}"
    assert (survival(problem.settings), survival(replace(problem.settings, survive=1, survive_zones=0))) == (
        "survive: {zones: 1}",
        "survive: 1",
    )


def test_a_number_is_that_of_nodes_and_a_mapping_has_both() -> None:
    def read(value: Any) -> tuple[int, int]:
        survive = PlannerSettings.model_validate({"survive": value}).survive
        return survive.nodes, survive.zones

    assert (read(2), read({"zones": 1}), read({"nodes": 1, "zones": 1})) == ((2, 0), (0, 1), (1, 1))
    for wrong in (True, "one", -1, {"racks": 1}):
        with pytest.raises(ValidationError):
            read(wrong)
