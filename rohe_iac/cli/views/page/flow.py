"""The flow of a plan for a page: services in stages, and what each flow goes over."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from rohe_iac.cli.views.page.nodes import Keys
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.index import IndexedProblem

MOST_PAIRS = 4000
"""Pairs of nodes that one flow is followed over; above, it is only counted."""


MOST_NODES = 8


MOST_EDGES = 400


@dataclass(frozen=True, slots=True)
class Stop:
    """A workload in a stage: its number, its name, and the nodes that it is on with how many replicas each."""

    key: int
    name: str
    nodes: tuple[tuple[str, int], ...]
    nodes_more: int
    unplaced: int


@dataclass(frozen=True, slots=True)
class Stage:
    """Workloads at one distance from the pipeline's sources."""

    pipeline: str
    first: bool
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Leg:
    """What a part of a flow goes over: a link's name, "same node", "same zone" or "no link", with its latency."""

    over: str
    pairs: int
    latency: str
    late: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """One flow between two workloads: what it asks of the network and what it gets."""

    source: str
    source_key: int
    sink: str
    sink_key: int
    rate: str
    asks: str
    legs: tuple[Leg, ...]


def stages_of(problem: Problem, plan: Plan, keys: Keys) -> tuple[Stage, ...]:
    """The workloads of each pipeline that has a flow, by their distance from its sources."""
    homes: dict[str, Counter[str]] = defaultdict(Counter)
    for place in plan.placements:
        homes[place.workload][place.node] += 1
    missing = Counter(item.workload for item in plan.unplaced)
    pipelines = {demand.workload: demand.pipeline for demand in problem.demands}
    depth = _depths(problem)
    rows: dict[tuple[str, int], list[str]] = defaultdict(list)
    for workload, distance in depth.items():
        rows[pipelines.get(workload, ""), distance].append(workload)
    found = []
    seen = set()
    for (pipeline, _), workloads in sorted(rows.items()):
        stops = tuple(
            Stop(
                keys.number(workload),
                keys.name(workload),
                tuple(sorted(homes[workload].items())[:MOST_NODES]),
                max(0, len(homes[workload]) - MOST_NODES),
                missing[workload],
            )
            for workload in sorted(workloads)[:MOST_EDGES]
        )
        found.append(Stage(pipeline, pipeline not in seen, stops))
        seen.add(pipeline)
    return tuple(found[:MOST_EDGES])


def stretches_of(problem: Problem, plan: Plan, keys: Keys) -> tuple[Stretch, ...]:
    """Every flow between two workloads with the links that its replicas' nodes make it go over."""
    layout = IndexedProblem(problem)
    homes: dict[str, Counter[int]] = defaultdict(Counter)
    for place in plan.placements:
        if place.node in layout.node_index:
            homes[place.workload][layout.node_index[place.node]] += 1
    found = []
    for edge in problem.edges[:MOST_EDGES]:
        asks = [f"latency at most {_shown_latency(edge.latency)}"] if edge.latency is not None else []
        asks += [f"{_shown_bandwidth(edge.bandwidth)}"] if edge.bandwidth is not None else []
        found.append(
            Stretch(
                keys.name(edge.source),
                keys.number(edge.source),
                keys.name(edge.sink),
                keys.number(edge.sink),
                f"{edge.rate / 1_000_000:g}",
                ", ".join(asks),
                _legs(layout, homes[edge.source], homes[edge.sink], edge.latency),
            )
        )
    return tuple(found)


def _depths(problem: Problem) -> dict[str, int]:
    after: dict[str, set[str]] = defaultdict(set)
    for edge in problem.edges:
        if edge.source != edge.sink:
            after[edge.source].add(edge.sink)
    depth = {workload: 0 for edge in problem.edges for workload in (edge.source, edge.sink)}
    # A longest path is shorter than the number of workloads; a cycle stops there.
    for _ in range(min(len(depth), 100)):
        changed = False
        for source, sinks in after.items():
            for sink in sinks:
                if depth[sink] < depth[source] + 1 <= len(depth):
                    depth[sink] = depth[source] + 1
                    changed = True
        if not changed:
            break
    return depth


def _legs(layout: IndexedProblem, sources: Counter[int], sinks: Counter[int], limit: int | None) -> tuple[Leg, ...]:
    if len(sources) * len(sinks) > MOST_PAIRS:
        return (Leg("too many pairs of nodes to draw", sources.total() * sinks.total(), "", False),)
    pairs: Counter[tuple[str, int]] = Counter()
    for a, many in sources.items():
        for b, more in sinks.items():
            pairs[over(layout, a, b)] += many * more
    return tuple(
        Leg(
            words,
            count,
            _shown_latency(latency) if latency > 0 else "",
            latency < 0 or (limit is not None and latency > limit),
        )
        for (words, latency), count in sorted(pairs.items())
    )


def over(layout: IndexedProblem, a: int, b: int) -> tuple[str, int]:
    """What lies between two nodes, in words, and its latency in microseconds; -1 where they are not connected."""
    if a == b:
        return ("same node", 0)
    route = layout.route(a, b)
    if route is None:
        return ("no link", -1)
    if route[1] >= 0:
        return (f"link {layout.wires[route[1]].name}", route[0])
    return ("same zone" if layout.wires else "no links declared", 0)


def _shown_latency(micro: int) -> str:
    return f"{micro / 1000:g} ms"


def _shown_bandwidth(bits: int) -> str:
    for unit, size in (("Gbps", 10**9), ("Mbps", 10**6), ("Kbps", 10**3)):
        if bits >= size:
            return f"{bits / size:g} {unit}"
    return f"{bits} bps"
