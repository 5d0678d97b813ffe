"""Budget: how long requests may travel over links on one way through a flow."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.planning.model.promise import ResponseTimeLimit


@dataclass(frozen=True, slots=True)
class LatencyBudget:
    """promise: of the promises along the way, the one that leaves least; left: what it leaves, in microseconds.

    stages: positions of demands, service by service.
    """

    objective: ResponseTimeLimit
    stages: tuple[tuple[int, ...], ...]
    limit: int
