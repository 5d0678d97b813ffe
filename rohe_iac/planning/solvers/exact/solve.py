"""The strategy `exact`: the best assignment found by CP-SAT (OR-tools), with its proof or the remaining gap.

OR-tools is an optional extra and imported only here. One worker, a fixed seed and a deterministic limit make equal
problems give equal answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.planning.model.plan import Proof
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.objective.preferences import Preferences
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant
from rohe_iac.planning.placement.state.positions import NodeIndex, ReplicaIndex, enumerate_nodes
from rohe_iac.planning.solvers.exact.cp_model import PlacementModel
from rohe_iac.planning.solvers.exact.decode import decode
from rohe_iac.planning.solvers.exact.solver_protocols import ConstraintSolver, LinearExpression, SolverModule

EFFORT = 10.0
"""Limit of each term of the objective, in CP-SAT's deterministic seconds (about 1.3 s of a processor each)."""


class SolverMissing(RoheError):
    """OR-tools, which the strategy `exact` needs, is not installed."""

    exit_code = ExitCode.INVALID


@dataclass(frozen=True, slots=True)
class Solution:
    """The assignment that the solver found.

    Attributes:
        grants: what every placed replica gets.
        proofs: for each term of the objective the value reached and the limit that no plan exceeds; of terms after one
            for which no solution was found, what is so of every plan.
        proven: whether every term is proven to be at its limit.
    """

    grants: dict[ReplicaIndex, Grant]
    proofs: tuple[Proof, ...]
    proven: bool


def solve(
    indexed: IndexedProblem,
    objective: LexicographicObjective,
    start: Mapping[ReplicaIndex, Grant],
    effort: float = EFFORT,
) -> Solution:
    """Returns the best assignment found, maximising the terms of the objective one after another.

    Args:
        indexed: the problem.
        objective: the terms, the most important first.
        start: an assignment to start with, or an empty mapping; the solution is never worse.
        effort: limit of each term in the solver's deterministic seconds.

    Raises:
        SolverMissing: OR-tools is not installed.
    """
    module = _solver_module()
    placement = PlacementModel(indexed, objective, module)
    hints = _hints(placement, start)
    proofs: list[Proof] = []
    solver: ConstraintSolver | None = None
    terms = placement.terms()
    for name, expression in terms:
        if isinstance(expression, int):
            proofs.append(Proof(name, abs(expression), abs(expression)))
            continue
        found = _maximise(module, placement, expression, hints, effort)
        if found is None:
            break
        solver = found
        reached, limit = round(solver.objective_value), round(solver.best_objective_bound)
        proofs.append(Proof(name, abs(reached), abs(limit)))
        placement.model.add(expression >= reached)
        hints = [(variable, solver.value(variable)) for variable in placement.variables()]
    grants = dict(start) if solver is None else _grants(placement, solver)
    start_worth = _worth(objective, start)
    if solver is not None and start_worth > _worth(objective, grants):
        # The limit of a term holds for all assignments that equal the solution in the terms before it: for the better
        # start as well.
        grants = dict(start)
        proofs = [Proof(proof.term, abs(value), proof.limit) for proof, value in zip(proofs, start_worth, strict=False)]
    proofs += _unproven(indexed, terms[len(proofs) :], _worth(objective, grants)[len(proofs) :])
    proven = all(proof.reached == proof.limit for proof in proofs)
    return Solution(grants, tuple(proofs), proven)


def _unproven(indexed: IndexedProblem, terms: Sequence[tuple[str, object]], values: Sequence[int]) -> Iterator[Proof]:
    """Yields for terms without a solution what is so of every plan: at most all replicas, and nothing below 0."""
    most = {"placed": sum(demand.replicas for demand in indexed.demands), "wishes": Preferences(indexed).best}
    for (name, _), value in zip(terms, values, strict=False):
        yield Proof(name, abs(value), most.get(name, 0))


