"""Delivery watch: notices that a report is sent again and again, and that no agent acknowledges it."""

from __future__ import annotations

MIN_ATTEMPTS = 3
"""How often a report has to be sent before it counts as not arriving."""

MIN_AGE = 8.0
"""Seconds since it was first sent before it counts as not arriving; it is sent again after 3 and 6 s."""


class DeliveryWatch:
    """Watches the oldest report of an outbox."""

    def __init__(self) -> None:
        self._row = self._attempts = 0
        self._first = 0.0
        self._said = False

    def note(self, oldest: int, before: int, after: int, now: float) -> None:
        """Takes in one round of sending.

        Args:
            oldest: Row of the oldest report, 0 where the outbox is empty.
            before: Row up to which reports had been sent before the round.
            after: Row up to which they were sent after it.
            now: Monotonic time in seconds.
        """
        if oldest != self._row:
            self._row, self._attempts, self._said = oldest, 0, False
        if oldest and before < oldest <= after:
            self._attempts += 1
            self._first = now if self._attempts == 1 else self._first

    def silence(self, now: float) -> float:
        """Returns for how many seconds the oldest report has been sent without arriving, 0 where it may yet arrive."""
        age = now - self._first
        return age if self._attempts >= MIN_ATTEMPTS and age >= MIN_AGE else 0.0

    def to_say(self, now: float) -> tuple[int, float] | None:
        """Returns how often it was sent and for how many seconds, once for each report that does not arrive."""
        silence = self.silence(now)
        if not silence or self._said:
            return None
        self._said = True
        return self._attempts, silence
