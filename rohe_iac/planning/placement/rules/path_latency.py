"""Travel: how long requests are on links on the ways through a flow, whichever replica of each service answers them.

The slowest way counts. A service without any replica is passed in no time, so that the time never falls as replicas
come, and is what the plan comes to once all are placed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.latency_budget import LatencyBudget
from rohe_iac.planning.placement.state.ledger import Ledger


def overspent(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> tuple[LatencyBudget, int] | None:
    """The budget that a replica there breaks by most, and the microseconds above it; None where all hold."""
    worst: tuple[LatencyBudget, int] | None = None
    for way, stage in indexed.paths[demand]:
        budget = indexed.budgets[way]
        over = _through(indexed, ledger, way, stage, node) - budget.limit
        if over > 0 and (worst is None or over > worst[1]):
            worst = (budget, over)
    return worst


def _through(indexed: IndexedProblem, ledger: Ledger, way: int, stage: int, node: int) -> int:
    """Microseconds on links on the slowest way that passes this stage on the node."""
    known = ledger.distances.get((way, stage))
    if known is None:
        stages = [_nodes(ledger, demands) for demands in indexed.budgets[way].stages]
        before, passed = _distances(indexed, stages[:stage])
        after, following = _distances(indexed, stages[:stage:-1])
        known = ledger.distances[way, stage] = (before, after, passed + following)
    before, after, rest = known
    return rest + _farthest(indexed, before, node) + _farthest(indexed, after, node)


def _nodes(ledger: Ledger, demands: Iterable[int]) -> set[int]:
    return {node for demand in demands for node in ledger.placed[demand]}


def _distances(indexed: IndexedProblem, stages: Sequence[set[int]]) -> tuple[dict[int, int], int]:
    """To each node of the last of the stages the longest time since the last gap, and the time before that gap."""
    found: dict[int, int] = {}
    passed = 0
    for nodes in stages:
        if nodes:
            found = {node: _farthest(indexed, found, node) for node in nodes}
        else:
            passed += max(found.values(), default=0)
            found = {}
    return found, passed


def _farthest(indexed: IndexedProblem, times: dict[int, int], node: int) -> int:
    most = 0
    for other, time in times.items():
        route = indexed.route(other, node)
        if route is not None and time + route[0] > most:
            most = time + route[0]
    return most


def longest(indexed: IndexedProblem, stages: Sequence[set[int]]) -> int:
    """Microseconds on links on the slowest way through nodes, stage by stage."""
    found, passed = _distances(indexed, stages)
    return passed + max(found.values(), default=0)
