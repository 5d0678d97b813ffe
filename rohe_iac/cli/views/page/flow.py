"""The flow of a plan for a page: workloads in stages, and what each flow between two workloads goes over."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from rohe_iac.cli.views.page.flow_pairs import FlowPairs, pairs_of
from rohe_iac.cli.views.page.keys import WorkloadKeys
from rohe_iac.cli.views.plans.node_usage import nodes_by_workload
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.questions.analysis.node_connections import NodeConnection, NodeConnections

MAX_PAIRS = 4000
"""Pairs of nodes that one flow is followed over; the pairs of a larger flow are only counted."""

MAX_NODES = 8
"""Nodes of one workload that a stage names; the others are counted."""

MAX_FLOWS = 400
"""Flows, stages and workloads of a stage that a page shows."""

MAX_PASSES = 100
"""Passes over the flows that look for the stages; a cycle of workloads would ask for ever more."""


@dataclass(frozen=True, slots=True)
class StageWorkload:
    """A workload in a stage.

    Attributes:
        key: its number.
        name: its short name.
        nodes: the nodes that it is on, with how many replicas each.
        nodes_more: how many of its nodes are left out.
        unplaced: how many of its replicas have no node.
    """

    key: int
    name: str
    nodes: tuple[tuple[str, int], ...]
    nodes_more: int
    unplaced: int


@dataclass(frozen=True, slots=True)
class Stage:
    """The workloads at one distance from the sources of a pipeline.

    Attributes:
        pipeline: the name of the pipeline.
        first: whether no stage of this pipeline comes before.
        workloads: the workloads by address.
    """

    pipeline: str
    first: bool
    workloads: tuple[StageWorkload, ...]


@dataclass(frozen=True, slots=True)
class FlowPart:
    """The part of a flow that goes over one link, or over none.

    Attributes:
        over: the link, or words for what connects the nodes.
        pairs: how many pairs of replicas it connects.
        latency: the latency in words; empty where it is 0 or unknown.
        late: whether the nodes are not connected or the latency is more than the flow allows.
    """

    over: str
    pairs: int
    latency: str
    late: bool


@dataclass(frozen=True, slots=True)
class WorkloadFlow:
    """One flow between two workloads: what it asks of the network and what it goes over.

    Attributes:
        source, sink: short names of the workloads.
        source_key, sink_key: numbers of the workloads.
        rate: messages for each request.
        asks: the latency and bandwidth that it asks for, in words.
        parts: what it goes over.
    """

    source: str
    source_key: int
    sink: str
    sink_key: int
    rate: str
    asks: str
    parts: tuple[FlowPart, ...]


def stages_of(problem: Problem, plan: Plan, keys: WorkloadKeys) -> tuple[Stage, ...]:
    """Returns the workloads of each pipeline that has a flow, by their distance from its sources."""
    nodes: dict[str, Counter[str]] = defaultdict(Counter)
    for placement in plan.placements:
        nodes[placement.workload][placement.node] += 1
    unplaced = Counter(item.workload for item in plan.unplaced)
    pipelines = {demand.workload: demand.pipeline for demand in problem.demands}
    members: dict[tuple[str, int], list[str]] = defaultdict(list)
    for workload, distance in _distances(problem).items():
        members[pipelines.get(workload, ""), distance].append(workload)
    found = []
    seen = set()
    for (pipeline, _), workloads in sorted(members.items()):
        shown = tuple(
            StageWorkload(
                keys.number(workload),
                keys.name(workload),
                tuple(sorted(nodes[workload].items())[:MAX_NODES]),
                max(0, len(nodes[workload]) - MAX_NODES),
                unplaced[workload],
            )
            for workload in sorted(workloads)[:MAX_FLOWS]
        )
        found.append(Stage(pipeline, pipeline not in seen, shown))
        seen.add(pipeline)
    return tuple(found[:MAX_FLOWS])


def flows_of(
    problem: Problem, plan: Plan, keys: WorkloadKeys, connections: NodeConnections
) -> tuple[WorkloadFlow, ...]:
    """Returns every flow between two workloads with the links that the nodes of its replicas make it go over."""
    nodes = nodes_by_workload(problem, plan)
    found = []
    for edge in problem.edges[:MAX_FLOWS]:
        asks = [f"latency at most {shown_latency(edge.latency)}"] if edge.latency is not None else []
        asks += [_shown_bandwidth(edge.bandwidth)] if edge.bandwidth is not None else []
        asks += [f"within one {edge.within}"] if edge.within else []
        found.append(
            WorkloadFlow(
                keys.name(edge.source),
                keys.number(edge.source),
                keys.name(edge.sink),
                keys.number(edge.sink),
                f"{edge.rate / 1_000_000:g}",
                ", ".join(asks),
                _parts(connections, pairs_of(problem, edge, nodes), edge.latency),
            )
        )
    return tuple(found)


def is_late(connection: NodeConnection, limit: int | None) -> bool:
    """Checks whether two nodes are not connected, or by more latency than the limit in microseconds."""
    return not connection.connected or (limit is not None and connection.latency > limit)


def shown_latency(microseconds: int) -> str:
    """Returns a latency in milliseconds with its unit."""
    return f"{microseconds / 1000:g} ms"


def _distances(problem: Problem) -> dict[str, int]:
    """Returns the length of the longest way from a source to each workload that has a flow."""
    sinks: dict[str, set[str]] = defaultdict(set)
    for edge in problem.edges:
        if edge.source != edge.sink:
            sinks[edge.source].add(edge.sink)
    distances = {workload: 0 for edge in problem.edges for workload in (edge.source, edge.sink)}
    # A longest way is shorter than the number of workloads; a cycle stops there.
    for _ in range(min(len(distances), MAX_PASSES)):
        changed = False
        for source, following in sinks.items():
            for sink in following:
                if distances[sink] < distances[source] + 1 <= len(distances):
                    distances[sink] = distances[source] + 1
                    changed = True
        if not changed:
            break
    return distances


def _parts(connections: NodeConnections, flow: FlowPairs, limit: int | None) -> tuple[FlowPart, ...]:
    """Returns what a flow from replicas on some nodes to replicas on others goes over, by the words for it."""
    if flow.nodes > MAX_PAIRS:
        return (FlowPart("too many pairs of nodes to draw", flow.replicas, "", False),)
    pairs: Counter[NodeConnection] = Counter()
    for source, sink, count in flow.between():
        pairs[connections.between(source, sink)] += count
    return tuple(
        FlowPart(
            connection.over,
            count,
            shown_latency(connection.latency) if connection.latency > 0 else "",
            is_late(connection, limit),
        )
        for connection, count in sorted(pairs.items())
    )


def _shown_bandwidth(bits: int) -> str:
    """Returns bits a second in the largest decimal unit of at least 1."""
    for unit, size in (("Gbps", 10**9), ("Mbps", 10**6), ("Kbps", 10**3)):
        if bits >= size:
            return f"{bits / size:g} {unit}"
    return f"{bits} bps"
