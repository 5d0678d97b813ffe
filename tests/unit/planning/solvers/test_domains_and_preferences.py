"""Skews and preferred nodes in plans: by each strategy, when domains fill up or fail, and as verification sees them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from rohe_iac.planning.model.demand import NodePreference, SkewRule
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.strategies import EXACT, STRATEGIES
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.node_preferences import NodePreferences
from rohe_iac.planning.placement.state.topology_skews import TopologySkews
from rohe_iac.planning.questions.what_if.apply import apply_edits
from rohe_iac.planning.questions.what_if.edit import parse_edits
from rohe_iac.planning.questions.why_not.why_not import why_not
from rohe_iac.planning.solvers.planner import NotCovered, plan
from rohe_iac.planning.solvers.resilience.failure_audit import audit
from rohe_iac.planning.verification.measured_terms import measured_terms
from rohe_iac.planning.verification.skews import skew_faults
from rohe_iac.planning.verification.verify import verify


def zones(world: Any, cpus: dict[str, int]) -> list[Any]:
    return [world.node(name, cpu=cpu, labels=(("zone", name[0]),)) for name, cpu in cpus.items()]


def by_node(decided: Plan) -> dict[str, int]:
    return dict(Counter(item.node for item in decided.placements))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_domain_is_further_above_another_than_the_skew(world: Any, strategy: str) -> None:
    demand = world.demand("d", 6, 1000, skews=(SkewRule("zone", 1),))
    problem = world.problem(zones(world, {"a1": 8000, "a2": 8000, "b1": 8000}), [demand], strategy=strategy)
    decided = plan(problem)
    assert by_node(decided)["b1"] == 3
    assert verify(problem, decided) == ()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_full_domain_holds_the_others_back(world: Any, strategy: str) -> None:
    demand = world.demand("d", 6, 1000, skews=(SkewRule("zone", 2),))
    problem = world.problem(zones(world, {"a1": 8000, "b1": 1000}), [demand], strategy=strategy)
    decided = plan(problem)
    assert by_node(decided) == {"a1": 3, "b1": 1}
    assert verify(problem, decided) == ()


def test_two_skews_hold_together(world: Any) -> None:
    demand = world.demand("d", 4, 500, skews=(SkewRule("node", 1), SkewRule("zone", 1)))
    problem = world.problem(zones(world, {"a1": 8000, "a2": 8000, "b1": 8000}), [demand])
    decided = plan(problem)
    assert sorted(by_node(decided).values()) == [1, 1, 2]
    assert by_node(decided)["b1"] == 2
    assert verify(problem, decided) == ()


def test_replicas_that_run_stay_while_a_failed_domain_does_not_count(world: Any) -> None:
    demand = world.demand("d", 4, 1000, skews=(SkewRule("zone", 1),))
    problem = world.problem(zones(world, {"a1": 8000, "b1": 8000}), [demand])
    before = plan(problem)
    a1, b1 = problem.nodes
    lost = replace(problem, nodes=(a1, replace(b1, status="down")))
    after = plan(lost, before)
    assert by_node(after) == {"a1": 4}
    assert sum(item.was == item.node for item in after.placements) == 2
    assert verify(lost, after) == ()
    # Where the zone stays and its room is gone, what is too far above it is taken off.
    full = replace(problem, nodes=(a1, replace(b1, cpu_used=8000)))
    after = plan(full, before)
    assert by_node(after) == {"a1": 1}
    assert verify(full, after) == ()
    assert all(impact.survived for impact in audit(problem, before))


def test_a_skew_that_is_preferred_is_kept_where_it_can(world: Any) -> None:
    demand = world.demand("d", 6, 1000, skews=(SkewRule("zone", 1, required=False),))
    roomy = world.problem(zones(world, {"a1": 8000, "b1": 8000}), [demand])
    assert by_node(plan(roomy)) == {"a1": 3, "b1": 3}
    narrow = world.problem(zones(world, {"a1": 8000, "b1": 1000}), [demand])
    decided = plan(narrow)
    assert by_node(decided) == {"a1": 5, "b1": 1}
    assert verify(narrow, decided) == ()
    with pytest.raises(NotCovered, match="does not weigh a maxSkew that is not required"):
        plan(replace(roomy, settings=replace(roomy.settings, strategy=EXACT)))


@pytest.mark.parametrize("strategy", [name for name in STRATEGIES if name != "first-fit"])
def test_preferred_labels_win_over_fuller_nodes_and_heavier_ones_over_lighter(world: Any, strategy: str) -> None:
    prefers = (NodePreference((("disk", "ssd"),), 10), NodePreference((("zone", "b"),), 1))
    nodes = [
        world.node("a1", cpu=2000, labels=(("zone", "b"),)),
        world.node("a2", cpu=8000, labels=(("disk", "ssd"),)),
        world.node("a3", cpu=8000),
    ]
    problem = world.problem(nodes, [world.demand("d", 3, 4000, prefers=prefers)], strategy=strategy)
    decided = plan(problem)
    assert by_node(decided) == {"a2": 2, "a3": 1}
    small = replace(problem, demands=(world.demand("d", 1, 1000, prefers=prefers),))
    assert by_node(plan(small)) == {"a2": 1}
    for posed in (problem, small):
        assert verify(posed, plan(posed)) == ()


def test_exact_proves_what_preferred_labels_hold(world: Any) -> None:
    prefers = (NodePreference((("zone", "a"),), 3), NodePreference((("zone", "b"),), 1))
    problem = world.problem(
        zones(world, {"a1": 1000, "b1": 4000, "c1": 8000}),
        [world.demand("d", 3, 1000, prefers=prefers)],
        strategy=EXACT,
    )
    decided = plan(problem)
    assert by_node(decided) == {"a1": 1, "b1": 2}
    (held,) = [proof for proof in decided.proofs if proof.term == "wishes"]
    assert held.reached == held.limit == 750_000 + 2 * 250_000
    assert {term: value for term, value, _ in measured_terms(problem, decided)}["wishes"] == (1_250_000,) * 2
    assert verify(problem, decided) == ()


def test_weights_count_among_each_other(world: Any) -> None:
    nodes = [world.node("n1", labels=(("disk", "ssd"),)), world.node("n2")]
    demand = world.demand("d", prefers=(NodePreference((("disk", "ssd"),), 100), NodePreference((("zone", "x"),), 50)))
    alone, beside = (NodePreferences(nodes, [demand], [others]) for others in (0, 1))
    assert (alone.on, alone.total) == ([[2, 0]], [3])
    assert (beside.on, beside.total) == ([[100, 0]], [150])
    indexed = IndexedProblem(world.problem(nodes, [demand]))
    assert isinstance(indexed.skews, TopologySkews)
    assert indexed.preference_total == [3]


def test_a_plan_that_is_too_far_apart_is_refused(world: Any) -> None:
    demand = world.demand("d", 4, 1000, skews=(SkewRule("zone", 1),))
    problem = world.problem(zones(world, {"a1": 8000, "b1": 8000}), [demand])
    decided = plan(problem)
    one = next(item for item in decided.placements if item.node == "b1")
    items = [item for item in decided.placements if item is not one] + [structs.replace(one, node="a1")]
    (fault,) = skew_faults(problem, decided, items)
    assert str(fault) == "service/p:d: skew: from 1 to 3 replicas in one zone, maxSkew is 1"


def test_questions_about_skews_and_preferences(world: Any) -> None:
    demand = world.demand("d", 3, 1000, skews=(SkewRule("zone", 1),))
    problem = world.problem(zones(world, {"a1": 8000, "b1": 1000}), [demand])
    decided = plan(problem)
    assert by_node(decided) == {"a1": 2, "b1": 1}
    more = replace(problem, demands=(replace(demand, replicas=4),))
    (answer,) = why_not(more, plan(more), "d", "a1")
    assert answer.rule == "skew"
    assert answer.fixes[0].what_if == "service/d.skew.zone=2"
    edited = apply_edits(problem, parse_edits("service/d.skew.zone=none,service/d.skew.node=2,service/d.prefer.zone=b"))
    assert edited.demands[0].skews == (SkewRule("node", 2),)
    assert edited.demands[0].prefers == (NodePreference((("zone", "b"),)),)
