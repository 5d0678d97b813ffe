"""Reasons for which a report is refused, as counters and messages name them."""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Why a report was refused."""

    FULL = "full"
    """The outbox has as many reports, or bytes, as it may: no agent acknowledges them."""
    SLOW = "too slow"
    """The disk does not answer, and the buffer in memory has as many reports, or bytes, as it may."""
    NO_ROOM = "no room"
    """The file system of the outbox is full."""
    FAILED = "disk error"
    """The outbox cannot be written for another reason."""
    INVALID = "invalid"
    """The report is no JSON, or larger than a report may be."""
    UNOBSERVED = "unobserved"
    """The service is not observed, or its reporter is closed."""
