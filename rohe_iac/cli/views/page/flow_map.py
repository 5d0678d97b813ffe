"""A map of a plan's flow: used nodes in rows by zone, and an arc for what flows from one node to another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rohe_iac.cli.views.page.flow import MAX_PAIRS, is_late, shown_latency
from rohe_iac.cli.views.page.flow_pairs import pairs_of
from rohe_iac.cli.views.page.keys import COLOURS, WorkloadKeys
from rohe_iac.cli.views.page.nodes import zone_of
from rohe_iac.cli.views.plans.node_usage import nodes_by_workload
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.questions.analysis.node_connections import NodeConnections

MAX_ROWS = 24
"""Nodes on a map; the others are counted."""

MAX_ARCS = 60
"""Arcs on a map; the others are counted."""

LEAST_BOX = 90
"""Units that the box of a node is wide at least."""

WIDEST = 130
"""Units that the control points of an arc are away from the boxes, at most; three quarters of it are seen."""

BOX_HEIGHT, GAP, HEAD_HEIGHT = 30, 10, 20
"""Units that a box, the gap below it and the head of a zone are high."""

LINE = 12
"""Units between labels."""

LETTER = 6.2
"""Units that a letter is wide, at most on average."""

MARGIN = 16
"""Units beside the name in a box, and between the widest arc and the labels."""

EdgeBetween = tuple[int, str, str]
"""Position of an edge in the problem, node of the sender, node of the receiver."""


@dataclass(frozen=True, slots=True)
class MapRow:
    """The box of a node, or the head of the boxes of a zone.

    Attributes:
        y: the top of the row, in units.
        name: the name of the node; empty for a head.
        text: what is written in the row.
        under: the text below it; empty where there is none.
        zone: whether the row is the head of a zone.
    """

    y: int
    name: str
    text: str
    under: str
    zone: bool


@dataclass(frozen=True, slots=True)
class MapArc:
    """What flows from one node to another.

    Attributes:
        path: the SVG path.
        colour: the number of the colour of the sending workload.
        width: the width of the line in units, wider the more of the flow's pairs of replicas it stands for.
        late: whether the nodes are not connected or the latency is more than the flow allows.
        title: all that is known of the arc, in words.
        label: the text beside the drawing at the height `y`; empty where another label says the same.
        x: the rightmost point of the arc, where a thin line to its label begins.
        middle: the height of that point.
        y: the height of the label.
    """

    path: str
    colour: int
    width: float
    late: bool
    title: str
    label: str
    x: float
    middle: float
    y: float


@dataclass(frozen=True, slots=True)
class FlowMap:
    """The drawing.

    Attributes:
        width, height: units.
        box: the width of the boxes of nodes.
        beside: where the labels begin: right of all arcs.
        rows: heads of zones and boxes of nodes, from the top.
        arcs: what flows between the nodes.
        nodes_more: how many nodes with flows are left out.
        arcs_more: how many arcs are left out.
    """

    width: int
    height: int
    box: int
    beside: int
    rows: tuple[MapRow, ...]
    arcs: tuple[MapArc, ...]
    nodes_more: int
    arcs_more: int


def map_of(problem: Problem, plan: Plan, keys: WorkloadKeys, connections: NodeConnections) -> FlowMap | None:
    """Returns the map; None where nothing flows between nodes, or a flow has more than MAX_PAIRS pairs of them."""
    counted = _count_pairs(problem, plan)
    if counted is None or not counted[0]:
        return None
    pairs, inside = counted
    weight: Counter[str] = Counter()
    totals: Counter[int] = Counter()
    for (number, source, sink), count in pairs.items():
        weight[source] += count
        weight[sink] += count
        totals[number] += count
    shown = {node for node, _ in sorted(weight.items(), key=lambda item: (-item[1], item[0]))[:MAX_ROWS]}
    rows, middles, height = _rows(problem, shown, inside)
    box = round(max(LEAST_BOX, MARGIN + LETTER * max(max(len(row.text), len(row.under)) for row in rows)))
    order = {node: place for place, node in enumerate(sorted(shown, key=middles.__getitem__))}
    drawn = [between for between in sorted(pairs) if between[1] in shown and between[2] in shown][:MAX_ARCS]
    arcs = []
    starts: Counter[str] = Counter()
    for number, source, sink in drawn:
        edge = problem.edges[number]
        connection = connections.between(source, sink)
        starts[source] += 1
        starts[sink] += 1
        top, bottom = middles[source] + _offset(starts[source]), middles[sink] + _offset(starts[sink])
        reach = box + min(WIDEST, 30 + 22 * abs(order[source] - order[sink]))
        label = connection.over + (f" {shown_latency(connection.latency)}" if connection.latency > 0 else "")
        count = pairs[number, source, sink]
        arcs.append(
            MapArc(
                f"M{box} {top} C{reach} {top} {reach} {bottom} {box + 9} {bottom}",
                keys.number(edge.source) % COLOURS,
                round(1.5 + 4 * count / totals[number], 2),
                is_late(connection, edge.latency),
                f"{keys.name(edge.source)} on {source} to {keys.name(edge.sink)} on {sink}: "
                f"{label}, {count} of {totals[number]} pairs of replicas",
                label,
                round(box + 0.75 * (reach - box), 1),
                round((top + bottom) / 2, 1),
                round((top + bottom) / 2, 1),
            )
        )
    arcs = _without_overlaps(arcs)
    beside = round(max((arc.x for arc in arcs), default=box)) + MARGIN
    width = beside + round(LETTER * max((len(arc.label) for arc in arcs), default=0)) + MARGIN
    height = max([height, *(round(arc.y) + LINE for arc in arcs if arc.label)])
    return FlowMap(width, height, box, beside, rows, tuple(arcs), len(weight) - len(shown), len(pairs) - len(arcs))


def _count_pairs(problem: Problem, plan: Plan) -> tuple[Counter[EdgeBetween], Counter[str]] | None:
    """Counts the pairs of replicas of each flow between two nodes, and the flows within each node.

    Returns:
        The two counts; None where one flow has more than MAX_PAIRS pairs of nodes.
    """
    nodes = nodes_by_workload(problem, plan)
    pairs: Counter[EdgeBetween] = Counter()
    inside: Counter[str] = Counter()
    for number, edge in enumerate(problem.edges):
        flow = pairs_of(problem, edge, nodes)
        if flow.nodes > MAX_PAIRS:
            return None
        for source, sink, count in flow.between():
            if source == sink:
                inside[source] += 1
            else:
                pairs[number, source, sink] += count
    return pairs, inside


def _offset(number: int) -> int:
    """Returns where the arc of this number begins at a box: 0, 4, -4, 8, -8 units from its middle, and again."""
    step = number % 5
    return (step + 1) // 2 * 4 * (1 if step % 2 else -1)


def _without_overlaps(arcs: Sequence[MapArc]) -> list[MapArc]:
    """Returns the arcs with their labels pushed down from each other."""
    found: dict[int, MapArc] = {}
    last, previous = 0.0, ""
    for number in sorted(range(len(arcs)), key=lambda number: (arcs[number].y, number)):
        arc = arcs[number]
        y = max(arc.y, last + LINE)
        # Arcs beside each other over the same link are labelled once; each has its title as well.
        shown = arc.label if arc.label != previous or y > last + 3 * LINE else ""
        last, previous = (y, shown) if shown else (last, previous)
        found[number] = replace(arc, label=shown, y=y)
    return [found[number] for number in range(len(arcs))]


def _rows(
    problem: Problem, shown: set[str], inside: Mapping[str, int]
) -> tuple[tuple[MapRow, ...], dict[str, int], int]:
    """Returns the rows of the shown nodes, the middle of each node's box and the height of the drawing, in units."""
    zones: dict[str, list[str]] = defaultdict(list)
    for node in sorted(problem.nodes, key=lambda node: node.name):
        if node.name in shown:
            zones[zone_of(node)].append(node.name)
    rows: list[MapRow] = []
    middles: dict[str, int] = {}
    y = 4
    for zone, names in sorted(zones.items()):
        rows.append(MapRow(y, "", f"zone {zone}" if zone else "no zone", "", True))
        y += HEAD_HEIGHT
        for name in names:
            count = inside[name]
            under = f"{count} flow{'s' if count > 1 else ''} inside" if count else ""
            rows.append(MapRow(y, name, name, under, False))
            middles[name] = y + BOX_HEIGHT // 2
            y += BOX_HEIGHT + GAP
    return tuple(rows), middles, y + 4
