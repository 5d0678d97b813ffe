"""Exact: the best assignment by constraint programming (OR-tools CP-SAT), with its proof or the gap that is left.

OR-tools is an optional extra and imported only here. One worker, a fixed seed and a deterministic limit: the same
problem gives the same answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.planning.model.plan import Proof
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant
from rohe_iac.planning.solvers.exact.cp_model import PlacementModel
from rohe_iac.planning.solvers.exact.decode import decode

Replica = tuple[int, int]

EFFORT = 10.0
"""The deterministic limit of each term, in the solver's own seconds."""


class SolverMissing(RoheError):
    """The strategy `exact` needs OR-tools."""

    exit_code = ExitCode.INVALID


@dataclass(frozen=True, slots=True)
class Solution:
    """Grants by replica; for each term of the objective what was reached and what no plan exceeds; if all is proven.

    Terms that come after one of which nothing was found are left out.
    """

    grants: dict[Replica, Grant]
    proofs: tuple[Proof, ...]
    proven: bool


def solve(
    indexed: IndexedProblem, objective: LexicographicObjective, start: Mapping[Replica, Grant], effort: float = EFFORT
) -> Solution:
    """The best assignment of the layout, term after term of the objective; never worse than the start.

    start: an assignment to begin with, or nothing. effort: deterministic seconds a term. Errors: SolverMissing.
    """
    try:
        from ortools.sat.python import cp_model
    except ImportError as error:
        raise SolverMissing(
            "the strategy 'exact' needs OR-tools", hint="install it with: pip install 'rohe-iac[exact]'"
        ) from error
    cp: Any = cp_model
    program = PlacementModel(indexed, objective, cp)
    model = program.model
    hints = _hints(program, start)
    proofs: list[Proof] = []
    solved = False
    counts: dict[tuple[int, int], int] = {}
    cores: dict[tuple[int, int, int, int], int] = {}
    devices: dict[tuple[int, int, int, int], int] = {}
    terms = program.terms()
    for name, expression in terms:
        if isinstance(expression, int):
            proofs.append(Proof(name, abs(expression), abs(expression)))
            continue
        model.ClearHints()
        for variable, number in hints:
            model.AddHint(variable, number)
        model.Maximize(expression)
        solver = cp.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        solver.parameters.max_deterministic_time = effort
        status = solver.Solve(model)
        if status not in (cp.OPTIMAL, cp.FEASIBLE):
            break
        reached, limit = round(solver.ObjectiveValue()), round(solver.BestObjectiveBound())
        proofs.append(Proof(name, abs(reached), abs(limit)))
        model.Add(expression >= reached)
        variables = [*program.used, *program.count.values(), *program.core.values(), *program.device.values()]
        hints = [(variable, solver.Value(variable)) for variable in variables]
        counts = {key: solver.Value(variable) for key, variable in program.count.items()}
        cores = {key: solver.Value(variable) for key, variable in program.core.items()}
        devices = {key: solver.Value(variable) for key, variable in program.device.items()}
        solved = True
    grants = decode(indexed, program.kept, counts, cores, devices) if solved else dict(start)
    before = _worth(objective, start)
    if solved and before > _worth(objective, grants):
        # A term's limit holds for all that are as good in the terms before it, so for a better start as well.
        grants = dict(start)
        proofs = [Proof(proof.term, abs(value), proof.limit) for proof, value in zip(proofs, before, strict=False)]
    proven = len(proofs) == len(terms) and all(proof.reached == proof.limit for proof in proofs)
    return Solution(grants, tuple(proofs), proven)


def _worth(objective: LexicographicObjective, grants: Mapping[Replica, Grant]) -> tuple[int, ...]:
    return objective.worth((replica, grant.node) for replica, grant in grants.items())


def _hints(program: PlacementModel, start: Mapping[Replica, Grant]) -> list[tuple[Any, int]]:
    """The start as values of the program's variables, with nodes that are alike in the order that it asks for."""
    if not start:
        return []
    indexed = program.indexed
    load = Counter(dict.fromkeys(range(len(indexed.nodes)), 0))
    held: Counter[int] = Counter()
    for grant in start.values():
        load[grant.node] += indexed.resources[grant.demand].cpu
        held[grant.node] += 1
    place = {
        had: node
        for nodes in program.alike
        for node, had in zip(nodes, sorted(nodes, key=lambda one: (-load[one], -held[one], one)), strict=True)
    }
    counts: Counter[Any] = Counter()
    cores: Counter[Any] = Counter()
    devices: Counter[Any] = Counter()
    for grant in start.values():
        demand, node = grant.demand, place[grant.node]
        counts[demand, node] += 1
        chunks = list(indexed.resources[demand].cores)
        for core, amount in grant.cores:
            chunk = chunks.index(amount)
            # Equal chunks of one replica are told apart by their place in the request.
            chunks[chunk] = -1
            cores[demand, node, chunk, core] += 1
        taken = iter(grant.devices)
        for number, request in enumerate(indexed.resources[demand].devices):
            for _ in range(request.count or 1):
                devices[demand, node, number, next(taken)[0]] += 1
    used = {node for _, node in counts}
    found = [(variable, int(node in used)) for node, variable in enumerate(program.used)]
    for group, numbers in ((program.count, counts), (program.core, cores), (program.device, devices)):
        found += [(variable, numbers[key]) for key, variable in group.items()]
    return found
