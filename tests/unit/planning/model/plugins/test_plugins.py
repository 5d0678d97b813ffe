"""Claims about plug-ins: what filters, scorers and strategies decide, and what becomes of faulty ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from drawing import generator

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.plugins.builtin import FILTERS, SCORERS
from rohe_iac.planning.model.plugins.calling import FaultyPlugin
from rohe_iac.planning.model.plugins.protocols import Candidate, Origin, Plugin, Plugins
from rohe_iac.planning.model.problem import WEIGHT_ONE, Problem
from rohe_iac.planning.model.strategies import BEST_FIT, WORST_FIT
from rohe_iac.planning.model.supply import NodeTaint
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.candidate import candidate_on
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.planner import MissingPlugin, plan
from rohe_iac.planning.verification.verify import verify

MI = 2**20


def plugged(
    problem: Problem,
    filters: tuple[Callable[[Candidate], Any], ...] = (),
    scorers: tuple[tuple[Callable[[Candidate], Any], int], ...] = (),
    strategy: Callable[..., Any] | None = None,
) -> tuple[Problem, None, Plugins]:
    """Returns what `plan` takes: a problem whose settings name these callables, no previous plan, and the callables."""

    def plugin(kind: str, call: Callable[..., Any]) -> Plugin:
        name = call.__name__
        return Plugin(kind, name, Origin(f"m.py:{name}", f"m.py:{call.__code__.co_firstlineno}"), call, __file__)

    settings = replace(
        problem.settings,
        filters=tuple(f"m.py:{call.__name__}" for call in filters),
        scorers=tuple((f"m.py:{call.__name__}", weight) for call, weight in scorers),
        strategy=f"m.py:{strategy.__name__}" if strategy else problem.settings.strategy,
    )
    plugins = Plugins(
        tuple(plugin("filter", call) for call in filters),
        tuple(plugin("scorer", call) for call, _ in scorers),
        plugin("strategy", strategy) if strategy else None,
    )
    return replace(problem, settings=settings), None, plugins


def nodes_of(result: Plan) -> list[str]:
    return [item.node for item in result.placements]


def green(candidate: Candidate) -> str:
    return "" if candidate.node.label("colour") == "green" else "the node is not green"


def alone(candidate: Candidate) -> str | None:
    if candidate.demand.service == "shy" and candidate.standing:
        return f"{candidate.standing[0].service} stands there"
    return None


def last(candidate: Candidate) -> float:
    return 1.0 if candidate.node.name == "n3" else 0.25


def fewest(candidates: Any) -> str:
    return str(min(candidates, key=lambda candidate: candidate.replicas).node.name)


def test_a_filter_refuses_nodes_by_its_name_and_in_its_words(world: Any) -> None:
    nodes = [world.node("n1"), world.node("n2", labels=(("colour", "green"),))]
    result = plan(*plugged(world.problem(nodes, [world.demand("d", 2, cpu=1000)]), filters=(green,)))
    assert nodes_of(result) == ["n2", "n2"]
    assert result.refusals[0].by_rule == (("green", 1),)
    assert (result.refusals[0].closest[0].rule, result.refusals[0].closest[0].missing) == (
        "green",
        "green: the node is not green",
    )


def test_a_filter_holds_for_who_stands_there_when_another_comes(world: Any) -> None:
    demands = [world.demand("shy", cpu=2000), world.demand("loud", cpu=1000)]
    problem, _, plugins = plugged(world.problem([world.node("n1"), world.node("n2")], demands), filters=(alone,))
    result = plan(problem, None, plugins)
    assert len(set(nodes_of(result))) == 2
    assert verify(problem, result, plugins) == ()
    assert nodes_of(plan(world.problem([world.node("n1"), world.node("n2")], demands))) == ["n1", "n1"]


def test_a_scorer_is_weighed_against_filling_nodes_and_told_by_its_name(world: Any) -> None:
    base = world.problem([world.node(f"n{i}") for i in (1, 2, 3)], [world.demand("d", 3, cpu=500)])
    light, heavy = (plan(*plugged(base, scorers=((last, weight * WEIGHT_ONE),))) for weight in (1, 100))
    assert nodes_of(light) == ["n3", "n3", "n3"]
    assert nodes_of(heavy) == ["n3", "n3", "n3"]
    assert ("last", 100_000_000) in [(part.scorer, part.points) for part in heavy.placements[0].parts]
    occupied = replace(base, demands=(*base.demands, world.demand("a", cpu=100, selector=(("first", "yes"),))))
    occupied = replace(occupied, nodes=(replace(base.nodes[0], labels=(("first", "yes"),)), *base.nodes[1:]))
    queued = replace(occupied, demands=(base.demands[0], replace(occupied.demands[1], priority=9)))
    where = [nodes_of(plan(*plugged(queued, scorers=((last, weight * WEIGHT_ONE),))))[1] for weight in (1, 100)]
    assert where == ["n1", "n3"]


def test_scorers_count_in_first_fit_too(world: Any) -> None:
    problem = world.problem([world.node("n1"), world.node("n3")], [world.demand("d", cpu=500)], strategy="first-fit")
    assert nodes_of(plan(problem)) == ["n1"]
    assert nodes_of(plan(*plugged(problem, scorers=((last, WEIGHT_ONE),)))) == ["n3"]


def test_a_strategy_picks_each_node_and_the_runner_up(world: Any) -> None:
    base = world.problem([world.node(f"n{i}") for i in (1, 2, 3)], [world.demand("d", 4, cpu=500)])
    result = plan(*plugged(base, strategy=fewest))
    assert nodes_of(result) == ["n1", "n2", "n3", "n1"]
    assert result.placements[0].runner_up is not None
    assert result.placements[0].runner_up.node == "n2"
    assert result.placements[0].reason == "chosen by fewest among 3 suitable nodes"
    assert set(nodes_of(plan(base))) == {"n1"}


def answers(value: Any) -> Callable[[Any], Any]:
    def given(_: Any) -> Any:
        if isinstance(value, type):
            raise value("no luck")
        return value

    return given


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, 1.1, "much", None, True, ValueError, SystemExit])
def test_what_a_scorer_may_not_give_is_refused_with_its_line(world: Any, value: Any) -> None:
    problem = world.problem([world.node("n1")], [world.demand("d")])
    with pytest.raises(FaultyPlugin, match="the scorer given") as failure:
        plan(*plugged(problem, scorers=((answers(value), WEIGHT_ONE),)))
    assert failure.value.detail.startswith("m.py:")


@pytest.mark.parametrize(("kind", "value"), [("filters", 3), ("filters", RuntimeError), ("strategy", "n9")])
def test_what_a_filter_or_strategy_may_not_give_is_refused(world: Any, kind: str, value: Any) -> None:
    problem = world.problem([world.node("n1")], [world.demand("d")])
    call: Any = answers(value)
    with pytest.raises(FaultyPlugin):
        plan(*plugged(problem, **{kind: (call,) if kind == "filters" else call}))


def test_what_the_settings_name_and_nobody_holds_is_refused(world: Any) -> None:
    problem = world.problem([world.node("n1")], [world.demand("d")], scorers=(("m.py:last", 1024),))
    with pytest.raises(MissingPlugin, match=r"m\.py:last"):
        plan(problem)


def test_the_exact_strategy_does_not_pass_over_filters(world: Any) -> None:
    problem = world.problem([world.node("n1")], [world.demand("d")], strategy="exact")
    with pytest.raises(MissingPlugin, match="exact"):
        plan(*plugged(problem, filters=(green,)))


def drawn(world: Any, seed: int) -> Problem:
    draw = generator(seed)
    colours = ((("colour", "green"),), (("colour", "red"),), ())
    nodes = [
        world.node(
            f"n{number}", draw.choice((1000, 2000, 4000)), draw.choice((100, 200, 400)) * MI,
            vms=draw.choice((None, 500 * MI)), labels=draw.choice(colours), arch=draw.choice(("", "arm64", "amd64")),
            taints=draw.choice(((), (NodeTaint("lan"),), (NodeTaint("old", effect="PreferNoSchedule"),))),
            devices=(world.gpu(exclusive=draw.random() < 0.3),) if draw.random() < 0.4 else (),
            status=draw.choice(("running", "running", "running", "cordoned")),
        )
        for number in range(8)
    ]  # fmt: skip
    demands = [
        world.demand(
            name, draw.randint(1, 4), draw.choice((200, 500, 900)), draw.choice((10, 60)) * MI,
            cores=draw.choice(((), (300,), (400, 200))), vms=draw.choice((None, 50 * MI)),
            devices=draw.choice(((), (DeviceRequest("gpu", share=3000),))), arch=draw.choice(((), ("arm64",))),
            slowdown=draw.choice((0, 0, 300_000, 1_500_000)),
        )
        for name in ("shy", "b", "c", "d")
    ]  # fmt: skip
    return world.problem(nodes, demands, strategy=draw.choice((BEST_FIT, WORST_FIT)))


@pytest.mark.parametrize("seed", range(40))
def test_arrays_and_the_plain_field_agree_with_filters_scorers_and_strategies(world: Any, seed: int) -> None:
    problem, _, plugins = plugged(drawn(world, seed), (green, alone), ((last, 700),), fewest if seed % 3 == 0 else None)
    found = []
    for limit in (0, 10**9):
        indexed = IndexedProblem(problem, plugins=plugins)
        construction = Construction(indexed, problem.settings.strategy, scalar_limit=limit).run(
            service_order(indexed), {}
        )
        found.append((construction.decisions, construction.unplaced, construction.refusals))
    assert found[0] == found[1]
    assert verify(problem, plan(problem, None, plugins), plugins) == ()


@pytest.mark.parametrize("seed", range(40))
def test_the_built_in_ones_are_what_the_planner_computes(world: Any, seed: int) -> None:
    problem = drawn(world, seed)
    marked, _, plugins = plugged(problem, scorers=((last, 0),))
    indexed = IndexedProblem(marked, plugins=plugins)
    ledger = Ledger(indexed)
    # Where all have accelerators, best-fit compares nodes with the largest; worst-fit rates each node by itself.
    spreads = all(node.devices for node in indexed.nodes)
    scoring = Scoring(indexed, ledger, WORST_FIT if spreads else BEST_FIT)
    for demand in range(len(indexed.demands)):
        amounts = ("cpu", "memory", "accelerator") if indexed.resources[demand].devices else ("cpu", "memory")
        for node in range(len(indexed.nodes)):
            candidate = candidate_on(indexed, ledger, demand, node)
            rule = next((name for name, call in FILTERS.items() if call(candidate)), "")
            assert rule == refusal(indexed, ledger, demand, node)
            if rule:
                continue
            names, parts = scoring.names(demand), scoring.parts(demand, node)
            weights = dict(zip(("cpu", "memory", "accelerator", "open"), scoring.weights[demand], strict=False))
            weights |= {
                "interference": scoring.weights[demand].interference,
                "taints": scoring.preference_weights[demand],
            }
            for name, score in zip(names, parts, strict=True):
                if name in SCORERS:
                    share = 1 - SCORERS[name](candidate) if spreads and name in amounts else SCORERS[name](candidate)
                    expected = share * 1_000_000 * weights.get(name, WEIGHT_ONE) / WEIGHT_ONE
                    assert abs(score - expected) <= 8, name
        fitting = [node for node in range(len(indexed.nodes)) if not refusal(indexed, ledger, demand, node)]
        if fitting:
            ledger.take(demand, fitting[0])
