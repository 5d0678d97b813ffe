"""The portfolio against CP-SAT on seeded instances of 5 to 20 nodes and up to 80 replicas, objective placed then nodes.

Run it: python tests/benchmarks/bench_search.py [INSTANCES] [EFFORT], the solver's deterministic seconds a term.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from dataclasses import replace

from rohe_iac.planning.demand import Demand, DeviceRequest, Resources, Spread
from rohe_iac.planning.exact import solve
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.planner import plan
from rohe_iac.planning.problem import Problem, Settings
from rohe_iac.planning.supply import Device, Supply

GI, MI = 2**30, 2**20


def instance(seed: int) -> Problem:
    """One seeded instance, asking for about as much as there is."""
    drawn = random.Random(seed)
    nodes = []
    for number in range(drawn.randint(5, 20)):
        cores = drawn.choice([4, 4, 8])
        gpu = (Device("GPU0", "gpu", "", False, 10_000),) if drawn.random() < 0.4 else ()
        memory = cores * GI
        nodes.append(Supply(f"n{number:02d}", cores * 1000, memory, 2 * memory, (1000,) * cores, gpu))
    demands: list[Demand] = []
    load, goal = 0, drawn.uniform(0.6, 1.1) * sum(node.cpu for node in nodes)
    while load < goal and sum(demand.replicas for demand in demands) < 75:
        cpu = drawn.choice([200, 400, 700, 1000, 1800])
        cores = tuple(
            sorted((min(1000, cpu * part // 100) for part in (70, 20, 10)[: drawn.randint(1, 3)]), reverse=True)
        )
        share = (DeviceRequest("gpu", share=drawn.choice([1500, 3000, 5000])),) if drawn.random() < 0.2 else ()
        name, replicas = f"s{len(demands):02d}", drawn.randint(1, 5)
        resources = Resources(cpu, cores, drawn.choice([200, 500, 900, 1500]) * MI, None, share)
        spread = (Spread("node", drawn.randint(1, 2)),) if drawn.random() < 0.2 else ()
        demands.append(
            Demand(f"service/p:{name}", f"replica/p:{name}", name, "p", name, "", replicas, resources, spread=spread)
        )
        load += cpu * replicas
    settings = Settings(strategy="portfolio", objective=("placed", "nodes"))
    return Problem(f"seed-{seed}", tuple(nodes), tuple(demands), settings=settings)


def main() -> None:
    """Prints each instance that differs, then how many are equal."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    effort = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    equal = worst = better = 0
    spent = []
    for seed in range(number):
        problem = instance(seed)
        start = time.process_time()
        found = plan(problem)
        spent.append(time.process_time() - start)
        layout = Layout(replace(problem, settings=replace(problem.settings, strategy="exact")))
        best = solve(layout, {}, {}, effort).grants
        mine = (len(found.placements), -found.bound.nodes_used)
        theirs = (len(best), -len({grant.node for grant in best.values()}))
        equal += mine == theirs
        better += mine > theirs
        if mine != theirs:
            print(f"seed {seed}: portfolio {mine}, solver {theirs}", flush=True)
        if mine < theirs:
            worst = max(worst, theirs[0] - mine[0] or theirs[1] - mine[1])
    print(
        f"{equal} of {number} equal, {better} better than the solver, worst by {worst}; "
        f"portfolio median {statistics.median(spent):.2f} s"
    )


if __name__ == "__main__":
    main()
