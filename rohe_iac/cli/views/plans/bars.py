"""How full the nodes of a plan are: a bar for each of a few nodes, a summary by device type of many."""

from __future__ import annotations

from collections.abc import Mapping

from rich.markup import escape
from rich.table import Table

from rohe_iac.cli.console import Screen
from rohe_iac.cli.views.plans.node_usage import NodeUsage, nodes_by_device_type, occupied, usage_by_node
from rohe_iac.foundation.quantities import counted, shown_bytes, shown_cpu
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply

FEW = 16
"""Nodes that one screen shows one by one."""

WIDTH = 16
"""Characters of a bar."""

NARROW = 84
"""Columns below which the bars of a node stand below its name."""


def node_bars(screen: Screen, problem: Problem, plan: Plan) -> None:
    """Prints what of each node's cpu and memory is taken, by others and by the plan's replicas, beside its capacity."""
    if not problem.nodes:
        return
    usage = usage_by_node(problem, plan)
    if len(problem.nodes) > FEW:
        _print_summary(screen, problem, usage)
    elif screen.out.width < NARROW:
        _print_narrow(screen, problem, usage)
    else:
        _print_table(screen, problem, usage)


def bar(taken: int, capacity: int) -> str:
    """Returns a bar of WIDTH characters, full at capacity; green below 70 %, yellow below 90 %, red above."""
    share = min(taken / capacity, 1.0) if capacity else 1.0
    filled = round(share * WIDTH)
    colour = "green" if share < 0.7 else "yellow" if share < 0.9 else "red"
    return f"[{colour}]{'█' * filled}[/{colour}][dim]{'░' * (WIDTH - filled)}[/dim]"


def node_name(node: Supply) -> str:
    """Returns the name of a node, with its status unless it is running."""
    return node.name if node.status == "running" else f"{node.name} ({node.status})"


def _print_table(screen: Screen, problem: Problem, usage: Mapping[str, NodeUsage]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("NODE", "REPLICAS", "CPU", "", "MEMORY", ""):
        table.add_column(title, no_wrap=True, justify="right" if title == "REPLICAS" else "left")
    for node in problem.nodes:
        cpu, rss = occupied(node, usage[node.name])
        table.add_row(
            escape(node_name(node)),
            str(usage[node.name].replicas),
            bar(cpu, node.cpu),
            f"{shown_cpu(cpu)} of {shown_cpu(node.cpu)}",
            bar(rss, node.rss),
            f"{shown_bytes(rss)} of {shown_bytes(node.rss)}",
        )
    screen.out.print()
    screen.out.print(table)


def _print_narrow(screen: Screen, problem: Problem, usage: Mapping[str, NodeUsage]) -> None:
    out = screen.out
    out.print()
    for node in problem.nodes:
        state = "" if node.status == "running" else f" ({node.status})"
        out.print(f"[bold]{escape(node.name)}[/bold]{state}: {counted(usage[node.name].replicas, 'replica')}")
        cpu, rss = occupied(node, usage[node.name])
        out.print(f"  cpu {bar(cpu, node.cpu)} {shown_cpu(cpu)} of {shown_cpu(node.cpu)}")
        out.print(f"  mem {bar(rss, node.rss)} {shown_bytes(rss)} of {shown_bytes(node.rss)}")


def _print_summary(screen: Screen, problem: Problem, usage: Mapping[str, NodeUsage]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("DEVICE TYPE", "NODES", "USED", "CPU", "MEMORY"):
        table.add_column(title, no_wrap=True)
    for name, nodes in nodes_by_device_type(problem.nodes).items():
        taken = [occupied(node, usage[node.name]) for node in nodes]
        table.add_row(
            escape(name),
            str(len(nodes)),
            str(sum(usage[node.name].replicas > 0 for node in nodes)),
            bar(sum(cpu for cpu, _ in taken), sum(node.cpu for node in nodes)),
            bar(sum(rss for _, rss in taken), sum(node.rss for node in nodes)),
        )
    screen.out.print()
    screen.out.print(table)
