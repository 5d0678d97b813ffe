"""Positions by which the planner names nodes and demands.

They are names for `int`, not types of their own: positions come from `enumerate` and `range` in every hot loop, and a
NewType would need a call or a cast at each.
"""

from __future__ import annotations

from typing import TypeAlias

NodeIndex: TypeAlias = int
"""Position of a node in `IndexedProblem.nodes`, which are sorted by name."""

DemandIndex: TypeAlias = int
"""Position of a demand in `IndexedProblem.demands`, which are sorted by workload."""

ReplicaIndex: TypeAlias = tuple[DemandIndex, int]
"""A replica: its demand, and its number among the replicas of the demand."""
