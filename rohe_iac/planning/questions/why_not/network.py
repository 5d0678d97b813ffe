"""Mending: the smallest edits of links, flows and contracts that would let a replica's flows reach its peers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, pairwise

from rohe_iac.foundation.quantities import exact_milliseconds
from rohe_iac.planning.model.demand import Edge
from rohe_iac.planning.model.promise import ResponseTimeLimit
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, EditStep, RefusalCase

Flow = tuple[str, str]
"""What a flow of the blueprint goes from and to, as edits name it: `service/camera`, `detect`."""


def link_ways(case: RefusalCase) -> Iterator[list[EditSet]]:
    """What keeps the replica's flows from its peers: links that are too slow, too narrow, or that are not there."""
    indexed, ledger = case.indexed, case.ledger
    far: list[tuple[int, Flow, int, int]] = []
    flows = _flows(case)
    for edge, flow, peer in flows:
        for other in sorted(ledger.placed[peer]):
            route = indexed.route(case.node, other)
            if route is None:
                yield []
                return
            if edge.latency is not None and route[0] > edge.latency:
                far.append((route[1], flow, route[0], edge.latency))
    if far:
        yield _nearer(case, far)
    loads = ledger.loads(case.demand, case.node)
    over = {
        wire: load - ledger.bandwidth[wire] for wire, load in sorted(loads.items()) if load > ledger.bandwidth[wire]
    }
    if over:
        yield _narrower(case, over, flows)
    late = _late(case)
    if late:
        yield _within(case, late)


def _flows(case: RefusalCase) -> list[tuple[Edge, Flow, int]]:
    """The flows to and from the replica, with their names and their other ends."""
    indexed, mine, found = case.indexed, case.wanted.workload, []
    if not indexed.wires:
        return []
    for edge in indexed.problem.edges:
        if mine in (edge.source, edge.sink):
            source, sink = indexed.index.get(edge.source), indexed.index.get(edge.sink)
            if source is not None and sink is not None:
                found.append((edge, _flow_name(case, source, sink), sink if edge.source == mine else source))
    return found


def _flow_name(case: RefusalCase, source: int, sink: int) -> Flow:
    """Members of a service share its flow, as the blueprint does."""
    one, two = case.indexed.demands[source], case.indexed.demands[sink]
    names = {(other.pipeline, other.service) for other in case.indexed.demands if other.service == one.service}
    name = one.service if len(names) == 1 else f"{one.pipeline}:{one.service}"
    return f"service/{name}", two.service


def _covers(
    problems: Sequence[tuple[int, Flow]], ways: Callable[[set[int], set[Flow]], EditSet | None]
) -> Iterator[EditSet]:
    """Every choice of at most two links and flows to edit."""
    fields: list[int | Flow] = [*sorted({wire for wire, _ in problems}), *sorted({flow for _, flow in problems})]
    for number in (1, 2):
        for chosen in combinations(fields, number):
            wires = {one for one in chosen if isinstance(one, int)}
            way = ways(wires, {one for one in chosen if not isinstance(one, int)})
            if way is not None:
                yield way


def _nearer(case: RefusalCase, far: Iterable[tuple[int, Flow, int, int]]) -> list[EditSet]:
    """Faster links, or flows that allow more time."""
    told = list(far)

    def way(wires: set[int], flows: set[Flow]) -> EditSet | None:
        down: dict[int, int] = {}
        up: dict[Flow, tuple[int, int]] = {}
        for wire, flow, took, limit in told:
            if wire in wires:
                down[wire] = min(limit, down.get(wire, limit))
            elif flow in flows:
                up[flow] = (max(took, up.get(flow, (0, 0))[0]), limit)
            else:
                return None
        slower = [
            EditStep(
                f"{source}.flow.{sink}.latency up to {exact_milliseconds(took)}",
                f"{source}.flow.{sink}.latency={took}us",
                (took - limit) * MILLION // max(limit, 1),
            )
            for (source, sink), (took, limit) in sorted(up.items())
        ]
        return (*(_faster(case, wire, limit) for wire, limit in sorted(down.items())), *slower)

    return list(_covers([(wire, flow) for wire, flow, _, _ in told], way))


