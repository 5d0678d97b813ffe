"""Positions by which the planner names nodes and demands.

They are types of their own, so that mypy refuses a node where a demand is meant: most functions of the planner take one
of each, side by side, and both are integers. At run time they are `int`, and hot loops neither call nor cast: they take
positions from `IndexedProblem.node_indices` and `demand_indices`, or from `enumerate_nodes` and `enumerate_demands`.

The casts are here, where both functions are `enumerate` itself, and in `IndexedProblem`, which makes both sequences
once. Other code says what an integer is only where none of these can: for keys of heaps (`NodeKeys`), for NumPy arrays
of nodes (`VectorizedEvaluator`), and for negative numbers that stand for no position.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NewType, Protocol, TypeAlias, TypeVar, cast

NodeIndex = NewType("NodeIndex", int)
"""Position of a node in `IndexedProblem.nodes`, which are sorted by name."""

DemandIndex = NewType("DemandIndex", int)
"""Position of a demand in `IndexedProblem.demands`, which are sorted by workload."""

ReplicaIndex: TypeAlias = tuple[DemandIndex, int]
"""A replica: its demand, and its number among the replicas of the demand."""

NO_NODE = NodeIndex(-1)
"""Stands for a node where there is none."""

Position_co = TypeVar("Position_co", covariant=True)
Value = TypeVar("Value")


class Enumerate(Protocol[Position_co]):
    """The type of `enumerate` where it yields positions."""

    def __call__(self, values: Iterable[Value], /) -> Iterator[tuple[Position_co, Value]]:
        """Yields the position of each value, and the value."""
        ...


enumerate_nodes = cast("Enumerate[NodeIndex]", enumerate)
"""Yields node and value, of one value for each node."""

enumerate_demands = cast("Enumerate[DemandIndex]", enumerate)
"""Yields demand and value, of one value for each demand."""
