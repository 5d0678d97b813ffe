"""The terms of the objective in the CP-SAT model measure what the objective measures of an assignment."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.objective.terms import terms_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.exact.cp_objective import ModelMeasures

cp_model = pytest.importorskip("ortools.sat.python.cp_model")


def test_every_term_of_a_fixed_assignment_has_the_value_that_the_objective_gives_it(world: Any) -> None:
    nodes = [world.node(f"n{number}", cpu=4000, cost=3 + number) for number in range(3)]
    demands = [world.demand("a", 3, cpu=700, priority=1), world.demand("b", 2, cpu=900)]
    names = ("placed", "stable", "nodes", "cost", "balance")
    indexed = IndexedProblem(world.problem(nodes, demands, objective=names, max_moves=1))
    before = {(0, 0): 0, (0, 1): 0, (1, 0): 2, (1, 1): 2}
    objective = LexicographicObjective(indexed, before)
    # Index 0 stays, index 1 moves and index 2 is new; both of b move.
    assignment = {(0, 0): 0, (0, 1): 1, (0, 2): 1, (1, 0): 1, (1, 1): 0}

    model = cp_model.CpModel()
    used = [model.new_bool_var("") for _ in nodes]
    counts = {(demand, node): model.new_int_var(0, 3, "") for demand in range(2) for node in range(3)}
    for (demand, node), count in counts.items():
        model.add(count == sum((which, there) == (demand, node) for (which, _), there in assignment.items()))
        model.add(count <= 3 * used[node])
    held = {(0, 0): 2, (1, 2): 2}
    terms = terms_of(indexed, ModelMeasures(indexed, model, counts, used, held, objective.limit))
    found = []
    for _, expression in terms:
        model.maximize(expression)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        assert solver.solve(model) == cp_model.OPTIMAL
        found.append(round(solver.objective_value))
    assert [name for name, _ in terms] == ["moves", "placed", "placed", *names[1:]]
    assert tuple(found) == objective.worth(assignment.items()) == (-2, 3, 2, -3, -2, -7, found[-1])
