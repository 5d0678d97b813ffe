"""Wait: whom a watermark waits for, and why."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class WaitReason(StrEnum):
    """Why a watermark waits for a client."""

    GAP = "gap"
    """Reports of it are missing."""
    UNHEARD = "unheard"
    """It has not been heard since the last pause ended."""
    SILENT = "silent"
    """It is silent, and has not said that it has nothing to report."""
    BEHIND = "behind"
    """The times of its reports are behind."""


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a watermark waits for.

    Attributes:
        reason: Why it waits.
        client: Client that it waits for.
        since: Since when (seconds since the epoch); of a client that is behind, the time of its newest report, 0
            before the first.
        first: First missing sequence number, of a gap.
        last: Last missing sequence number, of a gap.
    """

    reason: WaitReason
    client: str
    since: float
    first: int = 0
    last: int = 0
