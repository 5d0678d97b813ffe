"""Solver protocols: what the strategy `exact` calls of CP-SAT (OR-tools), so that no other module needs its types.

OR-tools is an optional extra, so its own classes cannot be imported where the model is built. Reference: CP-SAT,
OR-tools, https://developers.google.com/optimization/cp.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias


class Comparison(Protocol):
    """A linear comparison of expressions, as `ConstraintModel.add` takes it."""

    def __bool__(self) -> bool:
        """Raises NotImplementedError in CP-SAT for most comparisons: their value is not known before solving."""
        ...


class LinearExpression(Protocol):
    """A variable, or a linear expression of variables with integer coefficients."""

    def __add__(self, other: Linear, /) -> LinearExpression: ...
    def __radd__(self, other: Linear, /) -> LinearExpression: ...
    def __sub__(self, other: Linear, /) -> LinearExpression: ...
    def __rsub__(self, other: Linear, /) -> LinearExpression: ...
    def __mul__(self, factor: int, /) -> LinearExpression: ...
    def __rmul__(self, factor: int, /) -> LinearExpression: ...
    def __neg__(self) -> LinearExpression: ...
    def __le__(self, other: Linear, /) -> Comparison: ...
    def __ge__(self, other: Linear, /) -> Comparison: ...

    # A comparison is what CP-SAT returns in place of the `bool` that `object` promises.
    def __eq__(self, other: Linear, /) -> Comparison: ...  # type: ignore[override]


Linear: TypeAlias = LinearExpression | int
"""An expression or a constant; the sum of no expressions is the constant 0."""


class AddedConstraint(Protocol):
    """A constraint of a model."""

    def only_enforce_if(self, *literals: LinearExpression) -> object:
        """Enforces the constraint only where all of these 0-1 variables are 1."""
        ...


class ConstraintModel(Protocol):
    """A constraint model."""

    def new_bool_var(self, name: str, /) -> LinearExpression:
        """Returns a new variable with the values 0 and 1."""
        ...

    def new_int_var(self, lower: int, upper: int, name: str, /) -> LinearExpression:
        """Returns a new integer variable from `lower` to `upper`."""
        ...

    def add(self, constraint: Comparison | bool, /) -> AddedConstraint:
        """Adds a comparison; a plain bool is a comparison of constants."""
        ...

    def add_max_equality(self, target: Linear, exprs: Sequence[Linear], /) -> AddedConstraint:
        """Adds that the target is the largest of these."""
        ...

    def add_division_equality(self, target: Linear, numerator: Linear, denominator: Linear, /) -> AddedConstraint:
        """Adds `target == numerator // denominator`, rounded towards zero."""
        ...

    def add_multiplication_equality(self, target: Linear, factors: Sequence[Linear], /) -> AddedConstraint:
        """Adds that the target is the product of the factors."""
        ...

    def clear_hints(self) -> None:
        """Removes all hints."""
        ...

    def add_hint(self, variable: LinearExpression, value: int, /) -> None:
        """Adds a value that the search tries first for a variable."""
        ...

    def maximize(self, expression: LinearExpression, /) -> None:
        """Sets the objective, in place of an earlier one."""
        ...


class SolverParameters(Protocol):
    """The parameters of a CP-SAT solver that are set here."""

    num_workers: int
    random_seed: int
    max_deterministic_time: float


class ConstraintSolver(Protocol):
    """A solver; after `solve` it holds the solution."""

    @property
    def parameters(self) -> SolverParameters:
        """The parameters of the next `solve`."""
        ...

    @property
    def objective_value(self) -> float:
        """The objective of the solution."""
        ...

    @property
    def best_objective_bound(self) -> float:
        """The proven limit of the objective."""
        ...

    def solve(self, model: ConstraintModel, /) -> object:
        """Solves a model and returns the status."""
        ...

    def value(self, expression: LinearExpression, /) -> int:
        """Returns the value of an expression in the solution."""
        ...


class SolverModule(Protocol):
    """The module `ortools.sat.python.cp_model`."""

    @property
    def OPTIMAL(self) -> object:
        """The status of a solution that is proven to be the best."""
        ...

    @property
    def FEASIBLE(self) -> object:
        """The status of a solution that may not be the best."""
        ...

    def CpModel(self) -> ConstraintModel:
        """Returns an empty model."""
        ...

    def CpSolver(self) -> ConstraintSolver:
        """Returns a solver with default parameters."""
        ...
