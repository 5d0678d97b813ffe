"""Lean runs: a class that asks for amounts alone is placed in one loop, with the ledger's arithmetic in place.

The decisions are those of the general run in attempt; a property of the tests holds them against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

from rohe_iac.planning.field import View
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.ledger import Grant, Ledger, tightest_cores
from rohe_iac.planning.scoring import MEMORY_SHIFT, MILLION, PLACES, Scoring


def is_lean(layout: Layout, scoring: Scoring, demand: int) -> bool:
    """Whether the class asks for cpu, cores and memory only, and nobody watches where it goes."""
    return not (
        layout.extensions
        or layout.resources[demand].devices
        or layout.watched[demand]
        or layout.host_ports[demand]
        or layout.avoid[demand]
        or layout.near[demand]
        or layout.edges[demand]
        or layout.wishes[demand]
        or layout.demands[demand].spread
        or layout.numbered[demand]
        or scoring.first
        or scoring.any_tainted
        or scoring.dot
        or scoring.fragments
    )


Step = tuple[int, int, Grant, int, tuple[int, ...], int, int, int]
"""Index, node, grant, points, parts, runner-up, its points and how many nodes fitted: the fields of a Decision."""


def run(
    layout: Layout, ledger: Ledger, scoring: Scoring, demand: int, view: View, indices: Sequence[int]
) -> tuple[list[Step], set[int]]:
    """Places as many of the replicas as fit; says the steps and the nodes that were touched."""
    asked = layout.resources[demand]
    cpu, rss, vms, chunks = asked.cpu, asked.rss, asked.vms, asked.cores
    width = len(chunks)
    free_cpu, free_rss, free_vms = ledger.cpu, ledger.rss, ledger.vms
    cores, sorted_cores, replicas_on = ledger.cores, ledger.sorted_cores, ledger.replicas_on
    cpu_capacity, cpu_scale = scoring.cpu_capacity, scoring.cpu_scale
    rss_capacity, rss_scale = scoring.rss_capacity, scoring.rss_scale
    cpu_weight, memory_weight, device_weight, open_weight, _ = scoring.weights[demand]
    opened = (MILLION * open_weight) >> 10
    spared = (MILLION * device_weight) >> 10
    has_devices, worst = scoring.has_devices, scoring.worst
    number = len(layout.nodes)
    heap, passes, refused = view.heap, view.passes, view.refused
    placed = ledger.placed[demand]
    touched: set[int] = set()
    steps: list[Step] = []
    for index in indices:
        if not heap:
            break
        points, node = divmod(-heappop(heap), number)
        node = number - 1 - node
        second, second_points = -1, 0
        if heap:
            second_points, second = divmod(-heap[0], number)
            second = number - 1 - second
        left_cpu, left_rss = free_cpu[node] - cpu, free_rss[node] - rss
        cpu_part = ((cpu_capacity[node] - left_cpu) * cpu_scale[node]) >> PLACES
        memory_part = ((rss_capacity[node] - (left_rss >> MEMORY_SHIFT)) * rss_scale[node]) >> PLACES
        if worst:
            cpu_part, memory_part = MILLION - cpu_part, MILLION - memory_part
        device_part = 0 if has_devices[node] else spared
        parts = (
            (cpu_part * cpu_weight) >> 10,
            (memory_part * memory_weight) >> 10,
            device_part,
            opened if replicas_on[node] else 0,
            0,
            0,
            0,
        )
        free_cpu[node], free_rss[node] = left_cpu, left_rss
        if vms is not None:
            free_vms[node] -= vms
        granted: tuple[tuple[int, int], ...] = ()
        row = sorted_cores[node]
        if width:
            mine = cores[node]
            granted = tightest_cores(mine, chunks)
            for core, amount in granted:
                mine[core] -= amount
            row = sorted_cores[node] = sorted(mine, reverse=True)
        replicas_on[node] += 1
        placed[node] = placed.get(node, 0) + 1
        steps.append((index, node, Grant(demand, node, granted), points, parts, second, second_points, view.fits))
        touched.add(node)
        rule = ""
        if cpu > left_cpu:
            rule = "cpu"
        elif width:
            for chunk, amount in zip(chunks, row, strict=False):
                if chunk > amount:
                    rule = "cores"
                    break
        if not rule:
            if rss > left_rss:
                rule = "rss"
            elif vms is not None and vms > free_vms[node]:
                rule = "vms"
        if rule:
            view.fits -= 1
            passes[node] = False
            refused[rule] = refused.get(rule, 0) + 1
            continue
        cpu_part = ((cpu_capacity[node] - left_cpu + cpu) * cpu_scale[node]) >> PLACES
        memory_part = ((rss_capacity[node] - ((left_rss - rss) >> MEMORY_SHIFT)) * rss_scale[node]) >> PLACES
        if worst:
            cpu_part, memory_part = MILLION - cpu_part, MILLION - memory_part
        points = ((cpu_part * cpu_weight) >> 10) + ((memory_part * memory_weight) >> 10) + device_part + opened
        heappush(heap, -(points * number + number - 1 - node))
    return steps, touched
