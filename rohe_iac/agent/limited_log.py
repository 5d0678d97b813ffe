"""Limited log: warnings about what clients send, of each kind at most a few lines in a while."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

INTERVAL = 10.0
"""Seconds in which at most MAX_LINES of the same kind are logged."""

MAX_LINES = 20
"""Lines of the same kind that are logged in an interval; the others are counted."""

MAX_KINDS = 1000
"""Kinds that are remembered; of more kinds each one is logged again."""

MAX_LINE = 500
"""Characters of one line, at most."""


@dataclass
class _Interval:
    """What came of one kind since `began` (monotonic clock, seconds): lines that were logged, and how many others."""

    began: float
    lines: set[str] = field(default_factory=set)
    suppressed: int = 0


class LimitedLog:
    """Logs warnings with untrusted text in them: within bounds, on one line, and not too often."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._kinds: dict[str, _Interval] = {}

    def warn(self, kind: str, line: str, now: float) -> None:
        """Logs a line, or counts it where it or enough others of its kind were logged a short while ago.

        Args:
            kind: What is limited, such as the topic of a message.
            line: Text to log.
            now: Present time by the monotonic clock (seconds).
        """
        self.flush(now)
        if kind not in self._kinds and len(self._kinds) >= MAX_KINDS:
            self._end(next(iter(self._kinds)))
        interval = self._kinds.setdefault(kind, _Interval(now))
        text = printable(line)
        if text in interval.lines or len(interval.lines) >= MAX_LINES:
            interval.suppressed += 1
            return
        interval.lines.add(text)
        self._log.warning("%s", text)

    def flush(self, now: float) -> None:
        """Ends the intervals that are over at `now` (monotonic clock, seconds), and logs what each left out."""
        # Kinds are in the order in which their intervals began, so that a message looks at those alone that are over.
        while self._kinds:
            kind, interval = next(iter(self._kinds.items()))
            if now - interval.began < INTERVAL:
                return
            self._end(kind)

    def _end(self, kind: str) -> None:
        suppressed = self._kinds.pop(kind).suppressed
        if suppressed:
            self._log.warning("%s: %d more like these", printable(kind), suppressed)


def printable(text: str, limit: int = MAX_LINE) -> str:
    """Returns the text on one line, without control characters, cut to `limit` characters."""
    cut = text[:limit]
    shown = "".join(character if character.isprintable() else "?" for character in cut)
    return shown + ("..." if len(text) > limit else "")
