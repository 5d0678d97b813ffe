"""All searches for one plan together: a plan that is made many times over takes no more than a few searches."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import DemandVariant, Resources
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.solvers.local_search.outcome import SearchStatistics
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.solvers.search_allowance import FULL_SEARCHES, SearchAllowance
from rohe_iac.planning.verification.verify import verify

VARIANTS = tuple(DemandVariant(f"v{cpu}", Resources(cpu, (), 2**20), 900_000 + cpu) for cpu in (1900, 1800, 1700))


def overfull(world: Any, iterations: int) -> Problem:
    nodes = [world.node(f"n{number}", cpu=4000) for number in range(3)]
    demands = [world.demand(f"s{number}", 2, 1900, variants=VARIANTS) for number in range(5)]
    problem: Problem = world.problem(nodes, demands, strategy="portfolio", survive=1, iterations=iterations)
    return problem


def test_the_attempts_for_one_plan_share_their_iterations(world: Any) -> None:
    searches: list[SearchStatistics] = []
    problem = overfull(world, 20)
    found = plan(problem, listener=searches.append)
    assert sum(search.iterations for search in searches) <= FULL_SEARCHES * 20
    assert len(found.placements) == 6
    assert verify(problem, found) == ()


def test_searches_become_shorter_and_end() -> None:
    allowance, lengths = SearchAllowance(), []
    while length := allowance.limit(100):
        lengths.append(length)
        allowance.spent += length
    assert lengths[:6] == [100] * 6
    assert lengths[6:] == sorted(lengths[6:], reverse=True)
    assert sum(lengths) <= FULL_SEARCHES * 100
    assert SearchAllowance().limit(0) == 0
