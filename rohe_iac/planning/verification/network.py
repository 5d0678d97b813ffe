"""Verification of the network: latency and bandwidth of every flow, and what contracts leave for the ways through it.

Like the rest of the verification it shares nothing with the planner's own arithmetic.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from math import ceil, hypot

from rohe_iac.planning.model.plan import Placement
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.promise import ResponseTimeLimit
from rohe_iac.planning.model.supply import Supply, Wire

ROUNDING = 1
"""Microseconds that the square root of large sums may be off by here."""


def network_faults(problem: Problem, items: Sequence[Placement]) -> Iterator[tuple[str, str, str]]:
    """The rule, the address of what breaks it, and how.

    items: placements of workloads and nodes that the problem has.
    """
    if not problem.wires:
        return
    network = _Network(problem)
    places: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        places[item.workload][item.node] += 1
    yield from _flows(problem, network, places)
    for promise in problem.promises:
        if len(promise.stages) < 2:
            continue
        stages = [{node for answer in stage for node in places[answer.workload]} for stage in promise.stages]
        allowed = max(0, promise.limit - _answering(promise))
        taken = _slowest(network, stages)
        if taken > allowed + ROUNDING:
            ends = [promise.stages[0][0].workload, promise.stages[-1][0].workload]
            message = f"{taken} us on links to {ends[1]}, {promise.objective} leaves {allowed} of {promise.limit}"
            yield "budget", ends[0], message


def _flows(problem: Problem, network: _Network, places: dict[str, Counter[str]]) -> Iterator[tuple[str, str, str]]:
    replicas = {demand.workload: demand.replicas for demand in problem.demands}
    loads: Counter[str] = Counter()
    for edge in problem.edges:
        if edge.source not in replicas or edge.sink not in replicas:
            continue
        pairs = max(1, replicas[edge.source] * replicas[edge.sink])
        share = -(-(edge.bandwidth or 0) // pairs)
        for one, times in places[edge.source].items():
            for two, others in places[edge.sink].items():
                wire, joined = network.between(one, two)
                if not joined:
                    yield "latency", edge.source, f"no link from {one} to {two} for {edge.sink}"
                elif wire is not None:
                    latency = wire.latency or 0
                    if edge.latency is not None and latency > edge.latency:
                        yield "latency", edge.source, f"{latency} us from {one} to {two}, {edge.latency} allowed"
                    loads[wire.name] += share * times * others
    for link in problem.wires:
        if link.bandwidth is not None and loads[link.name] > link.bandwidth:
            yield "bandwidth", f"link/{link.name}", f"{loads[link.name]} of {link.bandwidth} bit/s"


class _Network:
    """How nodes reach each other, by name."""

    def __init__(self, problem: Problem) -> None:
        self._nodes = {node.name: node for node in problem.nodes}
        self._wires: dict[frozenset[str], list[Wire]] = defaultdict(list)
        for wire in (one for one in problem.wires if not one.down):
            self._wires[frozenset(wire.ends)].append(wire)

    def between(self, one: str, two: str) -> tuple[Wire | None, bool]:
        """The wire that counts, None for none; and whether they reach each other."""
        if one == two:
            return None, True
        first, second = self._ends(self._nodes[one]), self._ends(self._nodes[two])
        for pairs in (((0, 0),), ((0, 1), (1, 0)), ((1, 1),)):
            found = [wire for a, b in pairs for wire in self._wires.get(frozenset((first[a], second[b])), ())]
            if found:
                return min(found, key=lambda wire: (wire.latency or 0, wire.name)), True
        return None, first[1] == second[1] != ""

    def latency(self, one: str, two: str) -> int:
        """Microseconds; 0 without a wire."""
        wire, _ = self.between(one, two)
        return 0 if wire is None else wire.latency or 0

    @staticmethod
    def _ends(node: Supply) -> tuple[str, str]:
        zone = dict(node.labels).get("zone")
        return f"node/{node.name}", "" if zone is None else f"zone/{zone}"


def _answering(promise: ResponseTimeLimit) -> int:
    """What the services take on the way: the slowest member of each; means and, in squares, what lies above them."""
    slowest = [max(stage, key=lambda one: one.mean + one.above) for stage in promise.stages]
    return sum(one.mean for one in slowest) + ceil(hypot(*(one.above for one in slowest)))


def _slowest(network: _Network, stages: list[set[str]]) -> int:
    """Microseconds on links from the first stage to the last; hops to and from a stage without replicas take none."""

    @cache
    def onward(stage: int, node: str) -> int:
        following = stages[stage + 1] if stage + 1 < len(stages) else set()
        if not following:
            return afresh(stage + 2)
        return max(network.latency(node, other) + onward(stage + 1, other) for other in following)

    @cache
    def afresh(stage: int) -> int:
        if stage >= len(stages):
            return 0
        if not stages[stage]:
            return afresh(stage + 1)
        return max(onward(stage, node) for node in stages[stage])

    return afresh(0)
