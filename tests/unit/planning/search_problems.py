"""Problems for the tests of the search, and what they look at."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import AffinityRule, PortRequest, SpreadRule
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.local_search.assignment import Assignment
from rohe_iac.planning.solvers.local_search.lcg import LinearCongruentialGenerator
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS, SearchParams
from rohe_iac.planning.solvers.local_search.recreate import Recreate
from rohe_iac.planning.solvers.local_search.ruin import Ruin
from rohe_iac.planning.solvers.local_search.search_cost import SearchCost


def crowded(world: Any, **settings: Any) -> Problem:
    """Returns a problem with more replicas than fit, and with ports, spread, neighbours, cores and devices."""
    nodes = [world.node(f"n{number}", cpu=4000, devices=(world.gpu(),) if number < 2 else ()) for number in range(5)]
    demands = [
        world.demand("lead", 2, cpu=300, cores=(300,)),
        world.demand("tail", 3, cpu=400, cores=(250, 100), near=(AffinityRule(("service/p:lead",), "node"),)),
        world.demand("port", 3, cpu=200, ports=(PortRequest("http", 8080),)),
        world.demand("apart", 4, cpu=500, spread=(SpreadRule("node", 1),)),
        world.demand("gpu", 5, cpu=100, devices=world.gpu_share(4000)),
        world.demand("wide", 6, cpu=900, cores=(600, 400), priority=1),
        world.demand("small", 12, cpu=700, cores=(500,)),
    ]
    return world.problem(nodes, demands, **settings)


def assigned(problem: Problem, params: SearchParams = DEFAULT_PARAMS) -> tuple[Assignment, Ruin, Recreate]:
    """Returns an assignment without a placed replica, and what edits it."""
    indexed = IndexedProblem(problem)
    replicas = [(number, index) for number, demand in enumerate(indexed.demands) for index in range(demand.replicas)]
    assignment = Assignment(indexed, {}, replicas, params)
    random = LinearCongruentialGenerator(1)
    recreate = Recreate(assignment, random, params, SearchCost(indexed, {}, None, (), params))
    return assignment, Ruin(assignment, random, params), recreate


def state_of(assignment: Assignment) -> dict[str, Any]:
    """Returns a copy of all that an edit may change."""
    ledger = assignment.ledger
    names = ("cpu", "rss", "vms", "cores", "sorted_cores", "devices", "replicas_on", "numbers", "bandwidth")
    return {
        **{name: list(value) if isinstance(value := getattr(ledger, name), list) else value for name in names},
        "placed": [dict(placed) for placed in ledger.placed],
        "counts": [{key: list(counts) for key, counts in by_key.items()} for by_key in ledger.counts],
        "ports": [dict(ports) for ports in ledger.ports],
        "loads": list(assignment.loads),
        "items": [list(items) for items in assignment.items],
        "unplaced": list(assignment.unplaced),
        "open": assignment.open_nodes,
        "grants": {key: sorted(map(repr, grants)) for key, grants in assignment.snapshot().grants.items()},
    }
