"""Limited log: warnings about what clients send, of each kind at most one line in a while."""

from __future__ import annotations

import logging

INTERVAL = 10.0
"""Seconds, at least, between two lines of the same kind."""

MAX_KINDS = 1000
"""Kinds that are remembered; of more kinds each one is logged again."""

MAX_LINE = 500
"""Characters of one line, at most."""


class LimitedLog:
    """Logs warnings with untrusted text in them: within bounds, on one line, and not too often."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._kinds: dict[str, tuple[float, int]] = {}

    def warn(self, kind: str, line: str, now: float) -> None:
        """Logs a line, or counts it where one of its kind was logged a short while ago.

        Args:
            kind: What is limited, such as the topic of a message.
            line: Text to log.
            now: Present time (seconds since the epoch).
        """
        logged_at, suppressed = self._kinds.get(kind, (0.0, 0))
        if abs(now - logged_at) < INTERVAL:
            self._kinds[kind] = logged_at, suppressed + 1
            return
        if len(self._kinds) >= MAX_KINDS:
            self._kinds.clear()
        self._kinds[kind] = now, 0
        more = f" ({suppressed} more of this kind before)" if suppressed else ""
        self._log.warning("%s%s", printable(line), more)


def printable(text: str, limit: int = MAX_LINE) -> str:
    """Returns the text on one line, without control characters, cut to `limit` characters."""
    cut = text[:limit]
    shown = "".join(character if character.isprintable() else "?" for character in cut)
    return shown + ("..." if len(text) > limit else "")
