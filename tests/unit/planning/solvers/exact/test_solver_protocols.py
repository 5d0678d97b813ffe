"""The protocols of the solver name what OR-tools really has."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.planning.solvers.exact import solver_protocols

cp_model = pytest.importorskip("ortools.sat.python.cp_model")


def members(protocol: Any) -> set[str]:
    found = {*vars(protocol), *protocol.__annotations__}
    return {name for name in found if not name.startswith(("_", "__"))}


def test_every_member_of_a_protocol_is_one_of_the_solver() -> None:
    model = cp_model.CpModel()
    variable = model.new_bool_var("x")
    solver = cp_model.CpSolver()
    for protocol, instance in (
        (solver_protocols.SolverModule, cp_model),
        (solver_protocols.ConstraintModel, model),
        (solver_protocols.AddedConstraint, model.add(variable <= 1)),
        (solver_protocols.SolverParameters, solver.parameters),
    ):
        assert members(protocol)
        assert {name for name in members(protocol) if not hasattr(instance, name)} == set()
    assert members(solver_protocols.ConstraintSolver) <= {*dir(solver), *vars(solver)}


def test_expressions_have_the_operators_that_the_protocol_names() -> None:
    model = cp_model.CpModel()
    first, second = model.new_int_var(0, 5, "x"), model.new_int_var(0, 5, "y")
    model.add(1 - first + 2 * second * 3 - second <= sum([first, 20]))
    model.add(-first >= -3)
    model.add(sum([]) <= 0)
    model.add(first == second)
    model.maximize(first)
    solver = cp_model.CpSolver()
    assert solver.solve(model) == cp_model.OPTIMAL
    assert (solver.value(first), solver.value(second), round(solver.objective_value)) == (3, 3, 3)
