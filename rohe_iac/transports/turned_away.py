"""Turned away: messages that found no room in an agent's inbox, and how the broker comes to deliver them again.

They stay unacknowledged. MQTT 5 forbids a broker to deliver them again before the next connection (section 4.4), and a
broker of 3.1.1 need not; each of them counts against the messages that the broker leaves unacknowledged, until none is
delivered any more. NATS, which speaks 3.1.1, delivers them again by itself after its `ack_wait`.
"""

from __future__ import annotations

import threading
import time

from rohe_iac.mqtt.message import Incoming

RENEWAL_INTERVAL = 2.0
"""Seconds, at least, between two connections that are ended for the sake of such messages."""

REDELIVERY_PATIENCE = 40.0
"""Seconds for which a broker of MQTT 3.1.1 is given the time to deliver again by itself; NATS takes 30 by default."""


class TurnedAway:
    """The messages of the present connection that found no room and have not come again; for any thread."""

    def __init__(self) -> None:
        """Begins with none."""
        self._identifiers: set[int] = set()
        self._newest = self._renewed = 0.0
        self._lock = threading.Lock()

    @property
    def trouble(self) -> str:
        """Returns in words that messages wait for being delivered again; "" where none does."""
        count = len(self._identifiers)
        return f"{count} messages found no room and are unacknowledged until the broker sends them again" * bool(count)

    def note(self, message: Incoming, *, found_room: bool) -> None:
        """Takes in whether a message found room; of QoS 0 none is delivered again."""
        if found_room:
            if self._identifiers:
                with self._lock:
                    self._identifiers.discard(message.message_id)
        elif message.qos:
            with self._lock:
                self._identifiers.add(message.message_id)
                self._newest = time.monotonic()

    def forget(self) -> None:
        """Takes in that the connection ended, so that the next one brings all that is unacknowledged."""
        with self._lock:
            self._identifiers.clear()

    def take_due(self, protocol: int) -> int:
        """Returns for how many messages the connection has to be ended now; 0 where it can stay.

        Args:
            protocol: Protocol level of the connection: 5, or 4 for MQTT 3.1.1.
        """
        if not self._identifiers:
            return 0
        now = time.monotonic()
        patience = 0.0 if protocol >= 5 else REDELIVERY_PATIENCE
        with self._lock:
            if now - self._renewed < RENEWAL_INTERVAL or now - self._newest < patience:
                return 0
            self._renewed = now
            return len(self._identifiers)
