"""Claims about scores part by part: fragmentation in grades, plugged scorers with weights, piecewise linear sums."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.plugins.protocols import Origin, Plugin, Plugins
from rohe_iac.planning.model.strategies import BEST_FIT, DOT_PRODUCT, FIRST_FIT, FRAGMENTATION, WORST_FIT
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.scoring.fragmentation_score import (
    GAIN_GRADES,
    GRADE,
    FragmentationScore,
    fragmentation_by_type,
)
from rohe_iac.planning.placement.scoring.piecewise_linear import PiecewiseLinearSum
from rohe_iac.planning.placement.scoring.plugged import plugin_scores
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def with_accelerators(world: Any) -> IndexedProblem:
    nodes = [world.node("n1"), world.node("n2", devices=(world.gpu(), world.gpu("GPU1")))]
    demands = [
        world.demand("share", 2, cpu=500, devices=world.gpu_share(4000)),
        world.demand("whole", 1, cpu=500, devices=(DeviceRequest("gpu", count=1),)),
        world.demand("without", 1, cpu=500),
    ]
    return IndexedProblem(world.problem(nodes, demands))


def test_a_placement_that_costs_accelerators_less_scores_more(world: Any) -> None:
    indexed = with_accelerators(world)
    ledger = Ledger(indexed)
    fragmentation = FragmentationScore(indexed, ledger, fragmentation_by_type(indexed))
    share, whole = indexed.index["service/p:share"], indexed.index["service/p:whole"]
    assert fragmentation.score(whole, 0) == MILLION - GRADE * GAIN_GRADES, "a node without devices loses nothing"
    idle = fragmentation.score(share, 1)
    ledger.take(share, 1)
    assert idle < fragmentation.score(share, 1) < MILLION - GRADE * GAIN_GRADES


@pytest.mark.parametrize("strategy", [FIRST_FIT, BEST_FIT, WORST_FIT, DOT_PRODUCT, FRAGMENTATION])
def test_the_total_is_the_sum_of_the_parts_and_every_part_has_a_name(world: Any, strategy: str) -> None:
    indexed = with_accelerators(world)
    ledger = Ledger(indexed)
    scoring = Scoring(indexed, ledger, strategy)
    for demand in range(len(indexed.demands)):
        for node in range(len(indexed.nodes)):
            parts = scoring.parts(demand, node)
            assert scoring.total(demand, node) == sum(parts)
            assert len(parts) == len(scoring.names(demand))
        ledger.take(demand, 1)


def test_plugged_scorers_give_millionths_that_count_times_their_weight(world: Any) -> None:
    origin = Origin("half", "half.py:1")
    plugins = Plugins(scorers=(Plugin("scorer", "half", origin, lambda _: 0.5),))
    problem = world.problem([world.node("n1")], [world.demand("a")], scorers=(("half", 2048),))
    indexed = IndexedProblem(problem, plugins=plugins)
    ledger = Ledger(indexed)
    assert plugin_scores(indexed, ledger, 0, 0) == [MILLION // 2]
    scoring = Scoring(indexed, ledger, FIRST_FIT)
    assert (scoring.parts(0, 0), scoring.total(0, 0), scoring.names(0)) == ((MILLION,), MILLION, ("half",))


@pytest.mark.parametrize("amount", [0, 1, 3, 10, 1000])
def test_a_piecewise_linear_sum_is_that_of_its_terms_one_by_one(amount: int) -> None:
    terms = [(1, 5, 2), (3, 40, 1), (10, 7, 4)]
    expected = sum(weight * min(60, use * amount / need) for need, use, weight in terms if need <= amount)
    assert abs(PiecewiseLinearSum(terms).sum(60, amount) - expected) <= len(terms)
