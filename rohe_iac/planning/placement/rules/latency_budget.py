"""The rule `budget`: how long requests are on links on the paths through a flow, whichever replica answers them.

The slowest path counts, of pairs of nodes between which requests flow: those of a local flow are in one domain. A
service without any replica is passed in no time, so that the time never falls as replicas are placed, and is that of
the plan once all are. Where a local flow leads to or from such a service, which nodes it will connect is not known: the
slower of the paths before and after it counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rohe_iac.planning.placement.rules.rule import CouplingRule
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.network.latency_budget import LatencyBudget
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex

NO_LATENCIES: Mapping[int, int] = MappingProxyType({})
"""All links have their own latency."""


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


def longest_latency(
    indexed: IndexedProblem,
    stages: Sequence[Collection[NodeIndex]],
    keys: Sequence[str],
    latencies: Mapping[int, int] = NO_LATENCIES,
) -> int:
    """Returns the microseconds on links on the slowest path through nodes, stage by stage.

    Args:
        indexed: The problem.
        stages: The nodes of each stage.
        keys: The topology key of each hop to the next stage; "" where any nodes exchange requests.
        latencies: Microseconds of some links, by position, in place of their own.
    """
    way = _way(indexed, stages, ("", *keys), latencies)
    return max(way.ended, way.passed + max(way.times.values(), default=0))


@dataclass(slots=True)
class _Way:
    """How long requests are on links until a stage.

    Attributes:
        times: Microseconds until each node of the last stage, since the last stage without a replica.
        passed: Microseconds until that stage.
        ended: Microseconds of the slowest path that nothing is known to follow.
    """

    times: dict[NodeIndex, int]
    passed: int = 0
    ended: int = 0


def _way(
    indexed: IndexedProblem,
    stages: Sequence[Collection[NodeIndex]],
    into: Sequence[str],
    latencies: Mapping[int, int] = NO_LATENCIES,
) -> _Way:
    """Returns the way through stages; into: the key of the hop to each stage, and to the one after the last."""
    way, begun = _Way({}), False
    for index, nodes in enumerate(stages):
        if nodes and begun:
            reached = ((node, _latency_to(indexed, way.times, node, into[index], latencies)) for node in nodes)
            way.times = {node: time for node, time in reached if time is not None}
        elif nodes:
            way.times, begun = dict.fromkeys(nodes, 0), True
        else:
            whole = way.passed + max(way.times.values(), default=0)
            if any(into[index : index + 2]):
                way.ended, way.passed = max(way.ended, whole), 0
            else:
                way.passed = whole
            way.times, begun = {}, False
    return way


def _latency_through(indexed: IndexedProblem, ledger: Ledger, path: int, stage: int, node: NodeIndex) -> int:
    """Returns the microseconds on links on the slowest path that passes this stage on the node."""
    known = ledger.distances.get((path, stage))
    keys = ("", *indexed.budgets[path].keys, "")
    if known is None:
        stages = [_nodes_of(ledger, demands) for demands in indexed.budgets[path].stages]
        before = _way(indexed, stages[:stage], keys)
        after = _way(indexed, stages[:stage:-1], keys[::-1])
        known = ledger.distances[path, stage] = (before.times, after.times, before.passed + after.passed)
    times, others, beyond = known
    until = _latency_to(indexed, times, node, keys[stage]) or 0
    return beyond + until + (_latency_to(indexed, others, node, keys[stage + 1]) or 0)


def _nodes_of(ledger: Ledger, demands: Iterable[DemandIndex]) -> set[NodeIndex]:
    return {node for demand in demands for node in ledger.placed[demand]}


def _latency_to(
    indexed: IndexedProblem,
    times: Mapping[NodeIndex, int],
    node: NodeIndex,
    key: str,
    latencies: Mapping[int, int] = NO_LATENCIES,
) -> int | None:
    """Returns the longest time to a node by way of others; None where none of them exchanges requests with it.

    Args:
        times: Microseconds until each of the others.
        key: The topology key within whose domains requests stay; "" where they go to any node.
    """
    longest: int | None = None
    for other, time in times.items():
        if not indexed.exchanges(key, other, node):
            continue
        route = indexed.route(other, node)
        if route is not None:
            longest = max(longest or 0, time + latencies.get(route[1], route[0]))
        elif longest is None:
            longest = 0
    return longest


BUDGET = CouplingRule("budget", budget_exceeded, _words)
