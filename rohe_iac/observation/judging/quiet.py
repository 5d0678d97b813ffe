"""Quiet: whether those whom an objective hears are heard, and whether there is anything new to judge."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rohe_iac.observation.contract import WindowSpec
from rohe_iac.observation.reports.client_clock import DEFAULT_INTERVAL, SILENT_INTERVALS, ClientClock

MIN_RECENT = 2.0
"""Seconds, at least, for which a report counts as recent."""

MIN_QUIET = 10.0
"""Seconds without a report, at least, after which a client that promises nothing counts as silent, and the last window
that is not of a span of time says nothing any more."""

MAX_UNHEARD = SILENT_INTERVALS * DEFAULT_INTERVAL
"""Seconds after which a client that nothing is known of is silent, and after which an agent that does not listen has no
verdict."""


class Quiet(StrEnum):
    """Why an objective has no verdict although nothing says that it is broken."""

    NO = ""
    """It hears reports."""
    SILENT = "silent"
    """Nothing is heard of those who would report."""
    STALE = "stale"
    """Nobody has reported for longer than a window lasts."""


@dataclass(frozen=True, slots=True)
class HeardPlace:
    """The instances that can fill one place in a request, or the scope of an objective.

    Attributes:
        speaks: Whether one of them is there, as it promised to say, or may still say so.
        promised: Whether any of them promises to say so.
        reported: When any of them last reported, or could first be heard (seconds since the epoch).
    """

    speaks: bool
    promised: bool
    reported: float

    def is_silent(self, recent: float, now: float) -> bool:
        """Checks whether nothing is heard; of clients that promise nothing, no report is as good as none of them."""
        return not self.speaks and now - self.reported > (0.0 if self.promised else recent)


def silent_clients(names: Iterable[str], clocks: Mapping[str, ClientClock], now: float, since: float) -> set[str]:
    """Returns the clients that have promised to speak and do not, and those that were never heard.

    Args:
        names: Planned clients.
        clocks: Progress of the clients that were heard.
        now: Present time (seconds since the epoch).
        since: Since when they could be heard (seconds since the epoch).
    """
    found = set()
    for name in names:
        clock = clocks.get(name)
        if clock.is_silent(now, since) if clock is not None else now - since > MAX_UNHEARD:
            found.add(name)
    return found


def place_of(
    names: Sequence[str], clocks: Mapping[str, ClientClock], silent: Container[str], since: float
) -> HeardPlace:
    """Returns what is heard of the instances of one place.

    Args:
        names: The instances.
        clocks: Progress of the clients that were heard.
        silent: Clients that are silent.
        since: Since when they could be heard (seconds since the epoch).
    """
    known = [(name, clocks.get(name)) for name in names]
    plain = [clock for _, clock in known if clock is not None and not clock.interval]
    return HeardPlace(
        speaks=any(name not in silent and (clock is None or clock.interval) for name, clock in known),
        promised=not plain,
        reported=max(since, max((clock.reported for _, clock in known if clock is not None), default=-math.inf)),
    )


def quiet_of(places: Iterable[HeardPlace], window: WindowSpec, seconds: float, now: float) -> Quiet:
    """Returns whether an objective hears anything new.

    Args:
        places: Places each of which has to report.
        window: Windows of the objective.
        seconds: How long one of them lasts.
        now: Present time (seconds since the epoch).
    """
    found = list(places)
    longest = max(MIN_QUIET, seconds)
    if any(place.is_silent(longest, now) for place in found):
        return Quiet.SILENT
    # A window of a span of time that is over says by itself that nothing came.
    if window.size_seconds and window.every_seconds:
        return Quiet.NO
    longest += window.session
    return Quiet.STALE if any(now - place.reported > longest for place in found) else Quiet.NO
