"""Figures of the planner: one thread, median of 5, each with the ratio to a per-replica NumPy loop of the same run.

Run it: python tests/benchmarks/bench_plan.py [--once] [CASE...]. Every case runs in a process of its own, so that the
peak of its memory is its own. Nothing is asserted here.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import io
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from fleet import fleet
from template import template

from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.questions.analysis.plan_diff import difference
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.solvers.resilience.failure_audit import audit
from rohe_iac.planning.verification.verify import verify

TIMES = 1 if "--once" in sys.argv else 5
EXAMPLES = Path(__file__).parents[2] / "examples"

FLEETS: dict[str, tuple[str, Callable[[], Problem]]] = {
    "fleet": ("fleet, 10,000 replicas", lambda: fleet(scale=2.78)),
    "apart": (
        "fleet, 5,000 replicas, anti-affine by node, spread by zone",
        lambda: fleet(replicas=5000, scale=3.0, apart=True),
    ),
    "large": ("fleet, 100,000 replicas", lambda: fleet(replicas=100_000, scale=0.278)),
}


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
    indexed = IndexedProblem(problem)
    nodes = indexed.nodes
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
    for position in service_order(indexed):
        asked = indexed.resources[position]
        share = sum(request.share for request in asked.devices)
        chunks = np.array(asked.cores)
        for _ in range(indexed.demands[position].replicas):
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


def peak() -> float:
    """The most memory that this process has held so far, in MB of 2**20 bytes.

    Linux hands the peak that getrusage tells on from the process that started this one; /proc tells its own.
    """
    try:
        told = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM")) / 1024


def speed(case: str) -> None:
    """Prints one fleet: decisions a second, placed and unplaced, ratio to the baseline, memory, cost of explaining."""
    title, make = FLEETS[case]
    problem = make()
    start = peak()
    result = plan(problem)
    most = peak()
    # In turn, so that what else the machine does falls on both.
    told, bare = [], []
    for _ in range(TIMES):
        told.append(median_once(lambda: plan(problem)))
        bare.append(median_once(lambda: plan(problem, explain=False)))
    spent, without = statistics.median(told), statistics.median(bare)
    decisions = len(result.placements) + len(result.unplaced)
    base, _ = baseline(problem)
    rate = decisions / spent
    print(
        f"{title}: {rate:,.0f} decisions/s, {len(result.placements)} placed, {len(result.unplaced)} unplaced; "
        f"baseline {base:,.0f}/s, ratio {rate / base:.1f}"
    )
    lean = float(subprocess.check_output([sys.executable, __file__, f"bare-{case}"], text=True))
    print(
        f"  peak RSS {most:.0f} MB, {start:.0f} of them the problem and the libraries; "
        f"explanations {spent / without - 1:+.1%} of time, {most / lean - 1:+.1%} of memory",
        flush=True,
    )
    if "--verify" in sys.argv:
        print("  faults:", len(verify(problem, result)))


def median_once(work: Callable[[], Any]) -> float:
    """Processor seconds of one run."""
    start = time.process_time()
    work()
    return time.process_time() - start


def bare(case: str) -> None:
    """Prints the peak of memory of one fleet planned without explanations, for `speed` to compare with."""
    plan(FLEETS[case][1](), explain=False)
    print(peak())


def changes() -> None:
    """Prints how long planning again takes and how many replicas move after three small changes."""
    problem = fleet(scale=2.4)
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
        moves = sum(change.kind == "moved" for change in difference(before, after))
        print(f"{name}: {spent:.2f} s, {moves} moves, {len(after.unplaced)} unplaced", flush=True)


def drops() -> None:
    """Prints how long it takes to drop every node and zone of the fleet."""
    problem = fleet(scale=2.78)
    planned = plan(problem)
    spent, found = median(lambda: audit(problem, planned))
    print(f"audit of the fleet: {spent:.1f} s, {len(found)} drops")


def original() -> None:
    """Prints what becomes of the original's sample, once, twice and six times: planned, then loaded and rendered too.

    The imported blueprint is loaded, planned and rendered in a process that has done so before, as `rohe plan` does.
    """
    from rohe_iac.usecases.plans.plan import make_plan

    for times in (1, 2, 6):
        spent, result = median(lambda times=times: plan(template(times)))
        total = len(result.placements) + len(result.unplaced)
        used = f"{result.bound.nodes_used} nodes (at least {result.bound.at_least})"
        with tempfile.TemporaryDirectory() as name:
            folder = multiplied(Path(name), times)
            os.environ["XDG_STATE_HOME"] = str(Path(name) / "state")
            make_plan(folder)
            whole, made = median(lambda folder=folder: make_plan(folder))
        told = f"{len(made.planfile.plan.placements)} placed, {len(made.planfile.manifests)} manifests"
        print(
            f"template x{times}: {len(result.placements)} of {total} placed, {used}, {spent * 1000:.0f} ms; "
            f"loaded, planned and rendered {whole * 1000:.0f} ms ({told})",
            flush=True,
        )


def multiplied(folder: Path, times: int) -> Path:
    """A copy of the example `template` with that many times the replicas; the folder of the copy."""
    copy = folder / "template"
    shutil.copytree(EXAMPLES / "template", copy)
    for path in (copy / "blueprints").rglob("*.yaml"):
        documents = list(yaml.safe_load_all(path.read_text()))
        for document in documents:
            if document["kind"] == "Pipeline":
                for service in document["spec"]["services"]:
                    service["replicas"] = service.get("replicas", 1) * times
        text = io.StringIO()
        yaml.safe_dump_all(documents, text, sort_keys=False)
        path.write_text(text.getvalue())
    return copy


CASES: dict[str, Callable[[], None]] = {
    "template": original,
    "fleet": lambda: speed("fleet"),
    "changes": changes,
    "audit": drops,
    "apart": lambda: speed("apart"),
    "large": lambda: speed("large"),
    **{f"bare-{case}": lambda case=case: bare(case) for case in FLEETS},  # type: ignore[misc]
}


def main() -> None:
    """Prints the figures of the cases named, or of all, each in a process of its own."""
    named = [word for word in sys.argv[1:] if not word.startswith("--")]
    options = [word for word in sys.argv[1:] if word.startswith("--")]
    if len(named) == 1:
        CASES[named[0]]()
        return
    for case in named or [name for name in CASES if not name.startswith("bare-")]:
        subprocess.run([sys.executable, __file__, case, *options], check=True)


if __name__ == "__main__":
    main()
