"""The strategy `exact`: proofs, gaps, and what it keeps and refuses."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.planning.model.demand import AffinityRule, Edge, SpreadRule
from rohe_iac.planning.model.plan import Proof
from rohe_iac.planning.model.supply import Wire
from rohe_iac.planning.solvers.exact import solve as exact
from rohe_iac.planning.solvers.exact.solve import SolverMissing
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify


def test_without_the_solver_the_strategy_says_what_to_install(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)
    problem = world.problem([world.node("n1")], [world.demand("d")], strategy="exact")
    with pytest.raises(SolverMissing) as missing:
        plan(problem)
    assert "rohe-iac[exact]" in str(missing.value.hint)


@pytest.fixture
def solver() -> None:
    pytest.importorskip("ortools")


@pytest.mark.usefixtures("solver")
def test_every_term_of_the_objective_is_proven_or_its_gap_is_told(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [world.node(f"n{number}", cpu=1000 + 137 * number) for number in range(12)]
    demands = [world.demand(f"d{size}", 3, cpu=size) for size in (211, 307, 389, 457, 521, 613, 701, 787)]
    asked = world.problem(nodes, demands, strategy="exact", objective=("placed", "nodes"), iterations=0)
    proven = plan(asked)
    assert [proof.term for proof in proven.proofs] == ["placed", "nodes"]
    assert proven.proofs[0] == Proof("placed", 24, 24)
    monkeypatch.setattr(exact, "solve", lambda *arguments: SOLVE(*arguments, effort=0.001))
    hurried = plan(asked)
    assert verify(asked, hurried) == ()
    placed, used = hurried.proofs
    assert placed.reached <= placed.limit <= 24
    assert used.reached > used.limit


SOLVE = exact.solve


@pytest.mark.usefixtures("solver")
def test_a_cordoned_node_keeps_what_it_has_and_moves_are_limited(world: Any) -> None:
    nodes = [world.node("n1"), world.node("n2"), world.node("n3")]
    demands = [world.demand("d", 4, cpu=900, spread=(SpreadRule("node", 2),)), world.demand("e", 2, cpu=500)]
    asked = world.problem(nodes, demands, strategy="exact", objective=("placed", "nodes"), max_moves=0)
    before = plan(replace(asked, settings=replace(asked.settings, strategy="worst-fit", max_moves=None)))
    there = {item.replica: item.node for item in before.placements}
    cordoned = replace(asked, nodes=tuple(replace(node, status="cordoned") for node in asked.nodes))
    after = plan(cordoned, before)
    assert {item.replica: item.node for item in after.placements} == there
    assert verify(cordoned, after) == ()
    # With no move allowed three nodes are the least; that says nothing of all plans, and the plan does not claim it.
    assert Proof("nodes", 3, 3) in after.proofs
    assert after.bound.at_least < 3


@pytest.mark.usefixtures("solver")
def test_neighbours_links_and_survival_are_proven_as_well(world: Any) -> None:
    nodes = [world.node(name, labels=(("zone", name[0]),)) for name in ("a1", "a2", "a3", "b1")]
    demands = [
        world.demand("camera", 1, cpu=3500, selector=(("zone", "a"),)),
        world.demand("detect", 2, cpu=1500, near=(AffinityRule(("service/p:camera",), "zone"),)),
        world.demand("store", 2, cpu=400, selector=(("zone", "b"),)),
    ]
    edges = [Edge("service/p:detect", "service/p:store", latency=5000, bandwidth=400)]
    # Two may not be on one node, so that one of the store finds a place; each that it works for takes 100 bit/s.
    for latency, bandwidth, placed in ((9000, 1000, 3), (4000, 150, 3), (4000, 200, 4)):
        wires = [Wire("slow", ("zone/a", "zone/b"), latency, bandwidth)]
        asked = world.problem(
            nodes, demands, wires=wires, edges=edges, strategy="exact", objective=("placed", "nodes"), survive=1
        )
        found = plan(asked)
        assert verify(asked, found) == ()
        assert len(found.placements) == placed, (latency, bandwidth)
        assert found.proofs[0] == Proof("placed", placed, placed)


@pytest.mark.usefixtures("solver")
def test_an_objective_that_names_other_things_still_places(world: Any) -> None:
    nodes = [world.node("n1"), world.node("n2")]
    for strategy in ("exact", "portfolio"):
        asked = world.problem(nodes, [world.demand("d", 4, cpu=1000)], strategy=strategy, objective=("balance",))
        found = plan(asked)
        assert [item.node for item in found.placements].count("n1") == 2, strategy
        assert not found.unplaced
