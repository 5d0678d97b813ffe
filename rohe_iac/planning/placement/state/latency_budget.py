"""Budget: how long requests may travel over links on one way through a flow."""

from __future__ import annotations

from dataclasses import dataclass

from rohe_iac.planning.model.promise import Promise


@dataclass(frozen=True, slots=True)
class Budget:
    """promise: of the promises along the way, the one that leaves least; left: what it leaves, in microseconds.

    stages: positions of demands, service by service.
    """

    promise: Promise
    stages: tuple[tuple[int, ...], ...]
    left: int
