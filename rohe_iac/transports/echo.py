"""Echo: whether the broker brings back what an agent says of itself, so that one that hangs is noticed early.

The keep alive of MQTT notices a broker that hangs, or a network that swallows everything, within 30 s. Clients that
make no promises are idle long before, and windows would close without the reports that they make meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

PATIENCE = 2.0
"""Seconds for which an echo is waited for."""

MAX_STEP = 0.5
"""Seconds that count from one check to the next, at most: while the agent itself is stalled it hears no echo."""


class Echo:
    """The echo of an agent's heartbeats, by threads of the connection and of the worker.

    Agents that are not subscribed to their own state never hear any, and notice nothing.

    Attributes:
        silent: Whether the broker brings no echo although it did before on the same connection.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        """Begins without a connection.

        Args:
            note: Called with each state of the connection: `up`, `behind` while the broker is silent, or `down`.
        """
        self._note = note
        self._lock = threading.Lock()
        self._known = self._waits = self.silent = False
        self._waited = self._checked = 0.0

    def change(self, state: str) -> None:
        """Takes the begin or the end of a connection into account, `up` or `down`, and tells it."""
        with self._lock:
            self._known = self._waits = self.silent = False
            self._waited = 0.0
            self._note(state)

    def send(self) -> None:
        """Takes into account that a heartbeat was sent."""
        with self._lock:
            self._waits = True

    def hear(self) -> None:
        """Takes into account that a heartbeat has come back."""
        with self._lock:
            self._known, self._waits, self._waited = True, False, 0.0
            if self.silent:
                self.silent = False
                self._note("up")

    def check(self) -> None:
        """Looks whether a heartbeat comes back; called again and again."""
        now = time.monotonic()
        with self._lock:
            step, self._checked = min(MAX_STEP, now - self._checked), now
            self._waited += step if self._waits else 0.0
            if self._known and self._waited > PATIENCE and not self.silent:
                self.silent = True
                self._note("behind")
