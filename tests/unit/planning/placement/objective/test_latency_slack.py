"""Claims about slack: how far below the contract's limits a placement is predicted to stay."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from rohe_iac.cli.views.plans.prediction import shown_prediction
from rohe_iac.planning.model.neighbours import crowding
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.promise import ResponseTimeLimit, WorkloadServiceTime
from rohe_iac.planning.model.supply import Wire
from rohe_iac.planning.placement.objective.latency_slack import LatencySlack
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.questions.analysis.response_times import predictions_of
from rohe_iac.planning.solvers.planner import NotCovered, plan
from rohe_iac.planning.verification.verify import verify
from rohe_iac.usecases.plans.plan import make_plan

CCTVS = Path(__file__).parents[5] / "examples" / "cctvs"


def promise(limit: int, *times: WorkloadServiceTime) -> ResponseTimeLimit:
    return ResponseTimeLimit("sla/fast", limit, tuple((time,) for time in times))


def slack_of(problem: Problem, found: Plan) -> int:
    indexed = IndexedProblem(problem)
    nodes: dict[int, set[int]] = {}
    replicas_on: Counter[int] = Counter()
    for placement in found.placements:
        nodes.setdefault(indexed.index[placement.workload], set()).add(indexed.node_index[placement.node])
        replicas_on[indexed.node_index[placement.node]] += not placement.system
    return LatencySlack(indexed).least(nodes, replicas_on)


def test_slack_first_takes_another_placement_than_nodes_first(world: Any) -> None:
    nodes = [world.node(f"n{i}") for i in range(3)]
    demands = [world.demand("a", cpu=500), world.demand("b", cpu=500), world.demand("c", cpu=500)]
    kept = promise(10_000, WorkloadServiceTime("service/p:a", 6000, 0, 4000, 0))
    problem = world.problem(nodes, demands, promises=[kept], strategy="portfolio")

    def found(*objective: str) -> tuple[int, int]:
        asked = replace(problem, settings=replace(problem.settings, objective=objective))
        result = plan(asked)
        assert verify(asked, result) == ()
        return result.bound.nodes_used, slack_of(asked, result)

    assert found("placed", "nodes", "slack") == (1, 4000)
    # One node for the service with the promise, and one for all others.
    assert found("placed", "slack", "nodes") == (2, 6000)


def test_slack_prefers_the_shorter_link(world: Any) -> None:
    nodes = [world.node(f"n{zone}", cpu=1000, labels=(("zone", zone),)) for zone in "abc"]
    demands = [world.demand("a", cpu=900, selector=(("zone", "b"),)), world.demand("b", cpu=900)]
    wires = [Wire("ab", ("zone/a", "zone/b"), 4000), Wire("bc", ("zone/b", "zone/c"), 1000)]
    kept = promise(10_000, *[WorkloadServiceTime(f"service/p:{name}", 1000, 0, 1000, 0) for name in "ab"])
    problem = world.problem(nodes, demands, wires=wires, edges=world.flow("a", "b"), promises=[kept])

    def node(strategy: str, *objective: str) -> str:
        asked = replace(problem, settings=replace(problem.settings, strategy=strategy, objective=objective))
        return next(item.node for item in plan(asked).placements if item.service == "b")

    assert node("first-fit", "placed", "nodes") == "na"
    assert node("portfolio", "placed", "slack", "nodes") == "nc"
    result = plan(replace(problem, settings=replace(problem.settings, strategy="portfolio", objective=("slack",))))
    assert slack_of(problem, result) == 7000


def test_slack_is_the_least_of_all_promises_and_falls_below_nothing_where_one_is_broken(world: Any) -> None:
    demands = [world.demand("a"), world.demand("b")]
    good = promise(10_000, WorkloadServiceTime("service/p:a", 2000))
    bad = promise(3000, WorkloadServiceTime("service/p:b", 3100, 0, 3001, 0))
    problem = world.problem([world.node("n1"), world.node("n2")], demands, promises=[good, bad])
    slack = LatencySlack(IndexedProblem(problem))
    assert slack.least({0: {0}, 1: {0}}, {0: 2}) == -334
    assert slack.least({0: {0}, 1: {1}}, {0: 1, 1: 1}) == -4
    assert slack.best == -4


def test_a_search_for_slack_finds_what_trying_every_placement_finds(world: Any) -> None:
    nodes = [world.node(f"n{i}", cpu=[1000, 1000, 2000][i], labels=(("zone", "abb"[i]),)) for i in range(3)]
    demands = [world.demand("a", 2, cpu=600), world.demand("b", 1, cpu=400), world.demand("c", 1, cpu=300)]
    wires = [Wire("ab", ("zone/a", "zone/b"), 700), Wire("bb", ("zone/b", "zone/b"), 300)]
    answers = [
        WorkloadServiceTime("service/p:a", 2000, 500, 1500, 300),
        WorkloadServiceTime("service/p:b", 1500, 900, 1200, 700),
    ]
    problem = world.problem(
        nodes, demands, wires=wires, edges=world.flow("a", "b"), promises=[promise(9000, *answers)],
        strategy="portfolio", objective=("placed", "slack", "nodes"),
    )  # fmt: skip
    indexed = IndexedProblem(problem)
    objective = LexicographicObjective(indexed, {})
    free = [node.cpu for node in indexed.nodes]
    replicas = [(d, i) for d, demand in enumerate(indexed.demands) for i in range(demand.replicas)]
    worths = []
    for places in product(range(len(nodes)), repeat=len(replicas)):
        loads: Counter[int] = Counter()
        for (demand, _), node in zip(replicas, places, strict=True):
            loads[node] += indexed.resources[demand].cpu
        if all(loads[node] <= free[node] for node in loads):
            worths.append(objective.worth(zip(replicas, places, strict=True)))
    result = plan(problem)
    placed = {(indexed.index[item.workload], item.index): indexed.node_index[item.node] for item in result.placements}
    assert objective.worth(placed.items()) == max(worths)


def test_exact_says_that_it_does_not_weigh_slack(world: Any) -> None:
    problem = world.problem(
        [world.node("n1")], [world.demand("a")], promises=[promise(9000, WorkloadServiceTime("service/p:a", 2000))],
        strategy="exact", objective=("placed", "slack"),
    )  # fmt: skip
    with pytest.raises(NotCovered, match="slack"):
        plan(problem)


def test_profiles_tell_what_services_take_alone_and_beside_others() -> None:
    promises = make_plan(CCTVS).planfile.problem.promises
    assert {promise.objective for promise in promises} == {"cctvs-sla/fast-answers", "cctvs-sla/fast-detection"}
    demands = {demand.service: demand for demand in make_plan(CCTVS).planfile.problem.demands}
    assert demands["image-ingestion"].slowdown == 0, "it is not sensitive"
    assert demands["object-detection"].slowdown == 514_800
    times = [time for promise in promises for stage in promise.stages for time in stage]
    assert all(0 < time.alone_mean <= time.mean and time.alone_above <= time.above for time in times)
    detection = next(time for time in times if time.workload.endswith("object-detection"))
    assert detection.mean > 1.2 * detection.alone_mean


def test_a_plan_tells_the_least_slack_of_each_objective_with_its_part_on_links(world: Any) -> None:
    nodes = [world.node("n1", cpu=1000, labels=(("zone", "a"),)), world.node("n2", cpu=1000, labels=(("zone", "b"),))]
    demands = [world.demand(name, cpu=600) for name in "ab"]
    both = promise(
        10_000,
        WorkloadServiceTime("service/p:a", 3000, 0, 2000, 0),
        WorkloadServiceTime("service/p:b", 1000, 0, 500, 0),
    )
    unknown = ResponseTimeLimit("sla/unknown", 5000, ((WorkloadServiceTime("service/p:a"),),))
    problem = world.problem(
        nodes, demands, wires=[Wire("w", ("zone/a", "zone/b"), 1500)], edges=world.flow("a", "b"),
        promises=[both, unknown],
    )  # fmt: skip
    prediction, nothing = predictions_of(problem, plan(problem))
    assert (prediction.objective, prediction.services, prediction.links, prediction.slack) == (
        "sla/fast",
        2500,
        1500,
        6000,
    )
    assert shown_prediction(prediction) == "sla/fast: 4 ms of 10 ms, 1.5 ms of it on links (60.0 % slack), a to b"
    assert shown_prediction(nothing) == "sla/unknown: not predicted, no profile of a"
    late = replace(problem, promises=(replace(both, limit=3200),))
    assert "25.0 % too slow" in shown_prediction(predictions_of(late, plan(problem))[0])


def test_neighbours_cost_the_part_of_a_node_that_they_ask_for(world: Any) -> None:
    """The measured times on a shared node are those of a full one: half of it costs half of the difference."""
    demands = [world.demand("a", cpu=400, sensitivity="cpu"), world.demand("b", cpu=2000)]
    alone = promise(10_000, WorkloadServiceTime("service/p:a", 3000, 800, 2000, 400))
    problem = world.problem([world.node("n1"), world.node("n2")], demands, promises=[alone])
    beside = plan(replace(problem, nodes=problem.nodes[:1]))
    assert crowding("cpu", demands[0].resources, problem.nodes[0], [demands[1].resources]) == 500_000
    (prediction,) = predictions_of(problem, beside)
    assert (prediction.services, prediction.beside) == (3800, 2500 + 600)
    assert "(62.0 % slack), a, 3.1 ms with the neighbours of this plan" in shown_prediction(prediction)
    apart = [structs.replace(item, node="n2" if item.service == "b" else "n1") for item in beside.placements]
    (prediction,) = predictions_of(problem, replace(beside, placements=tuple(apart)))
    assert (prediction.services, prediction.beside) == (2400, 2400)
    assert "beside" not in shown_prediction(prediction)
