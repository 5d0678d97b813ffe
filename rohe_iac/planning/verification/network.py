"""Checks latency and bandwidth of every flow, and the latency budgets that contracts leave for paths."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache

from rohe_iac.planning.model.plan import Placement
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.promise import ResponseTimeLimit
from rohe_iac.planning.model.supply import Supply, Wire
from rohe_iac.planning.verification.fault import Fault

ROUNDING = 1
"""Microseconds by which the root of a large sum may be off."""


def network_faults(problem: Problem, items: Sequence[Placement]) -> Iterator[Fault]:
    """Yields a fault for each flow without a link or over its latency, each overloaded link, and each exceeded budget.

    Args:
        items: placements of workloads and nodes that the problem has.
    """
    if not problem.wires:
        return
    network = _Network(problem)
    places: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        places[item.workload][item.node] += 1
    yield from _flow_faults(problem, network, places)
    for limit in problem.promises:
        if len(limit.stages) < 2:
            continue
        stages = [{node for time in stage for node in places[time.workload]} for stage in limit.stages]
        allowed = max(0, limit.limit - _service_time(limit))
        latency = _longest_latency(network, stages, _keys(problem, limit))
        if latency > allowed + ROUNDING:
            first, last = limit.stages[0][0].workload, limit.stages[-1][0].workload
            message = f"{latency} us on links to {last}, {limit.objective} leaves {allowed} of {limit.limit}"
            yield Fault("budget", first, message)


def _flow_faults(problem: Problem, network: _Network, places: dict[str, Counter[str]]) -> Iterator[Fault]:
    replicas = {demand.workload: demand.replicas for demand in problem.demands}
    loads: Counter[str] = Counter()
    for edge in problem.edges:
        if edge.source not in replicas or edge.sink not in replicas:
            continue
        for source, source_replicas in places[edge.source].items():
            reached = {
                sink: number
                for sink, number in places[edge.sink].items()
                if network.exchange(edge.within, source, sink)
            }
            # A sender of a local flow shares its part among the receivers of its domain.
            receivers = sum(reached.values()) if edge.within else replicas[edge.sink]
            share = -(-(edge.bandwidth or 0) // max(1, replicas[edge.source] * receivers))
            for sink, sink_replicas in reached.items():
                wire, connected = network.between(source, sink)
                if not connected:
                    yield Fault("latency", edge.source, f"no link from {source} to {sink} for {edge.sink}")
                elif wire is not None:
                    latency = wire.latency or 0
                    if edge.latency is not None and latency > edge.latency:
                        message = f"{latency} us from {source} to {sink}, {edge.latency} allowed"
                        yield Fault("latency", edge.source, message)
                    loads[wire.name] += share * source_replicas * sink_replicas
    for link in problem.wires:
        if link.bandwidth is not None and loads[link.name] > link.bandwidth:
            yield Fault("bandwidth", f"link/{link.name}", f"{loads[link.name]} of {link.bandwidth} bit/s")


class _Network:
    """The links between nodes, by the names of the nodes."""

    def __init__(self, problem: Problem) -> None:
        self._nodes = {node.name: node for node in problem.nodes}
        self._wires: dict[frozenset[str], list[Wire]] = defaultdict(list)
        for wire in (wire for wire in problem.wires if not wire.down):
            self._wires[frozenset(wire.ends)].append(wire)

    def exchange(self, key: str, source: str, sink: str) -> bool:
        """Checks whether two nodes are in one domain of the key of a local flow; "": of a flow that is none."""
        domain = self._nodes[source].domain(key) if key else None
        return not key or (domain is not None and domain == self._nodes[sink].domain(key))

    def between(self, source: str, sink: str) -> tuple[Wire | None, bool]:
        """Returns the most specific link between two nodes, None without one, and whether the nodes are connected."""
        if source == sink:
            return None, True
        first, second = self._ends(self._nodes[source]), self._ends(self._nodes[sink])
        for pairs in (((0, 0),), ((0, 1), (1, 0)), ((1, 1),)):
            found = [wire for a, b in pairs for wire in self._wires.get(frozenset((first[a], second[b])), ())]
            if found:
                return min(found, key=lambda wire: (wire.latency or 0, wire.name)), True
        return None, first[1] == second[1] != ""

    def latency(self, source: str, sink: str) -> int:
        """Returns the latency between two nodes in microseconds; 0 without a link."""
        wire, _ = self.between(source, sink)
        return 0 if wire is None else wire.latency or 0

    @staticmethod
    def _ends(node: Supply) -> tuple[str, str]:
        zone = dict(node.labels).get("zone")
        return f"node/{node.name}", "" if zone is None else f"zone/{zone}"


def _service_time(limit: ResponseTimeLimit) -> int:
    """Returns the predicted time of the services on a path, in microseconds.

    Each stage counts with its slowest member. Means add up; the parts above the means add up in powers of 2.5.
    """
    slowest = [max(stage, key=lambda time: time.mean + time.above) for stage in limit.stages]
    return sum(time.mean for time in slowest) + math.ceil(
        math.pow(sum(math.pow(time.above, 2.5) for time in slowest), 0.4)
    )


def _longest_latency(network: _Network, stages: list[set[str]], keys: list[str]) -> int:
    """Returns the longest time on links from the first stage to the last, in microseconds.

    Hops to and from a stage without replicas take no time. Where a local flow leads to or from such a stage, it is not
    known which nodes it connects: the path ends before it, and another begins after it.
    """

    def splits(stage: int) -> bool:
        return not stages[stage] and any(keys[max(0, stage - 1) : stage + 1])

    @cache
    def latency_from(stage: int, node: str) -> int:
        following = stages[stage + 1] if stage + 1 < len(stages) else set()
        if not following:
            return latency_after_gap(stage + 1)
        reached = [other for other in following if network.exchange(keys[stage], node, other)]
        return max((network.latency(node, other) + latency_from(stage + 1, other) for other in reached), default=0)

    @cache
    def latency_after_gap(stage: int) -> int:
        if stage >= len(stages) or splits(stage):
            return 0
        if not stages[stage]:
            return latency_after_gap(stage + 1)
        return max(latency_from(stage, node) for node in stages[stage])

    begins = [0, *(stage + 1 for stage in range(len(stages)) if splits(stage))]
    return max(latency_after_gap(stage) for stage in begins)


def _keys(problem: Problem, limit: ResponseTimeLimit) -> list[str]:
    """Returns for each hop of a path the topology key within whose domains its requests stay; "" for any nodes."""
    keys = []
    for sources, sinks in zip(limit.stages, limit.stages[1:], strict=False):
        ends = {(source.workload, sink.workload) for source in sources for sink in sinks}
        local = {edge.within for edge in problem.edges if (edge.source, edge.sink) in ends}
        keys.append(next(iter(local)) if len(local) == 1 else "")
    return keys
