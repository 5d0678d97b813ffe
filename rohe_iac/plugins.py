"""The public door of the planner: what user modules import to write filters, scorers and strategies.

A stack names them in its planner's settings (docs/planner.md, "Extension"). Each is a callable that gets a `Candidate`,
or a sequence of them, and nothing else. Names that are not listed here are internal and may move.
"""

from __future__ import annotations

from rohe_iac.planning.model.demand import (
    AffinityRule,
    Demand,
    DemandVariant,
    DeviceRequest,
    PortRequest,
    Resources,
    SpreadRule,
    TolerationRule,
)
from rohe_iac.planning.model.plugins.protocols import (
    Candidate,
    Filter,
    FreeAmounts,
    PlacedReplicas,
    Scorer,
    Strategy,
)
from rohe_iac.planning.model.supply import Device, NodeTaint, Supply

__all__ = [
    "AffinityRule",
    "Candidate",
    "Demand",
    "DemandVariant",
    "Device",
    "DeviceRequest",
    "Filter",
    "FreeAmounts",
    "NodeTaint",
    "PlacedReplicas",
    "PortRequest",
    "Resources",
    "Scorer",
    "SpreadRule",
    "Strategy",
    "Supply",
    "TolerationRule",
]
