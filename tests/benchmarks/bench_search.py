"""The portfolio against CP-SAT on seeded instances of 5 to 20 nodes and up to 80 replicas, objective placed then nodes.

Run it: python tests/benchmarks/bench_search.py [KIND] [FIRST] [NUMBER] [EFFORT]. KIND is plain or mixed, EFFORT the
solver's deterministic seconds a term (one is about 1.3 s of a processor). The solver starts from nothing and does not
see what the portfolio found. Its answers are kept in the cache folder by a digest of the instance, so that a run that
was stopped goes on. It is not asked where the portfolio places everything on as few nodes as a bound allows that
`verify` has derived anew. Every answer, the solver's too, is verified. Each line ends with what the search did.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from instances import mixed, plain

from rohe_iac.foundation.folders import cache_home
from rohe_iac.planning.model.json_codec import problem_to_json
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.exact.solve import solve
from rohe_iac.planning.solvers.local_search.outcome import SearchListener, SearchStatistics
from rohe_iac.planning.solvers.plan_building import build_plan
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

KINDS: dict[str, Callable[[int], Problem]] = {"plain": plain, "mixed": mixed}
ANSWERS = cache_home() / "bench-search"


@dataclass(frozen=True)
class Answer:
    """What the solver found.

    Attributes:
        worth: The worth that it reached, term by term.
        proven: Whether no assignment is worth more.
        effort: The deterministic seconds a term that it had.
        spent: The processor seconds that it took.
    """

    worth: tuple[int, ...]
    proven: bool
    effort: float
    spent: float


def worth(problem: Problem, found: Plan) -> tuple[int, ...]:
    """Returns the replicas placed, by priority, the largest first, and minus the nodes used; the plan is verified."""
    faults = verify(problem, found)
    if faults:
        raise SystemExit(f"{problem.stack}: {faults[0]}")
    ranks = sorted({demand.priority for demand in problem.demands}, reverse=True)
    priority_of = {demand.workload: demand.priority for demand in problem.demands}
    placed = Counter(priority_of[placement.workload] for placement in found.placements)
    return (*(placed[rank] for rank in ranks), -found.bound.nodes_used)


def place_of(problem: Problem) -> Path:
    """Returns the file that keeps the answer to an instance."""
    text = json.dumps(problem_to_json(problem), sort_keys=True)
    return ANSWERS / f"{hashlib.sha256(text.encode()).hexdigest()}.json"


def answer(problem: Problem, effort: float) -> Answer:
    """Returns what the solver finds with so much effort; a cached answer, where it is proven or had as much effort."""
    place = place_of(problem)
    if place.exists():
        kept = json.loads(place.read_text())
        known = Answer(tuple(kept["worth"]), kept["proven"], kept["effort"], kept["spent"])
        if known.proven or known.effort >= effort:
            return known
    asked = replace(problem, settings=replace(problem.settings, strategy="exact"))
    indexed = IndexedProblem(asked)
    start = time.process_time()
    solution = solve(indexed, LexicographicObjective(indexed, {}), {}, effort)
    spent = time.process_time() - start
    settled = Construction(indexed, "best-fit", explain=False).adopt(service_order(indexed), solution.grants, {})
    found = Answer(worth(asked, build_plan(settled, None)), solution.proven, effort, round(spent, 1))
    ANSWERS.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(".part")
    part.write_text(json.dumps(found.__dict__))
    part.rename(place)
    return found


def compare(problem: Problem, effort: float, listener: SearchListener) -> tuple[str, int, float, str]:
    """Compares the portfolio with the solver on one instance.

    Returns:
        "equal", "better" or "worse"; by how much the portfolio is worse in the first term that differs; its processor
        seconds; and a line about both.
    """
    start = time.process_time()
    found = plan(problem, listener=listener)
    spent = time.process_time() - start
    reached = worth(problem, found)
    if not found.unplaced and found.bound.proven:
        return "equal", 0, spent, f"{reached} is the bound"
    solved = answer(problem, effort)
    word = "equal" if reached == solved.worth else "better" if reached > solved.worth else "worse"
    differences = (best - own for own, best in zip(reached, solved.worth, strict=True) if own != best)
    lost = next(differences, 0) if word == "worse" else 0
    proof = "proven" if solved.proven else f"not proven in {solved.effort:g}"
    return word, lost, spent, f"{reached}, solver {solved.worth} {proof}, {solved.spent:.1f} s"


def main(arguments: list[str]) -> None:
    """Prints a line for each instance as it is done, then how many are equal, and what all searches did together."""
    kind, first, number, effort = [*arguments, *["plain", "0", "100", "60"][len(arguments) :]]
    words: Counter[str] = Counter()
    losses, times, total = [0], [], SearchStatistics()
    for seed in range(int(first), int(first) + int(number)):
        searches: list[SearchStatistics] = []
        word, lost, spent, line = compare(KINDS[kind](seed), float(effort), searches.append)
        made = sum(searches, SearchStatistics())
        words[word] += 1
        words["open"] += "not proven" in line
        losses.append(lost)
        times.append(spent)
        total += made
        print(f"{kind} {seed}: {word}, {spent:.2f} s; {line}; {made}", flush=True)
    print(
        f"search, {kind} {first} to {int(first) + int(number) - 1}: {words['equal']} equal, {words['better']} better "
        f"than the solver's best, {words['worse']} worse, at most by {max(losses)}; {words['open']} not proven by the "
        f"solver in {effort}; portfolio median {statistics.median(times):.2f} s, at most {max(times):.2f} s; "
        f"{total}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
