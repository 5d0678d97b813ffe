"""Claims about the search as a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from search_problems import crowded

from rohe_iac.planning.placement.objective.bounds import ideal_point
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.local_search.outcome import SearchStatistics
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS, SearchParams
from rohe_iac.planning.solvers.local_search.search import RuinAndRecreate
from rohe_iac.planning.solvers.planner import plan


def search_of(indexed: IndexedProblem, params: SearchParams = DEFAULT_PARAMS) -> RuinAndRecreate:
    """Returns a search from what one pass finds."""
    start = Construction(indexed, "first-fit").run(service_order(indexed), {})
    missing = {(demand, index) for demand, indices in enumerate(start.unplaced) for index in indices}
    return RuinAndRecreate(indexed, LexicographicObjective(indexed, {}), start.grants(), missing, params)


@pytest.mark.parametrize("iterations", [0, 1, 299, 300, 301, 650])
def test_the_outcomes_add_up_to_the_iterations(world: Any, iterations: int) -> None:
    search = search_of(IndexedProblem(crowded(world)))
    worth = search.worth()
    found = search.run(iterations)
    assert found.iterations == iterations
    assert search.worth() >= worth
    assert (search.worth() > worth) == (found.best > 0)


def test_a_search_that_rejects_nothing_accepts_all(world: Any) -> None:
    found = search_of(IndexedProblem(crowded(world)), SearchParams(initial_threshold=1 << 32)).run(100)
    assert found.rejected < 5


def test_a_search_ends_when_no_assignment_can_be_better(world: Any) -> None:
    indexed = IndexedProblem(
        world.problem([world.node(f"n{number}") for number in range(3)], [world.demand("a", 4, cpu=1000)])
    )
    search = search_of(indexed)
    ideal = ideal_point(indexed, limited=False, floored=False)
    assert search.run(1000, ideal).iterations < 1000
    assert search.worth() == ideal


def test_a_search_finds_the_same_with_the_same_parameters_and_else_may_not(world: Any) -> None:
    indexed = IndexedProblem(crowded(world))
    searches = [search_of(indexed, replace(DEFAULT_PARAMS, seed_offset=offset)) for offset in (17, 17, 18)]
    counts = [search.run(200) for search in searches]
    assert counts[0] == counts[1]
    assert searches[0].placed == searches[1].placed
    assert counts[0] != counts[2]


def test_the_planner_hands_out_what_its_search_did_and_the_plan_is_the_same_without(world: Any) -> None:
    problem = crowded(world, strategy="portfolio", objective=("placed", "balance"), iterations=50)
    heard: list[SearchStatistics] = []
    assert plan(problem, listener=heard.append) == plan(problem)
    assert [statistics.iterations for statistics in heard] == [50]
    plan(replace(problem, settings=replace(problem.settings, iterations=0)), listener=heard.append)
    assert len(heard) == 1
