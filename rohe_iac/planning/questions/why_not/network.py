"""Edits of links, flows and contract limits: the smallest that let a replica's flows reach their other ends."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise

from rohe_iac.foundation.quantities import exact_milliseconds
from rohe_iac.planning.model.demand import Edge
from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.promise import ResponseTimeLimit, hop_keys
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.latency_budget import longest_latency
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex
from rohe_iac.planning.questions.why_not.refusal_case import AdjustableAmount, EditSet, EditStep, RefusalCase

Flow = tuple[str, str]
"""The two ends of a flow of the blueprint, as edits name them: `service/camera`, `detect`."""


def link_edits(case: RefusalCase) -> Iterator[list[EditSet]]:
    """Yields the edits for links that are too slow or too narrow; an empty list for a link that does not exist."""
    indexed, ledger = case.indexed, case.ledger
    too_slow: list[tuple[int, Flow, int, int]] = []
    flows = _flows(case)
    for edge, flow, peer in flows:
        for other in sorted(ledger.placed[peer]):
            if not indexed.exchanges(edge.within, case.node, other):
                continue
            route = indexed.route(case.node, other)
            if route is None:
                yield []
                return
            if edge.latency is not None and route[0] > edge.latency:
                too_slow.append((route[1], flow, route[0], edge.latency))
    if too_slow:
        yield _latency_edits(case, too_slow)
    loads = ledger.loads(case.demand, case.node)
    overload = {
        wire: load - free for wire, load in sorted(loads.items()) if load > (free := ledger.free_bandwidth(wire))
    }
    if overload:
        yield _bandwidth_edits(case, overload, flows)
    exceeded = _exceeded_limits(case)
    if exceeded:
        yield _limit_edits(case, exceeded)


def _flows(case: RefusalCase) -> list[tuple[Edge, Flow, DemandIndex]]:
    """Returns the flows to and from the replica, with their names and their other ends."""
    indexed, workload, found = case.indexed, case.wanted.workload, []
    if not indexed.wires:
        return []
    for edge in indexed.problem.edges:
        if workload in (edge.source, edge.sink) and edge.within != NODE_KEY:
            source, sink = indexed.index.get(edge.source), indexed.index.get(edge.sink)
            if source is not None and sink is not None:
                found.append((edge, _flow_name(case, source, sink), sink if edge.source == workload else source))
    return found


def _flow_name(case: RefusalCase, source: DemandIndex, sink: DemandIndex) -> Flow:
    """Returns the name of a flow; the members of a service share the flow of the service, as in the blueprint."""
    start, end = case.indexed.demands[source], case.indexed.demands[sink]
    names = {(other.pipeline, other.service) for other in case.indexed.demands if other.service == start.service}
    name = start.service if len(names) == 1 else f"{start.pipeline}:{start.service}"
    return f"service/{name}", end.service


def _combinations(
    problems: Sequence[tuple[int, Flow]], edits_of: Callable[[set[int], set[Flow]], EditSet | None]
) -> Iterator[EditSet]:
    """Yields the edits of every combination of at most two links and flows that solves all problems."""
    fields: list[int | Flow] = [*sorted({wire for wire, _ in problems}), *sorted({flow for _, flow in problems})]
    for number in (1, 2):
        for chosen in combinations(fields, number):
            wires = {field for field in chosen if isinstance(field, int)}
            edits = edits_of(wires, {field for field in chosen if not isinstance(field, int)})
            if edits is not None:
                yield edits


def _latency_edits(case: RefusalCase, too_slow: Sequence[tuple[int, Flow, int, int]]) -> list[EditSet]:
    """Returns edits to faster links, or to flows that allow more time."""

    def edits_of(wires: set[int], flows: set[Flow]) -> EditSet | None:
        down: dict[int, int] = {}
        up: dict[Flow, tuple[int, int]] = {}
        for wire, flow, latency, limit in too_slow:
            if wire in wires:
                down[wire] = min(limit, down.get(wire, limit))
            elif flow in flows:
                up[flow] = (max(latency, up.get(flow, (0, 0))[0]), limit)
            else:
                return None
        slower = [_slower(flow, limit, latency) for flow, (latency, limit) in sorted(up.items())]
        return (*(_faster(case, wire, limit) for wire, limit in sorted(down.items())), *slower)

    return list(_combinations([(wire, flow) for wire, flow, _, _ in too_slow], edits_of))


def _bandwidth_edits(
    case: RefusalCase, overload: dict[int, int], flows: Sequence[tuple[Edge, Flow, DemandIndex]]
) -> list[EditSet]:
    """Returns edits to wider links, or to flows that need less bandwidth.

    Args:
        overload: bits a second above the bandwidth, by link.
    """
    named = {flow: edge.bandwidth for edge, flow, _ in flows if edge.bandwidth}

    def edits_of(wires: set[int], narrowed: set[Flow]) -> EditSet | None:
        rest = {wire: lacking for wire, lacking in overload.items() if wire not in wires}
        if bool(rest) != bool(narrowed) or len(narrowed) > 1:
            return None
        steps = [_wider(case, wire, overload[wire]) for wire in sorted(wires)]
        for flow in narrowed:
            present = named[flow] or 0
            fitting = _fitting_bandwidth(case, flow, present, rest)
            if not fitting:
                return None
            steps.append(_narrower(flow, present, fitting))
        return tuple(steps)

    problems = [(wire, flow) for wire in overload for flow in named]
    return list(_combinations(problems, edits_of))


def _fitting_bandwidth(case: RefusalCase, flow: Flow, present: int, overload: dict[int, int]) -> int:
    """Returns the most bits a second that the flow may need without overloading a link; 0 where that does not help."""
    indexed, ledger = case.indexed, case.ledger
    pairs: dict[int, Counter[int]] = defaultdict(Counter)
    for edge in indexed.problem.edges:
        source, sink = indexed.index.get(edge.source), indexed.index.get(edge.sink)
        if source is None or sink is None or _flow_name(case, source, sink) != flow:
            continue
        replicas = [dict(ledger.placed[end]) for end in (source, sink)]
        for on_node, end in zip(replicas, (source, sink), strict=True):
            if end == case.demand:
                on_node[case.node] = on_node.get(case.node, 0) + 1
        for first, senders in replicas[0].items():
            reached = [node for node in replicas[1] if indexed.exchanges(edge.within, first, node)]
            ends = sum(replicas[1][node] for node in reached) if edge.within else indexed.demands[sink].replicas
            shares = max(1, indexed.demands[source].replicas * ends)
            for second in reached:
                route, receivers = indexed.route(first, second), replicas[1][second]
                if route is not None and route[1] in overload:
                    pairs[route[1]][shares] += senders * receivers

    def load(wire: int, need: int) -> int:
        return sum(-(-need // shares) * number for shares, number in pairs[wire].items())

    low, high = 0, present
    while low < high:
        middle = (low + high + 1) // 2
        if all(load(wire, present) - load(wire, middle) >= lacking for wire, lacking in overload.items()):
            low = middle
        else:
            high = middle - 1
    return low


def _faster(case: RefusalCase, wire: int, latency: int) -> EditStep:
    link = case.indexed.wires[wire]
    present, field = link.latency or 0, f"link/{link.name}.latency"
    return EditStep(
        f"{field} down to {exact_milliseconds(latency)}",
        f"{field}={latency}us",
        (present - latency) * MILLION // max(present, 1),
        AdjustableAmount(present, latency, lambda value: _faster(case, wire, value)),
        lowers=True,
    )


def _slower(flow: Flow, limit: int, latency: int) -> EditStep:
    field = f"{flow[0]}.flow.{flow[1]}.latency"
    return EditStep(
        f"{field} up to {exact_milliseconds(latency)}",
        f"{field}={latency}us",
        (latency - limit) * MILLION // max(limit, 1),
        AdjustableAmount(limit, latency, lambda value: _slower(flow, limit, value)),
    )


def _narrower(flow: Flow, present: int, bandwidth: int) -> EditStep:
    field, change = f"{flow[0]}.flow.{flow[1]}.bandwidth", (present - bandwidth) * MILLION // present
    adjustable = AdjustableAmount(present, bandwidth, lambda value: _narrower(flow, present, value))
    return EditStep(f"{field} down to {bandwidth}bps", f"{field}={bandwidth}bps", change, adjustable, lowers=True)


def _wider(case: RefusalCase, wire: int, lacking: int) -> EditStep:
    link = case.indexed.wires[wire]
    present, field = link.bandwidth or 0, f"link/{link.name}.bandwidth"
    wider, change = present + lacking, lacking * MILLION // max(present, 1)
    adjustable = AdjustableAmount(present, wider, lambda value: _wider(case, wire, value - present))
    return EditStep(f"{field} up to {wider}bps", f"{field}={wider}bps", change, adjustable)


def _stage_nodes(case: RefusalCase, limit: ResponseTimeLimit) -> list[set[NodeIndex]]:
    """Returns the nodes of each stage of a path, with the replica where it would be."""
    indexed, ledger, found = case.indexed, case.ledger, []
    for stage in limit.stages:
        demands = [indexed.index[time.workload] for time in stage if time.workload in indexed.index]
        nodes = {node for demand in demands for node in ledger.placed[demand]}
        found.append(nodes | {case.node} if case.demand in demands else nodes)
    return found


def _exceeded_limits(case: RefusalCase) -> list[tuple[ResponseTimeLimit, list[set[NodeIndex]]]]:
    """Returns the limits that the replica would exceed on the node, with the nodes of their stages."""
    found = []
    for limit in case.indexed.problem.promises if case.indexed.wires else ():
        on_path = any(time.workload == case.wanted.workload for stage in limit.stages for time in stage)
        if on_path and len(limit.stages) > 1:
            stages = _stage_nodes(case, limit)
            if _longest_latency(case, limit, stages, {}) > limit.network_budget:
                found.append((limit, stages))
    return found


def _longest_latency(
    case: RefusalCase, limit: ResponseTimeLimit, stages: Sequence[set[NodeIndex]], latencies: Mapping[int, int]
) -> int:
    """Returns the microseconds on the links of the slowest path.

    Args:
        latencies: microseconds of some links, by position, in place of their present latency.
    """
    return longest_latency(case.indexed, stages, _keys(case, limit), latencies)


def _keys(case: RefusalCase, limit: ResponseTimeLimit) -> tuple[str, ...]:
    """Returns the topology key of each hop between the stages of a path."""
    return hop_keys([[time.workload for time in stage] for stage in limit.stages], case.indexed.problem.edges)


def _limit_edits(
    case: RefusalCase, exceeded: Sequence[tuple[ResponseTimeLimit, list[set[NodeIndex]]]]
) -> list[EditSet]:
    """Returns edits to larger limits of contracts, or to a faster link on the paths."""
    raised: list[EditStep] = []
    for limit, stages in exceeded:
        over = _longest_latency(case, limit, stages, {}) - limit.network_budget
        needed = limit.limit + over + max(0, limit.service_time - limit.limit)
        more = _raise_limit(limit, needed)
        field = more.edited_field
        raised = [step for step in raised if step.edited_field != field or step.change > more.change]
        if not any(step.edited_field == field for step in raised):
            raised.append(more)
    found: list[EditSet] = [tuple(raised)]
    wires = {
        route[1]
        for limit, stages in exceeded
        for key, (sources, sinks) in zip(_keys(case, limit), pairwise(stages), strict=True)
        for source in sources
        for sink in sinks
        if case.indexed.exchanges(key, source, sink)
        and (route := case.indexed.route(source, sink)) is not None
        and route[1] >= 0
    }
    for wire in sorted(wires):
        allowed = _largest_latency(case, exceeded, wire)
        if allowed is not None and allowed < (case.indexed.wires[wire].latency or 0):
            found.append((_faster(case, wire, allowed),))
    return found


def _raise_limit(limit: ResponseTimeLimit, needed: int) -> EditStep:
    contract, _, objective = limit.objective.partition("/")
    field, change = f"contract/{contract}.{objective}", (needed - limit.limit) * MILLION // max(limit.limit, 1)
    adjustable = AdjustableAmount(limit.limit, needed, lambda value: _raise_limit(limit, value))
    return EditStep(f"{field} up to {exact_milliseconds(needed)}", f"{field}={needed}us", change, adjustable)


def _largest_latency(
    case: RefusalCase, exceeded: Sequence[tuple[ResponseTimeLimit, list[set[NodeIndex]]]], wire: int
) -> int | None:
    """Returns the largest latency of the link, in microseconds, that keeps all limits; None where not even 0 does."""
    low, high = -1, case.indexed.wires[wire].latency or 0
    while low < high:
        middle = (low + high + 1) // 2
        latencies = ((limit, _longest_latency(case, limit, stages, {wire: middle})) for limit, stages in exceeded)
        if all(latency <= limit.network_budget for limit, latency in latencies):
            low = middle
        else:
            high = middle - 1
    return None if low < 0 else low
