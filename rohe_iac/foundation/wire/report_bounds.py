"""Report bounds: what a report may hold. Reporters refuse what is beyond them, and agents take nothing else.

The number of bytes is in `rohe_iac.foundation.topics`, as it holds for all messages to an agent.
"""

from __future__ import annotations

from typing import Any

MAX_NAME_LENGTH = 1000
"""Longest name or identifier in characters."""

MAX_VALUES = 1000
"""Metrics of one report, and fields of one report, at most."""

MAX_DEPTH = 64
"""Levels of lists and objects in the values of a report, at most; the object of all fields is the first."""

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**64 - 1
"""Least and greatest integer in the fields of a report: those of MessagePack, in which values are stored."""

MAX_SEQ = 2**53 - 1
"""Largest sequence number; JSON numbers up to it are exact in every language (RFC 8259, section 6)."""

MAX_TIME = 1e11
"""Latest time in seconds since the epoch, in the year 5138; what is larger was meant in milliseconds."""

MAX_AGE = 366 * 86400.0
"""Seconds by which an event may be older than its arrival; a device without a clock says 1970."""

EARLIEST = 1_577_836_800.0
"""The year 2020 (seconds since the epoch): a clock that says less was never set, and is not asked."""


def is_too_deep(values: Any) -> bool:
    """Checks whether lists and objects, as JSON is decoded to, are nested in more than MAX_DEPTH levels."""
    level = [values]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for container in level
            if isinstance(container, dict | list)
            for item in (container.values() if isinstance(container, dict) else container)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True
