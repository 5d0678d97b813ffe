"""Heartbeat: the file that an agent touches while it works, and for how long it has not."""

from __future__ import annotations

from pathlib import Path

SILENCE = 90.0
"""Seconds without a heartbeat after which an agent counts as hanging."""


class Heartbeat:
    """The heartbeat of one run of an agent.

    What is compared is when the file was seen to change: its time is that of a clock that may be set meanwhile.
    """

    def __init__(self, path: Path) -> None:
        """Begins for a run.

        Args:
            path: The file. The wrapper has set its time to 0 before the run, so that one of an earlier run is no sign.
        """
        self._path = path
        self._touched = 0
        self._changed = 0.0

    def fault(self, now: float) -> str:
        """Looks at the file, and returns why the agent hangs; "" where it works, or is still recovering.

        Args:
            now: Monotonic time in seconds.
        """
        try:
            touched = self._path.stat().st_mtime_ns
        except OSError:
            touched = 0
        if touched != self._touched:
            self._touched, self._changed = touched, now
        silence = now - self._changed
        return f"no heartbeat for {silence:.0f} s" if touched and silence > SILENCE else ""
