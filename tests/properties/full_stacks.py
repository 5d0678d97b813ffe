"""Seeded stacks that nearly fill their nodes, one edit of each, and the fewest moves that the edit needs.

`python tests/properties/full_stacks.py` asks CP-SAT (strategy `exact`, objective `placed`, then `stable`) and prints
`LEAST` anew; it takes a few minutes of a processor. Edits are left out for which the solver proves no answer.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace

from rohe_iac.planning.model.demand import Demand, DeviceRequest, Resources
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem, Settings
from rohe_iac.planning.model.supply import Device, Supply
from rohe_iac.planning.solvers.planner import plan

KINDS = ("node", "request", "replica", "label")
"""What an edit changes: a node is down, a service asks for a tenth more, has one replica more, or is tied to a zone."""

NUMBER = 50
"""How many edits there are."""

LEAST: dict[int, tuple[int, int]] = {
    0: (0, 4), 2: (0, 0), 4: (0, 5), 5: (0, 1), 6: (0, 0), 7: (0, 1), 8: (1, 6), 9: (0, 2), 10: (0, 0),
    12: (0, 8), 13: (0, 0), 14: (0, 0), 15: (0, 2), 16: (0, 5), 17: (0, 2), 19: (0, 1), 21: (0, 1), 22: (0, 0),
    23: (0, 2), 25: (0, 1), 27: (0, 4), 29: (0, 0), 30: (0, 0), 31: (4, 0), 32: (1, 4), 33: (0, 0), 34: (0, 0),
    35: (0, 1), 37: (0, 0), 38: (0, 0), 40: (3, 8), 41: (0, 0), 42: (0, 0), 43: (0, 2), 44: (0, 3), 45: (0, 1),
    46: (0, 0), 47: (0, 0), 50: (0, 0), 51: (0, 0), 52: (2, 2), 55: (0, 0), 56: (3, 2), 57: (0, 0), 59: (0, 1),
    62: (0, 0), 63: (0, 5), 64: (1, 3), 65: (0, 0), 66: (0, 0),
}  # fmt: skip
"""By seed how many replicas have no place after the edit at least, and how many of the others move then at least."""


def stack(seed: int) -> Problem:
    """Returns 4 to 9 nodes, of which services ask for 80 to 95 % of the cpu."""
    draw = random.Random(f"full-{seed}")
    nodes = []
    for number in range(draw.randint(4, 9)):
        cores = draw.choice([(1000,) * 4, (1000,) * 4, (1000,) * 8, (600,) * 4 + (1400,) * 2])
        devices = (Device("GPU0", "gpu", "", False, 10_000),) if draw.random() < 0.3 else ()
        labels = (("zone", draw.choice("ab")),)
        nodes.append(Supply(f"n{number}", sum(cores), len(cores) << 30, None, cores, devices, labels=labels))
    goal, load, demands = draw.uniform(0.80, 0.95) * sum(node.cpu for node in nodes), 0, []
    while load + 300 <= goal and len(demands) < 20:
        cpu, replicas = draw.choice([300, 500, 800, 1100, 1500, 2000]), draw.randint(1, 4)
        if load + cpu * replicas > goal:
            cpu, replicas = 300, 1
        parts = draw.choice([(), (100,), (60, 40), (50, 30, 20)])
        cores = tuple(sorted((min(1000, cpu * part // 100) for part in parts), reverse=True))
        shared = draw.random() < 0.12 and any(node.devices for node in nodes)
        devices_asked = (DeviceRequest("gpu", share=draw.choice([2000, 3000, 5000])),) if shared else ()
        resources = Resources(cpu, cores, draw.choice([200, 500, 900]) << 20, None, devices_asked)
        name = f"s{len(demands):02d}"
        demands.append(Demand(f"service/p:{name}", f"replica/p:{name}", name, "p", name, "", replicas, resources))
        load += cpu * replicas
    return Problem(f"full-{seed}", tuple(nodes), tuple(demands), settings=Settings(strategy="first-fit"))


def edited(problem: Problem, kind: str, seed: int) -> Problem:
    """Returns the problem after an edit, with the strategy that stacks have by default."""
    draw = random.Random(f"edit-{seed}")
    nodes, demands = list(problem.nodes), list(problem.demands)
    number = draw.randrange(len(nodes) if kind == "node" else len(demands))
    if kind == "node":
        nodes[number] = replace(nodes[number], status="down")
    elif kind == "request":
        asked = demands[number].resources
        cores = tuple(min(1000, core * 11 // 10) for core in asked.cores)
        demands[number] = replace(demands[number], resources=replace(asked, cpu=asked.cpu * 11 // 10, cores=cores))
    elif kind == "replica":
        demands[number] = replace(demands[number], replicas=demands[number].replicas + 1)
    else:
        demands[number] = replace(demands[number], selector=(("zone", draw.choice("ab")),))
    settings = replace(problem.settings, strategy="portfolio")
    return replace(problem, nodes=tuple(nodes), demands=tuple(demands), settings=settings)


def edits(seeds: Iterable[int]) -> Iterator[tuple[int, str, Problem, Plan, Problem]]:
    """Yields the seed, the kind of edit, the stack, its plan and the edited stack; all of the stack has a place."""
    for seed in seeds:
        before = stack(seed)
        first = plan(before, explain=False)
        if not first.unplaced:
            kind = KINDS[seed % len(KINDS)]
            yield seed, kind, before, first, edited(before, kind, seed)


def moves(before: Plan, after: Plan) -> int:
    """Returns how many replicas are on another node."""
    was = {item.replica: item.node for item in before.placements}
    return sum(was.get(item.replica, item.node) != item.node for item in after.placements)


def main() -> None:
    """Prints `LEAST`."""
    LEAST.clear()
    found = 0
    for seed, _, _, first, after in edits(range(10_000)):
        settings = replace(after.settings, strategy="exact", objective=("placed", "stable"))
        solved = plan(replace(after, settings=settings), first, explain=False)
        if all(proof.reached == proof.limit for proof in solved.proofs):
            print(f"    {seed}: ({len(solved.unplaced)}, {moves(first, solved)}),", flush=True)
            found += 1
        if found == NUMBER:
            return


if __name__ == "__main__":
    main()
