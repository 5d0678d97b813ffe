"""Rivalry: two clients of one identifier, of which a broker ends the connection of one when the other connects."""

from __future__ import annotations

import logging
import time
from typing import Any

LOG = logging.getLogger("rohe.mqtt")

SESSION_TAKEN_OVER = 0x8E
"""Reason code of MQTT 5 (section 3.14.2.1) for a connection that ends because its identifier has connected again."""

SHORT = 10.0
"""Seconds that a connection lasts at most where two clients end each other's."""

SUSPICIOUS = 3
"""Short connections in a row from which on another client is suspected, as MQTT 3.1.1 has no reason codes."""

SHOWN = 60.0
"""Seconds for which it is said."""


class Rivalry:
    """Whether another client connects under the same identifier."""

    def __init__(self, client_id: str) -> None:
        """Begins with no other client.

        Args:
            client_id: MQTT client identifier.
        """
        self._client_id = client_id
        self._short = 0
        self._said, self._said_at = "", 0.0

    @property
    def trouble(self) -> str:
        """Returns in words that there is another client of this identifier, or seems to be; "" where there is none."""
        return self._said if time.monotonic() - self._said_at < SHOWN else ""

    def ended_for(self, reason: Any) -> None:
        """Takes a reason into account with which the broker ended the connection, of MQTT 5."""
        if getattr(reason, "value", 0) == SESSION_TAKEN_OVER:
            self._say(f"another client has the name '{self._client_id}': run one process of that name")

    def ended(self, lasted: float) -> None:
        """Takes into account that an established connection ended.

        Args:
            lasted: Seconds that it lasted.
        """
        self._short = self._short + 1 if lasted < SHORT else 0
        if self._short >= SUSPICIOUS and not self.trouble.startswith("another"):
            self._say(
                f"the broker ended {self._short} connections of '{self._client_id}' within {SHORT:.0f} s each: "
                "does another client have that name?"
            )

    def _say(self, words: str) -> None:
        if not self.trouble:
            LOG.warning("%s", words)
        self._said, self._said_at = words, time.monotonic()