def _narrower(case: RefusalCase, over: dict[int, int], flows: Sequence[tuple[Edge, Flow, int]]) -> list[EditSet]:
    """Wider links, or flows that need less of them."""
    named = {flow: edge.bandwidth for edge, flow, _ in flows if edge.bandwidth}

    def way(wires: set[int], less: set[Flow]) -> EditSet | None:
        rest = {wire: lacking for wire, lacking in over.items() if wire not in wires}
        if bool(rest) != bool(less) or len(less) > 1:
            return None
        steps = [_wider(case, wire, over[wire]) for wire in sorted(wires)]
        for flow in less:
            fits = _fitting(case, flow, named[flow] or 0, rest)
            if not fits:
                return None
            field = f"{flow[0]}.flow.{flow[1]}.bandwidth"
            had = named[flow] or 0
            steps.append(EditStep(f"{field} down to {fits}bps", f"{field}={fits}bps", (had - fits) * MILLION // had))
        return tuple(steps)

    problems = [(wire, flow) for wire in over for flow in named]
    return list(_covers(problems, way))


def _fitting(case: RefusalCase, flow: Flow, had: int, over: dict[int, int]) -> int:
    """The most bits a second that the flow may need for no link to be over; 0 where that does not help."""
    indexed, ledger = case.indexed, case.ledger
    pairs: dict[int, Counter[int]] = defaultdict(Counter)
    for edge in indexed.problem.edges:
        source, sink = indexed.index.get(edge.source), indexed.index.get(edge.sink)
        if source is None or sink is None or _flow_name(case, source, sink) != flow:
            continue
        places = [dict(ledger.placed[one]) for one in (source, sink)]
        for place, one in zip(places, (source, sink), strict=True):
            if one == case.demand:
                place[case.node] = place.get(case.node, 0) + 1
        ways = max(1, indexed.demands[source].replicas * indexed.demands[sink].replicas)
        for a, many in places[0].items():
            for b, more in places[1].items():
                route = indexed.route(a, b)
                if route is not None and route[1] in over:
                    pairs[route[1]][ways] += many * more

    def load(wire: int, need: int) -> int:
        return sum(-(-need // ways) * number for ways, number in pairs[wire].items())

    low, high = 0, had
    while low < high:
        middle = (low + high + 1) // 2
        if all(load(wire, had) - load(wire, middle) >= lacking for wire, lacking in over.items()):
            low = middle
        else:
            high = middle - 1
    return low


def _faster(case: RefusalCase, wire: int, latency: int) -> EditStep:
    one = case.indexed.wires[wire]
    had, field = one.latency or 0, f"link/{one.name}.latency"
    return EditStep(
        f"{field} down to {exact_milliseconds(latency)}",
        f"{field}={latency}us",
        (had - latency) * MILLION // max(had, 1),
    )


def _wider(case: RefusalCase, wire: int, lacking: int) -> EditStep:
    one = case.indexed.wires[wire]
    had, field = one.bandwidth or 0, f"link/{one.name}.bandwidth"
    return EditStep(
        f"{field} up to {had + lacking}bps", f"{field}={had + lacking}bps", lacking * MILLION // max(had, 1)
    )


def _stages(case: RefusalCase, promise: ResponseTimeLimit) -> list[set[int]]:
    """The nodes of each stage of a way, with the replica where it would be."""
    indexed, ledger, found = case.indexed, case.ledger, []
    for stage in promise.stages:
        demands = [indexed.index[one.workload] for one in stage if one.workload in indexed.index]
        nodes = {node for demand in demands for node in ledger.placed[demand]}
        found.append(nodes | {case.node} if case.demand in demands else nodes)
    return found


def _late(case: RefusalCase) -> list[tuple[ResponseTimeLimit, list[set[int]]]]:
    """The promises that the replica would break there, with the nodes on their ways."""
    found = []
    for promise in case.indexed.problem.promises if case.indexed.wires else ():
        mine = any(one.workload == case.wanted.workload for stage in promise.stages for one in stage)
        if mine and len(promise.stages) > 1:
            stages = _stages(case, promise)
            if _time(case, stages, {}) > promise.network_budget:
                found.append((promise, stages))
    return found


def _time(case: RefusalCase, stages: Sequence[set[int]], latencies: dict[int, int]) -> int:
    """Microseconds on links on the slowest way, were the links of these positions so fast."""
    total, there = 0, dict.fromkeys(stages[0], 0)
    for nodes in stages[1:]:
        onward = {}
        for node in nodes:
            took = 0
            for other, before in there.items():
                route = case.indexed.route(other, node)
                if route is not None:
                    took = max(took, before + (latencies.get(route[1], route[0]) if route[1] >= 0 else 0))
            onward[node] = took
        if not nodes:
            total += max(there.values(), default=0)
        there = onward
    return total + max(there.values(), default=0)


def _within(case: RefusalCase, late: Sequence[tuple[ResponseTimeLimit, list[set[int]]]]) -> list[EditSet]:
    """The contract's limits up, or the latency of a link on the ways down, by all that they lack."""
    raised: list[EditStep] = []
    for promise, stages in late:
        over = _time(case, stages, {}) - promise.network_budget
        limit = promise.limit + over + max(0, promise.service_time - promise.limit)
        contract, _, objective = promise.objective.partition("/")
        told = f"contract/{contract}.{objective}"
        change = (limit - promise.limit) * MILLION // max(promise.limit, 1)
        raised = [step for step in raised if step.edit.partition("=")[0] != told or step.change > change]
        if not any(step.edit.partition("=")[0] == told for step in raised):
            raised.append(EditStep(f"{told} up to {exact_milliseconds(limit)}", f"{told}={limit}us", change))
    found: list[EditSet] = [tuple(raised)]
    wires = {
        route[1]
        for _, stages in late
        for one, two in pairwise(stages)
        for a in one
        for b in two
        if (route := case.indexed.route(a, b)) is not None and route[1] >= 0
    }
    for wire in sorted(wires):
        had = case.indexed.wires[wire].latency or 0
        least = _slowest_allowed(case, late, wire)
        if least is not None and least < had:
            found.append((_faster(case, wire, least),))
    return found


def _slowest_allowed(
    case: RefusalCase, late: Sequence[tuple[ResponseTimeLimit, list[set[int]]]], wire: int
) -> int | None:
    """The most microseconds of the link with which no promise is broken, or None where not even 0 will do."""
    low, high = -1, case.indexed.wires[wire].latency or 0
    while low < high:
        middle = (low + high + 1) // 2
        if all(_time(case, stages, {wire: middle}) <= promise.network_budget for promise, stages in late):
            low = middle
        else:
            high = middle - 1
    return None if low < 0 else low
