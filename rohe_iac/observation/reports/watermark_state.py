"""Watermark state: everything that a watermark remembers, as checkpoints keep it."""

from __future__ import annotations

import msgspec

from rohe_iac.observation.reports.client_clock import ClientClock


class WatermarkState(msgspec.Struct, kw_only=True):
    """Everything that a watermark remembers; times are seconds since the epoch.

    Attributes:
        clients: Known clients by name.
        values: Watermarks by name of the group.
        groups: Names of the groups of clients that are not known beforehand, by client.
        now: Newest time of the clock of arrivals.
        swept: When gaps were last searched.
        resumed: When the last pause ended.
        paused: Whether a pause lasts.
        paused_at: When it began, which is when the agent last listened; 0 where nothing was ever heard.
        excluded: Clients that get no requests at present, so that their silence means nothing.
        missing: Reports that were missing in gaps that were passed over.
    """

    clients: dict[str, ClientClock] = {}
    values: dict[str, float] = {}
    groups: dict[str, list[str]] = {}
    now: float = 0.0
    swept: float = 0.0
    resumed: float = 0.0
    paused: bool = True
    paused_at: float = 0.0
    excluded: list[str] = []
    missing: int = 0
