"""Claims about the shares in a plan: who judges, who hears whom, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.planning.model.demand import AffinityRule, Demand
from rohe_iac.planning.model.json_codec import plan_from_json, plan_to_json
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.share import Share
from rohe_iac.planning.model.strategies import STRATEGIES
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.solvers.sharing.shares import shares_of
from rohe_iac.planning.verification.statements.shares import share_faults
from rohe_iac.planning.verification.verify import verify


def agents(number: int, **more: Any) -> Demand:
    """The agents of the pipeline p, which keep apart where they can."""
    return Demand(
        "agent/p", "agent/p", "rohe-agent-p", "", "p", "", number, system=True,
        avoid=(AffinityRule(("agent/p",), "node", required=False),), **more,
    )  # fmt: skip


def stack(world: Any, number: int, nodes: int = 4, strategy: str = "best-fit", **more: Any) -> Problem:
    demands = [
        world.demand("camera", 2, 100, rate=20_000),
        world.demand("classify", 8, 100, rate=40_000),
        world.demand("vote", 1, 100, rate=10_000),
        agents(number, **more),
    ]
    found: Problem = world.problem([world.node(f"n{index}") for index in range(nodes)], demands, strategy=strategy)
    return found


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_three_agents_share_all_instances_and_verify_finds_nothing_wrong(world: Any, strategy: str) -> None:
    if strategy == "exact":
        pytest.importorskip("ortools")
    problem = stack(world, 3, strategy=strategy)
    made = plan(problem)
    assert [share.agent for share in made.shares] == ["rohe-agent-p-0", "rohe-agent-p-1", "rohe-agent-p-2"]
    assert [share.judges for share in made.shares] == [True, False, False]
    assert sorted(name for share in made.shares for name in share.instances) == sorted(
        item.instance for item in made.placements if not item.system
    )
    assert sum(share.rate for share in made.shares) == 70_000
    assert made.shares[0].rate < min(share.rate for share in made.shares[1:])
    assert verify(problem, made) == ()
    assert plan_from_json(plan_to_json(made)) == made
    assert plan(problem, made).shares == made.shares


def test_a_pipeline_with_one_agent_has_no_shares(world: Any) -> None:
    problem = stack(world, 1)
    assert plan(problem).shares == ()
    assert "shares" not in plan_to_json(plan(problem))


def test_agents_go_to_different_nodes_where_they_can(world: Any) -> None:
    def nodes_of(number: int, nodes: int) -> list[str]:
        return [item.node for item in plan(stack(world, number, nodes)).placements if item.system]

    assert len(set(nodes_of(3, 4))) == 3
    assert len(nodes_of(3, 1)) == 3, "all on the only node"


def test_one_agent_that_becomes_three_keeps_its_store_and_gives_away_no_more_than_it_has_to(world: Any) -> None:
    one = plan(stack(world, 1))
    three = plan(stack(world, 3), one)
    assert [share.agent for share in three.shares if share.judges] == ["rohe-agent-p-0"]
    kept = set(three.shares[0].instances)
    assert kept, "some of what it heard alone"
    assert plan(stack(world, 1), three).shares == ()


def test_who_judged_goes_on_judging(world: Any) -> None:
    problem = stack(world, 3)
    made = plan(problem)
    shares = tuple(replace_judge(share, "rohe-agent-p-2") for share in made.shares)
    again = shares_of(problem, made, replace(made, shares=shares))
    assert [share.agent for share in again if share.judges] == ["rohe-agent-p-2"]
    fewer = stack(world, 2)
    after = plan(fewer, replace(made, shares=shares))
    assert [share.agent for share in after.shares if share.judges] == ["rohe-agent-p-0"]


def replace_judge(share: Share, judge: str) -> Share:
    return Share(share.pipeline, share.agent, share.agent == judge, share.instances, share.rate, share.reason)


def test_without_a_load_every_instance_counts_the_same(world: Any) -> None:
    problem = stack(world, 3)
    problem = replace(problem, demands=tuple(replace(demand, rate=0) for demand in problem.demands))
    made = plan(problem)
    assert [share.rate for share in made.shares] == [0, 0, 0]
    assert sorted(len(share.instances) for share in made.shares[1:]) == [4, 5]
    assert verify(problem, made) == ()


def test_the_reason_names_whole_services_and_parts_of_others(world: Any) -> None:
    made = plan(stack(world, 3))
    for share in made.shares:
        names = {name.rpartition("-")[0] for name in share.instances}
        assert all(name in share.reason for name in names)
        assert share.reason.startswith("judges, so it hears less: ") == share.judges


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda shares: shares[1:], "rohe-agent-p-0: shares: has 0 shares of p, not 1"),
        (lambda shares: (*shares, shares[0]), "has 2 shares of p, not 1"),
        (lambda shares: tuple(edited(share, judges=False) for share in shares), "0 of its agents judge, not 1"),
        (lambda shares: tuple(edited(share, judges=True) for share in shares), "3 of its agents judge, not 1"),
        (lambda shares: tuple(edited(share, agent="vote-0") for share in shares), "which it does not share"),
        (lambda shares: (edited(shares[0], instances=()), *shares[1:]), "is in 0 shares of p, not in 1"),
        (
            lambda shares: (edited(shares[0], instances=(*shares[0].instances, *shares[1].instances)), *shares[1:]),
            "is in 2 shares of p, not in 1",
        ),
        (
            lambda shares: (edited(shares[0], instances=(*shares[0].instances, "ghost-0")), *shares[1:]),
            "ghost-0: shares: is heard by an agent of p, of which it is no placed instance",
        ),
        (lambda shares: (edited(shares[0], rate=1), *shares[1:]), "is said to hear 1 requests in 1000 seconds"),
        (lambda shares: (edited(shares[0], reason="all"), *shares[1:]), "is said to hear this: all; it hears this"),
    ],
)
def test_verify_finds_every_way_in_which_shares_can_be_wrong(world: Any, change: Any, words: str) -> None:
    problem = stack(world, 3)
    made = plan(problem)
    faults = [str(fault) for fault in share_faults(problem, replace(made, shares=change(made.shares)))]
    assert any(words in fault for fault in faults), faults


def edited(share: Share, **more: Any) -> Share:
    fields = {name: getattr(share, name) for name in Share.__struct_fields__}
    return Share(**{**fields, **more})


def test_shares_of_a_pipeline_with_one_agent_are_wrong(world: Any) -> None:
    problem = stack(world, 1)
    made = replace(plan(problem), shares=plan(stack(world, 3)).shares)
    assert "which it does not share with others" in str(next(share_faults(problem, made)))


ZONES = {"n0": "hub", "n1": "east", "n2": "east", "n3": "west", "n4": "west", "n5": "north"}


def zoned(world: Any, number: int, *, near: bool = True) -> Problem:
    """Cameras that are bound to zones: eight in the east, four in the west, none elsewhere."""
    nodes = [world.node(name, labels=(("zone", zone),)) for name, zone in ZONES.items()]
    demands = [
        world.demand("east", 8, 500, rate=80_000, selector=(("zone", "east"),)),
        world.demand("west", 4, 500, rate=40_000, selector=(("zone", "west"),)),
        agents(number, hears_near=near),
    ]
    found: Problem = world.problem(nodes, demands)
    return found


def test_with_near_agents_go_to_the_zones_of_their_services_and_hear_what_is_there(world: Any) -> None:
    problem = zoned(world, 3)
    made = plan(problem)
    assert verify(problem, made) == ()
    nodes = {item.instance: item.node for item in made.placements}
    assert sorted(ZONES[nodes[share.agent]] for share in made.shares) == ["east", "east", "west"]
    assert len({nodes[share.agent] for share in made.shares}) == 3
    for share in made.shares:
        zone = ZONES[nodes[share.agent]]
        assert all(ZONES[nodes[name]] == zone for name in share.instances)
        assert f"{len(share.instances)} of {len(share.instances)} in its zone or on its node" in share.reason
    again = plan(problem, made)
    assert [(item.replica, item.node) for item in again.placements] == [
        (item.replica, item.node) for item in made.placements
    ]
    assert again.shares == made.shares


def test_without_near_nothing_is_said_of_zones(world: Any) -> None:
    assert not any("zone" in share.reason for share in plan(zoned(world, 3, near=False)).shares)


def test_near_that_has_no_room_is_said(world: Any) -> None:
    problem = zoned(world, 3)
    full = tuple(
        replace(node, cpu=2000, cores=(1000, 1000)) if dict(node.labels)["zone"] in ("east", "west") else node
        for node in problem.nodes
    )
    demands = tuple(
        replace(demand, resources=replace(demand.resources, cpu=500)) if demand.system else demand
        for demand in problem.demands
    )
    problem = replace(problem, nodes=full, demands=demands)
    made = plan(problem)
    assert verify(problem, made) == ()
    heard = [share for share in made.shares if share.instances]
    assert any(f"0 of {len(share.instances)} in its zone" in share.reason for share in heard)
