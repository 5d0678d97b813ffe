"""The rule `budget`: how long requests are on links on the paths through a flow, whichever replica answers them.

The slowest path counts. A service without any replica is passed in no time, so that the time never falls as replicas
are placed, and is that of the plan once all are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rohe_iac.planning.placement.rules.rule import CouplingRule
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.latency_budget import LatencyBudget
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


def exceeded_budget(
    indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex
) -> tuple[LatencyBudget, int] | None:
    """Returns the budget that a replica on the node exceeds by most, and the microseconds above it; None: all hold."""
    worst: tuple[LatencyBudget, int] | None = None
    for path, stage in indexed.paths[demand]:
        budget = indexed.budgets[path]
        excess = _latency_through(indexed, ledger, path, stage, node) - budget.limit
        if excess > 0 and (worst is None or excess > worst[1]):
            worst = (budget, excess)
    return worst


def budget_exceeded(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> bool:
    """Checks whether a replica on the node exceeds any latency budget of a path through its service."""
    return exceeded_budget(indexed, ledger, demand, node) is not None


def _words(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> str:
    found = exceeded_budget(indexed, ledger, demand, node)
    if found is None:
        return "budget"
    budget, excess = found
    path = " to ".join(
        indexed.demands[demands[0]].service for demands in (budget.stages[0], budget.stages[-1]) if demands
    )
    limit = budget.objective
    return (
        f"budget: {excess / 1000:g} ms over the {budget.limit / 1000:g} ms that {limit.objective} "
        f"({limit.limit / 1000:g} ms) leaves from {path}"
    )


def longest_latency(indexed: IndexedProblem, stages: Sequence[set[NodeIndex]]) -> int:
    """Returns the microseconds on links on the slowest path through nodes, stage by stage."""
    times, passed = _latencies(indexed, stages)
    return passed + max(times.values(), default=0)


def _latency_through(indexed: IndexedProblem, ledger: Ledger, path: int, stage: int, node: NodeIndex) -> int:
    """Returns the microseconds on links on the slowest path that passes this stage on the node."""
    known = ledger.distances.get((path, stage))
    if known is None:
        stages = [_nodes_of(ledger, demands) for demands in indexed.budgets[path].stages]
        before, passed = _latencies(indexed, stages[:stage])
        after, following = _latencies(indexed, stages[:stage:-1])
        known = ledger.distances[path, stage] = (before, after, passed + following)
    before, after, beyond = known
    return beyond + _latency_to(indexed, before, node) + _latency_to(indexed, after, node)


def _nodes_of(ledger: Ledger, demands: Iterable[DemandIndex]) -> set[NodeIndex]:
    return {node for demand in demands for node in ledger.placed[demand]}


def _latencies(indexed: IndexedProblem, stages: Sequence[set[NodeIndex]]) -> tuple[dict[NodeIndex, int], int]:
    """Returns the longest time to each node of the last stage since the last empty stage, and the time before that."""
    times: dict[NodeIndex, int] = {}
    passed = 0
    for nodes in stages:
        if nodes:
            times = {node: _latency_to(indexed, times, node) for node in nodes}
        else:
            passed += max(times.values(), default=0)
            times = {}
    return times, passed


def _latency_to(indexed: IndexedProblem, times: dict[NodeIndex, int], node: NodeIndex) -> int:
    """Returns the longest time to a node by way of others; times: microseconds until each of them."""
    longest = 0
    for other, time in times.items():
        route = indexed.route(other, node)
        if route is not None and time + route[0] > longest:
            longest = time + route[0]
    return longest


BUDGET = CouplingRule("budget", budget_exceeded, _words)
