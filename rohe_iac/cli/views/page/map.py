"""A map of a plan's flow: used nodes in rows by zone, and an arc for what flows from one to another."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace

from rohe_iac.cli.views.page.flow import MOST_PAIRS, over
from rohe_iac.cli.views.page.nodes import COLOURS, Keys
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.index import IndexedProblem

MOST_ROWS = 24


MOST_ARCS = 60


WIDTH = 360
"""Units across; a phone is about as wide in pixels, so that the letters are of a readable size there."""


BOX = 130
"""Units that a node's box is wide."""


WIDEST = 130
"""Units that the control points of an arc are away from the boxes, at most; three quarters of it are seen."""


ROW, GAP, HEAD = 30, 10, 20


LINE = 12
"""Units between labels."""


LETTERS = 19


LABEL = 23
"""Letters of a label that fit beside the widest arc."""


@dataclass(frozen=True, slots=True)
class Row:
    """A node's box, or (with `zone`) the head of those below it. y: its top."""

    y: int
    name: str
    short: str
    under: str
    zone: bool


@dataclass(frozen=True, slots=True)
class Arc:
    """What flows between two nodes. width: its part of all pairs of replicas; label lies at (x, y)."""

    path: str
    colour: int
    width: float
    late: bool
    title: str
    label: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Map:
    """The drawing, `height` units high; nodes_more: used nodes that are not on it."""

    height: int
    rows: tuple[Row, ...]
    arcs: tuple[Arc, ...]
    nodes_more: int
    arcs_more: int


def map_of(problem: Problem, plan: Plan, keys: Keys) -> Map | None:
    """The map, or None where nothing flows between nodes."""
    layout = IndexedProblem(problem)
    homes: dict[str, Counter[int]] = defaultdict(Counter)
    for place in plan.placements:
        if place.node in layout.node_index:
            homes[place.workload][layout.node_index[place.node]] += 1
    flows: Counter[tuple[int, int, int]] = Counter()
    inside: Counter[int] = Counter()
    limits: dict[int, int | None] = {}
    for number, edge in enumerate(problem.edges):
        sources, sinks = homes[edge.source], homes[edge.sink]
        limits[number] = edge.latency
        if len(sources) * len(sinks) > MOST_PAIRS:
            return None
        for a, many in sources.items():
            for b, more in sinks.items():
                if a == b:
                    inside[a] += 1
                else:
                    flows[number, a, b] += many * more
    if not flows:
        return None
    weight: Counter[int] = Counter()
    for (_, a, b), count in flows.items():
        weight[a] += count
        weight[b] += count
    shown = {node for node, _ in sorted(weight.items(), key=lambda item: (-item[1], item[0]))[:MOST_ROWS]}
    rows, middles, height = _rows(layout, shown, inside)
    drawn = [flow for flow in sorted(flows) if flow[1] in shown and flow[2] in shown]
    totals: Counter[int] = Counter()
    for (number, _, _), count in flows.items():
        totals[number] += count
    order = {node: place for place, node in enumerate(sorted(shown, key=middles.__getitem__))}
    arcs = []
    starts: Counter[int] = Counter()
    for flow in drawn[:MOST_ARCS]:
        number, a, b = flow
        edge = problem.edges[number]
        words, latency = over(layout, a, b)
        starts[a] += 1
        starts[b] += 1
        ya, yb = middles[a] + _apart(starts[a]), middles[b] + _apart(starts[b])
        reach = BOX + min(WIDEST, 30 + 22 * abs(order[a] - order[b]))
        told = words + (f" {latency / 1000:g} ms" if latency > 0 else "")
        limit = limits[number]
        arcs.append(
            Arc(
                f"M{BOX} {ya} C{reach} {ya} {reach} {yb} {BOX + 9} {yb}",
                keys.number(edge.source) % COLOURS,
                round(1.5 + 4 * flows[flow] / totals[number], 2),
                latency < 0 or (limit is not None and latency > limit),
                f"{keys.name(edge.source)} on {layout.nodes[a].name} to {keys.name(edge.sink)} on "
                f"{layout.nodes[b].name}: {told}, {flows[flow]} of {totals[number]} pairs of replicas",
                told,
                round(BOX + 0.75 * (reach - BOX), 1),
                round((ya + yb) / 2, 1),
            )
        )
    return Map(height, rows, tuple(_apart_labels(arcs, height)), len(weight) - len(shown), len(flows) - len(arcs))


def _apart(number: int) -> int:
    # Arcs of one box begin beside each other: 0, 4, -4, 8, -8 units from its middle, and again.
    step = number % 5
    return (step + 1) // 2 * 4 * (1 if step % 2 else -1)


def _apart_labels(arcs: list[Arc], height: int) -> list[Arc]:
    """Labels to the right of their arcs, pushed down where they would lie on another; left out below the drawing."""
    found: dict[int, Arc] = {}
    last, said = 0.0, ""
    for number in sorted(range(len(arcs)), key=lambda number: (arcs[number].y, number)):
        arc = arcs[number]
        y = max(arc.y, last + LINE)
        # Arcs beside each other over the same link say so once; each tells it in its title as well.
        shown = arc.label if y < height and (arc.label != said or y > last + 3 * LINE) else ""
        last, said = (y, shown) if shown else (last, said)
        short = shown if len(shown) <= LABEL else shown[: LABEL - 1] + "…"
        found[number] = replace(arc, label=short, x=arc.x + 5, y=y)
    return [found[number] for number in range(len(arcs))]


def _rows(layout: IndexedProblem, shown: set[int], inside: Counter[int]) -> tuple[tuple[Row, ...], dict[int, int], int]:
    zones: dict[str, list[int]] = defaultdict(list)
    for node in sorted(shown):
        zones[dict(layout.nodes[node].labels).get("zone", "")].append(node)
    rows: list[Row] = []
    middles: dict[int, int] = {}
    y = 4
    for zone, nodes in sorted(zones.items()):
        rows.append(Row(y, "", f"zone {zone}" if zone else "no zone", "", True))
        y += HEAD
        for node in nodes:
            name = layout.nodes[node].name
            short = name if len(name) <= LETTERS else name[: LETTERS - 1] + "…"
            count = inside[node]
            under = f"{count} flow{'s' if count > 1 else ''} inside" if count else ""
            rows.append(Row(y, name, short, under, False))
            middles[node] = y + ROW // 2
            y += ROW + GAP
    return tuple(rows), middles, y + 4
