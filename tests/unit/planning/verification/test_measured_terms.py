"""The terms of an objective, measured from placements alone."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.measured_terms import measured_terms

PROBLEM = Problem(
    "s",
    (Supply("n1", 2000, 2**30, cost=300), Supply("n2", 1000, 2**30, cost=200)),
    (
        Demand("service/p:a", "replica/p:a", "a", "p", "a", "", 2, Resources(1000), priority=5),
        Demand("service/p:b", "replica/p:b", "b", "p", "b", "", 1, Resources(500)),
    ),
    settings=Settings(strategy="portfolio", objective=("placed", "stable", "nodes", "cost", "balance"), max_moves=0),
)


def test_each_term_is_measured_in_the_order_of_the_objective() -> None:
    found = plan(PROBLEM)
    moved = replace(found, placements=tuple(structs.replace(item, was="n9") for item in found.placements))
    assert list(measured_terms(PROBLEM, moved)) == [
        ("moves", (0, 3), 3),
        ("placed", (2, 2), 3),
        ("placed", (1, 1), 3),
        ("stable", (0, 3), 3),
        ("nodes", (2, 2), 2),
        ("cost", (500, 500), 500),
        ("balance", (1000**2 + 500**2,) * 2, 1000**2 + 500**2),
    ]


def test_placed_comes_first_where_a_blueprint_does_not_name_it() -> None:
    only_balance = replace(PROBLEM, settings=Settings(objective=("balance",)))
    assert [term for term, _, _ in measured_terms(only_balance, plan(only_balance))] == ["placed", "placed", "balance"]
