"""Claims about what a search may begin with."""

from __future__ import annotations

from typing import Any

from search_problems import assigned

from rohe_iac.planning.model.demand import AffinityRule, SpreadRule
from rohe_iac.planning.solvers.local_search.packing.min_bin_slack import MinBinSlack
from rohe_iac.planning.solvers.local_search.params import SearchParams
from rohe_iac.planning.solvers.local_search.start import filled_starts


def test_a_start_places_what_only_amounts_decide_and_counts_the_rest_as_unplaced(world: Any) -> None:
    demands = [world.demand("free", 3, cpu=1000), world.demand("ruled", 2, cpu=100, spread=(SpreadRule("node", 1),))]
    assignment, _, _ = assigned(world.problem([world.node("n1"), world.node("n2")], demands))
    names = [demand.service for demand in assignment.indexed.demands]
    for start in filled_starts(assignment):
        assert {names[item[0]] for items in start.items for item in items} == {"free"}
        assert start.unplaced == [0 if name == "free" else 2 for name in names]
        assert start.grants == {}


def test_there_is_no_start_where_a_service_has_to_be_near_another(world: Any) -> None:
    demands = [world.demand("a", 1, cpu=1), world.demand("b", 1, near=(AffinityRule(("service/p:a",), "node"),))]
    assignment, _, _ = assigned(world.problem([world.node("n1")], demands))
    assert list(filled_starts(assignment)) == []


def test_there_are_as_many_starts_as_scarce_amounts_are_asked_for(world: Any) -> None:
    assignment, _, _ = assigned(world.problem([world.node("n1")], [world.demand("a", 2, cpu=100, rss=2**20)]))
    for number in (0, 1, 2, 3):
        params = SearchParams(start_amounts=number)
        filling = MinBinSlack(assignment.indexed, assignment.node_loads, assignment.usable, [True], params)
        assert len(list(filling.starts())) == number
