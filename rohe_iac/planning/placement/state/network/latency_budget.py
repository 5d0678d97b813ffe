"""Latency budget: how long requests may travel over links on one path through a flow."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.planning.model.promise import ResponseTimeLimit
from rohe_iac.planning.placement.state.positions import DemandIndex


@dataclass(frozen=True, slots=True)
class LatencyBudget:
    """What promises leave for the network along one path.

    Attributes:
        objective: Of the promises along the path, the one that leaves least.
        stages: Positions of the demands, service by service.
        limit: What it leaves, in microseconds.
        keys: For each hop to the next stage the topology key within whose domains requests stay; "" for any nodes.
    """

    objective: ResponseTimeLimit
    stages: tuple[tuple[DemandIndex, ...], ...]
    limit: int
    keys: tuple[str, ...]