def _solver_module() -> SolverModule:
    """Returns the module of CP-SAT. Raises SolverMissing."""
    try:
        from ortools.sat.python import cp_model
    except ImportError as error:
        raise SolverMissing(
            "the strategy 'exact' needs OR-tools", hint="install it with: pip install 'rohe-iac[exact]'"
        ) from error
    # OR-tools types its operators by classes of its own, which no protocol of other names can match.
    return cast(SolverModule, cp_model)


def _maximise(
    module: SolverModule,
    placement: PlacementModel,
    expression: LinearExpression,
    hints: list[tuple[LinearExpression, int]],
    effort: float,
) -> ConstraintSolver | None:
    """Returns the solver with its best solution for an expression; None where it found no solution."""
    model = placement.model
    model.clear_hints()
    for variable, value in hints:
        model.add_hint(variable, value)
    model.maximize(expression)
    solver = module.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = effort
    status = solver.solve(model)
    return solver if status in (module.OPTIMAL, module.FEASIBLE) else None


def _grants(placement: PlacementModel, solver: ConstraintSolver) -> dict[ReplicaIndex, Grant]:
    """Returns what every replica gets in the solver's solution."""
    return decode(
        placement.indexed,
        placement.kept,
        {key: solver.value(variable) for key, variable in placement.counts.items()},
        {key: solver.value(variable) for key, variable in placement.core_counts.items()},
        {key: solver.value(variable) for key, variable in placement.device_counts.items()},
    )


def _worth(objective: LexicographicObjective, grants: Mapping[ReplicaIndex, Grant]) -> tuple[int, ...]:
    """Returns the value of an assignment by every term of the objective, last by preferences that the model lacks."""
    terms = objective.terms((replica, grant.node) for replica, grant in grants.items())
    last = "" if objective.preferred.by_node else "wishes"
    return tuple([value for _, value in sorted(terms, key=lambda term: term[0] == last)])


def _hints(placement: PlacementModel, start: Mapping[ReplicaIndex, Grant]) -> list[tuple[LinearExpression, int]]:
    """Returns the start as values of the model's variables, interchangeable nodes in the order that the model asks."""
    if not start:
        return []
    indexed = placement.indexed
    node_of = _ordered_nodes(placement, start)
    counts: Counter[tuple[int, ...]] = Counter()
    cores: Counter[tuple[int, ...]] = Counter()
    devices: Counter[tuple[int, ...]] = Counter()
    for grant in start.values():
        demand, node = grant.demand, node_of[grant.node]
        counts[demand, node] += 1
        chunks = list(indexed.resources[demand].cores)
        for core, amount in grant.cores:
            chunk = chunks.index(amount)
            # Each of several equal chunks is found once: the next search skips it.
            chunks[chunk] = -1
            cores[demand, node, chunk, core] += 1
        taken = iter(grant.devices)
        for number, request in enumerate(indexed.resources[demand].devices):
            for _ in range(request.count or 1):
                devices[demand, node, number, next(taken)[0]] += 1
    used = {node for _, node in counts}
    hints = [(variable, int(node in used)) for node, variable in enumerate_nodes(placement.used)]
    hints += [(variable, counts[key]) for key, variable in placement.counts.items()]
    hints += [(variable, cores[key]) for key, variable in placement.core_counts.items()]
    hints += [(variable, devices[key]) for key, variable in placement.device_counts.items()]
    return hints


def _ordered_nodes(placement: PlacementModel, start: Mapping[ReplicaIndex, Grant]) -> dict[NodeIndex, NodeIndex]:
    """Returns by node the one to exchange it for, so that of interchangeable nodes the earlier has the larger load."""
    resources = placement.indexed.resources
    load: Counter[NodeIndex] = Counter()
    replicas: Counter[NodeIndex] = Counter()
    for grant in start.values():
        load[grant.node] += resources[grant.demand].cpu
        replicas[grant.node] += 1
    return {
        loaded: node
        for nodes in placement.interchangeable
        for node, loaded in zip(
            nodes, sorted(nodes, key=lambda node: (-load[node], -replicas[node], node)), strict=True
        )
    }
