"""How full the nodes of a plan are: a bar for each of a few nodes, a summary by device type of many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.table import Column, fits_beside, print_table
from rohe_iac.cli.views.plans.node_usage import (
    EXTRAS,
    NodeUsage,
    extras_asked,
    nodes_by_device_type,
    occupied,
    peak_of,
    placements_by_node,
    usage_by_node,
)
from rohe_iac.foundation.quantities import bytes_alike, cpu_alike
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply

FEW = 16
"""Nodes that one screen shows one by one."""

WIDTH = 16
"""Characters of a bar."""

NODES = (
    Column("NODE"),
    Column("REPLICAS", right=True),
    Column("MEAN CPU"),
    Column("CORES AT PEAK"),
    Column("MEMORY"),
)
"""The columns of the table of nodes."""

TYPES = (
    Column("DEVICE TYPE"),
    Column("NODES", right=True),
    Column("USED", right=True),
    Column("CPU"),
    Column("MEMORY"),
)
"""The columns of the table of device types."""


def node_bars(screen: Screen, problem: Problem, plan: Plan) -> None:
    """Prints what of each node's cpu and memory is taken, by others and by the plan's replicas, beside its capacity."""
    if not problem.nodes:
        return
    usage = usage_by_node(problem, plan)
    screen.out.print()
    if len(problem.nodes) > FEW:
        _print_summary(screen, problem, usage)
        return
    placements = placements_by_node(plan)
    extras = extras_asked(problem)
    rows = [
        (
            *_row(node, usage[node.name], placements.get(node.name, ())),
            *[_extra_cell(node, usage[node.name], name) for name in extras],
        )
        for node in problem.nodes
    ]
    columns = (*NODES, *[Column(name.upper()) for name in extras])
    if fits_beside(columns, rows, screen.out.width):
        print_table(screen.out, columns, rows)
        return
    for name, replicas, cpu, peak, memory, *more in rows:
        screen.out.print(f"[bold]{name}[/bold]: {replicas} {'replica' if replicas == '1' else 'replicas'}")
        screen.out.print(f"  cpu {cpu}{f' on average, cores at peak {peak}' if peak else ''}")
        screen.out.print(f"  mem {memory}")
        for title, cell in zip(extras, more, strict=True):
            screen.out.print(f"  {title} {cell}")


def bar(taken: int, capacity: int) -> str:
    """Returns a bar of WIDTH characters, full at capacity; green below 70 %, yellow below 90 %, red above."""
    share = min(taken / capacity, 1.0) if capacity else 1.0
    filled = round(share * WIDTH)
    colour = "green" if share < 0.7 else "yellow" if share < 0.9 else "red"
    return f"[{colour}]{'█' * filled}[/{colour}][dim]{'░' * (WIDTH - filled)}[/dim]"


def node_name(node: Supply) -> str:
    """Returns the name of a node, with its status unless it is running."""
    return node.name if node.status == "running" else f"{node.name} ({node.status})"


def shown_peak(node: Supply, placements: Sequence[Placement]) -> str:
    """Returns what is taken of a node's cores at the peaks, beside what they have; nothing where no core is taken."""
    peak = peak_of(node, placements)
    return " of ".join(cpu_alike(peak, sum(node.cores))) if peak else ""


def _row(node: Supply, usage: NodeUsage, placements: Sequence[Placement]) -> tuple[str, str, str, str, str]:
    """Returns the cells of a node's row."""
    cpu, rss = occupied(node, usage)
    return (
        escape(node_name(node)),
        str(usage.replicas),
        f"{bar(cpu, node.cpu)} {' of '.join(cpu_alike(cpu, node.cpu))}{_kept(cpu_alike, usage.kept_cpu)}",
        shown_peak(node, placements),
        f"{bar(rss, node.rss)} {' of '.join(bytes_alike(rss, node.rss))}{_kept(bytes_alike, usage.kept_rss)}",
    )


def _kept(shown: Callable[..., tuple[str, ...]], amount: int) -> str:
    """Returns how much of a node is kept for updates, beside what is taken; nothing where none is."""
    return f", {shown(amount)[0]} kept for updates" if amount else ""


def _extra_cell(node: Supply, usage: NodeUsage, name: str) -> str:
    """Returns the cell of an amount that few stacks ask for; without a bar where the node states none."""
    capacity, taken = getattr(node, name), getattr(node, f"{name}_used") + getattr(usage, name)
    if capacity is None:
        return f"{EXTRAS[name](taken)[0]}, not limited"
    return f"{bar(taken, capacity)} {' of '.join(EXTRAS[name](taken, capacity))}"


def _print_summary(screen: Screen, problem: Problem, usage: Mapping[str, NodeUsage]) -> None:
    rows = []
    for name, nodes in nodes_by_device_type(problem.nodes).items():
        taken = [occupied(node, usage[node.name]) for node in nodes]
        rows.append(
            (
                escape(name),
                str(len(nodes)),
                str(sum(usage[node.name].used for node in nodes)),
                bar(sum(cpu for cpu, _ in taken), sum(node.cpu for node in nodes)),
                bar(sum(rss for _, rss in taken), sum(node.rss for node in nodes)),
            )
        )
    print_table(screen.out, TYPES, rows)
