"""How full the nodes of a plan are: a bar a node for few, a summary for many."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table

from rohe_iac.cli.console import Screen
from rohe_iac.foundation.quantities import counted, shown_bytes, shown_cpu
from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply

FEW = 16


WIDTH = 16


NARROW = 84
"""Columns below which a node's bars stand below its name."""


@dataclass
class Load:
    """What of a node the plan's replicas take: how many they are, millicores, bytes."""

    replicas: int = 0
    cpu: int = 0
    rss: int = 0


def node_bars(screen: Screen, problem: Problem, plan: Plan) -> None:
    """Prints what of each node's cpu and memory is taken; used by others and by replicas, over capacity."""
    loads = loads_of(problem, plan)
    if not problem.nodes:
        return
    if len(problem.nodes) > FEW:
        _summary(screen, problem, loads)
        return
    if screen.out.width < NARROW:
        _narrow(screen, problem, loads)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("NODE", "REPLICAS", "CPU", "", "MEMORY", ""):
        table.add_column(title, no_wrap=True, justify="right" if title == "REPLICAS" else "left")
    for node in problem.nodes:
        load = loads[node.name]
        cpu, rss = node.cpu_used + load.cpu, node.rss_used + load.rss
        table.add_row(
            escape(node.name) + ("" if node.status == "running" else f" ({node.status})"),
            str(load.replicas),
            bar(cpu, node.cpu),
            f"{shown_cpu(cpu)} of {shown_cpu(node.cpu)}",
            bar(rss, node.rss),
            f"{shown_bytes(rss)} of {shown_bytes(node.rss)}",
        )
    screen.out.print()
    screen.out.print(table)


def _narrow(screen: Screen, problem: Problem, loads: dict[str, Load]) -> None:
    out = screen.out
    out.print()
    for node in problem.nodes:
        load = loads[node.name]
        state = "" if node.status == "running" else f" ({node.status})"
        out.print(f"[bold]{escape(node.name)}[/bold]{state}: {counted(load.replicas, 'replica')}")
        cpu, rss = node.cpu_used + load.cpu, node.rss_used + load.rss
        out.print(f"  cpu {bar(cpu, node.cpu)} {shown_cpu(cpu)} of {shown_cpu(node.cpu)}")
        out.print(f"  mem {bar(rss, node.rss)} {shown_bytes(rss)} of {shown_bytes(node.rss)}")


def bar(used: int, capacity: int) -> str:
    """A bar of WIDTH characters, full at capacity; green below 70 %, yellow below 90 %, red above."""
    share = min(used / capacity, 1.0) if capacity else 1.0
    filled = round(share * WIDTH)
    colour = "green" if share < 0.7 else "yellow" if share < 0.9 else "red"
    return f"[{colour}]{'█' * filled}[/{colour}][dim]{'░' * (WIDTH - filled)}[/dim]"


def _resources(problem: Problem) -> dict[tuple[str, str], Resources]:
    found = {}
    for demand in problem.demands:
        found[demand.workload, ""] = demand.resources
        for variant in demand.variants:
            found[demand.workload, variant.name] = variant.resources
    return found


def loads_of(problem: Problem, plan: Plan) -> dict[str, Load]:
    """The load of each node, by name."""
    resources = _resources(problem)
    loads: dict[str, Load] = defaultdict(Load)
    for place in plan.placements:
        asked = resources[place.workload, place.variant]
        load = loads[place.node]
        load.replicas += 1
        load.cpu += asked.cpu
        load.rss += asked.rss
    return loads


def _summary(screen: Screen, problem: Problem, loads: dict[str, Load]) -> None:
    groups: dict[str, list[Supply]] = defaultdict(list)
    for node in problem.nodes:
        groups[node.device_type or "no device type"].append(node)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("DEVICE TYPE", "NODES", "USED", "CPU", "MEMORY"):
        table.add_column(title, no_wrap=True)
    for name, nodes in sorted(groups.items()):
        table.add_row(
            escape(name),
            str(len(nodes)),
            str(sum(loads[node.name].replicas > 0 for node in nodes)),
            bar(sum(node.cpu_used + loads[node.name].cpu for node in nodes), sum(node.cpu for node in nodes)),
            bar(sum(node.rss_used + loads[node.name].rss for node in nodes), sum(node.rss for node in nodes)),
        )
    screen.out.print()
    screen.out.print(table)
