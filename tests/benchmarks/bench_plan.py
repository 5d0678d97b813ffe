"""Figures of the planner: one process, one thread, median of 5, each with the ratio to a per-replica NumPy loop.

Run it: python tests/benchmarks/bench_plan.py [--once]. Nothing is asserted here.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from fleet import fleet
from template import template

from rohe_iac.planning.audit import audit
from rohe_iac.planning.difference import moves
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.planner import plan
from rohe_iac.planning.problem import Problem
from rohe_iac.planning.queue import order
from rohe_iac.planning.verification import verify

TIMES = 1 if "--once" in sys.argv else 5


def median(work: Callable[[], Any]) -> tuple[float, Any]:
    """Median processor seconds of the runs (a machine that is shared does not count), and what the last one gave."""
    spent, result = [], None
    for _ in range(TIMES):
        start = time.process_time()
        result = work()
        spent.append(time.process_time() - start)
    return statistics.median(spent), result


def baseline(problem: Problem, most: int = 10_000) -> tuple[float, int]:
    """A loop that filters and scores all nodes anew for every replica, as arrays; replicas decided a second, placed.

    It keeps cpu, rss, vms, sorted cores and the device share, best fit by what is left over, and explains nothing.
    """
    layout = Layout(problem)
    nodes = layout.nodes
    cpu, rss = np.array([n.cpu for n in nodes]), np.array([n.rss for n in nodes])
    vms = np.array([n.vms or 0 for n in nodes])
    cpu_all, rss_all = cpu.astype(float), rss.astype(float)
    width = max(len(n.cores) for n in nodes)
    cores = np.zeros((len(nodes), width))
    for row, n in enumerate(nodes):
        cores[row, : len(n.cores)] = sorted(n.cores, reverse=True)
    gpu = np.array([sum(d.capacity for d in n.devices) for n in nodes])
    decided = placed = 0
    start = time.process_time()
    for position in order(layout):
        asked = layout.resources[position]
        share = sum(request.share for request in asked.devices)
        chunks = np.array(asked.cores)
        for _ in range(layout.demands[position].replicas):
            if decided == most:
                break
            decided += 1
            fits = (cpu >= asked.cpu) & (rss >= asked.rss) & (vms >= (asked.vms or 0)) & (gpu >= share)
            fits &= (cores[:, : len(chunks)] >= chunks).all(axis=1)
            score = np.where(fits, 2 - (cpu - asked.cpu) / cpu_all - (rss - asked.rss) / rss_all, -1.0)
            best = int(score.argmax())
            if score[best] < 0:
                continue
            placed += 1
            cpu[best] -= asked.cpu
            rss[best] -= asked.rss
            vms[best] -= asked.vms or 0
            gpu[best] -= share
            cores[best, : len(chunks)] -= chunks
            cores[best] = np.sort(cores[best])[::-1]
    return decided / (time.process_time() - start), placed


def speed(name: str, problem: Problem, compared: bool = True) -> None:
    """Prints one case: decisions a second, placed and unplaced, ratio to the baseline."""
    spent, result = median(lambda: plan(problem))
    bare, _ = median(lambda: plan(problem, explain=False))
    decisions = len(result.placements) + len(result.unplaced)
    rate = decisions / spent
    text = f"{name}: {rate:,.0f} decisions/s, {len(result.placements)} placed, {len(result.unplaced)} unplaced"
    if compared:
        base, _ = baseline(problem)
        text += f", baseline {base:,.0f}/s, ratio {rate / base:.1f}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{text}; explanations {spent / bare - 1:+.1%} of time; peak RSS {peak} MB")
    if "--verify" in sys.argv:
        print("   faults:", len(verify(problem, result)))


def changes(problem: Problem) -> None:
    """Prints how long planning again takes and how many replicas move after three small changes."""
    before = plan(problem)
    busiest = before.placements[0].node
    lost = replace(
        problem,
        nodes=tuple(replace(n, status="down") if n.name == busiest else n for n in problem.nodes),
    )
    demand = problem.demands[7]
    less = replace(demand, resources=replace(demand.resources, cpu=demand.resources.cpu * 9 // 10))
    changed = replace(problem, demands=tuple(less if d is demand else d for d in problem.demands))
    added = replace(problem, nodes=(*problem.nodes, replace(problem.nodes[0], name="pi-added")))
    on_it = sum(item.node == busiest for item in before.placements)
    for name, again in ((f"node lost ({on_it} on it)", lost), ("request changed", changed), ("node added", added)):
        spent, after = median(lambda again=again: plan(again, before))
        print(f"{name}: {spent:.2f} s, {moves(before, after)} moves, {len(after.unplaced)} unplaced")


def original() -> None:
    """Prints what becomes of the original's sample, once, twice and six times."""
    for times in (1, 2, 6):
        spent, result = median(lambda times=times: plan(template(times)))
        total = len(result.placements) + len(result.unplaced)
        used = f"{result.bound.nodes_used} nodes (at least {result.bound.at_least})"
        print(f"template x{times}: {len(result.placements)} of {total} placed, {used}, {spent * 1000:.0f} ms")


def main() -> None:
    """Prints all figures."""
    original()
    usual = fleet(scale=2.78)
    speed("fleet, 10,000 replicas", usual)
    changes(fleet(scale=2.4))
    planned = plan(usual)
    spent, drops = median(lambda: audit(usual, planned))
    print(f"audit of the fleet: {spent:.1f} s, {len(drops)} drops")
    speed("fleet, 5,000 replicas, anti-affine by node, spread by zone", fleet(replicas=5000, scale=3.0, apart=True))
    speed("fleet, 100,000 replicas", fleet(replicas=100_000, scale=0.278))


if __name__ == "__main__":
    main()
