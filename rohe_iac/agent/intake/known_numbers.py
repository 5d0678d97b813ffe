"""Known numbers: which sequence numbers were received, by client and boot, within bounds."""

from __future__ import annotations

import math

from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.intake.gaps import GapLedger
from rohe_iac.observation.reports.sequence_set import SequenceSet

MAX_BOOTS = 1000
"""Boots of one client whose sequence numbers are remembered, those heard last. A client sends no report of more than
200 boots after that of its oldest report that is not acknowledged, so that at most 400 others are heard in between,
whatever is lost, repeated or out of order: of a boot that was forgotten before its client knew that its reports are
stored, these would be stored once more."""

MAX_TOLD_BOOTS = 200
"""Boots of one client, those heard last, that are acknowledged on a new connection: the client sends all that is not
acknowledged again, of every boot, and is told of others as it does."""

SWEEP_INTERVAL = 3600.0
"""Seconds between two searches for clients that have been silent for the retention."""

MAX_CLIENTS = 10_000
"""Clients whose last state is remembered, and whose sequence numbers are."""


class KnownNumbers:
    """The sequence numbers that were received.

    Attributes:
        gaps: How many gaps they have.
    """

    def __init__(self, received: dict[tuple[str, str], SequenceSet], retention: float, now: float) -> None:
        """Begins with what was received before.

        Args:
            received: Sequence numbers by client and boot, that heard last at the end; they become those of this object.
            retention: Seconds after which the sequence numbers of a client that is silent are forgotten.
            now: Present time by the monotonic clock.
        """
        self._received, self._retention, self._swept = received, retention, now
        self.gaps = GapLedger()
        # The boots of each client, that heard last at the end.
        self._boots: dict[str, dict[str, None]] = {}
        for (client, boot), numbers in received.items():
            self._boots.setdefault(client, {})[boot] = None
            self.gaps.change(client, numbers.gaps)
        self._heard: dict[str, float] = {}

    def __contains__(self, client: str) -> bool:
        """Checks whether a client has reported."""
        return client in self._boots

    def heard(self, client: str) -> float:
        """Returns when a client last reported, by the monotonic clock; minus infinity where it has not."""
        return self._heard.get(client, -math.inf)

    def newest_keys(self) -> list[tuple[str, str]]:
        """Returns (client, boot) of the boots that were heard last, MAX_TOLD_BOOTS of each client at most."""
        return [
            (client, boot) for client, boots in self._boots.items() for boot in list(boots)[-MAX_TOLD_BOOTS:]
        ]  # fmt: skip

    def of(self, client: str) -> list[tuple[str, list[list[int]]]]:
        """Returns the ranges of received sequence numbers of a client by boot, that heard last at the end."""
        return [(boot, self._received[client, boot].ranges) for boot in self._boots.get(client, ())]

    def acknowledgement(self, client: str, boot: str) -> tuple[int, list[list[int]]]:
        """Returns the newest acknowledged sequence number of a boot, and the ranges below it that are missing."""
        numbers = self._received.get((client, boot))
        return numbers.acknowledgement() if numbers is not None else (0, [])

    def has_room(self, client: str, boot: str, seq: int) -> bool:
        """Checks whether a number can be taken in: one that opens no gap always can."""
        if self.gaps.total < self.gaps.limit or self.gaps.allows(client):
            return True
        numbers = self._received.get((client, boot))
        return numbers is None or not numbers.opens_gap(seq)

    def add(self, client: str, boot: str, seq: int, now: float, batch: IntakeBatch) -> bool:
        """Records a sequence number as received; returns whether it is new.

        Args:
            client: Client that it is of.
            boot: Boot of the client.
            seq: The number.
            now: Present time by the monotonic clock.
            batch: Batch that it becomes a part of.
        """
        key = (client, boot)
        batch.to_acknowledge.add(key)
        self._heard[client] = now
        boots = self._boots.setdefault(client, {})
        boots.pop(boot, None)
        boots[boot] = None
        numbers = self._received.get(key)
        if numbers is None:
            numbers = self._received[key] = SequenceSet()
            if len(boots) > MAX_BOOTS:
                self._forget((client, next(iter(boots))), batch)
        before = numbers.gaps
        fresh = numbers.add(seq)
        if fresh:
            if numbers.gaps != before:
                self.gaps.change(client, numbers.gaps - before)
            batch.numbered += 1
            batch.transaction.received[key] = numbers
        return fresh

    def _forget(self, key: tuple[str, str], batch: IntakeBatch) -> None:
        """Forgets the sequence numbers of a boot."""
        del self._boots[key[0]][key[1]]
        self.gaps.change(key[0], -self._received.pop(key).gaps)
        batch.transaction.received.pop(key, None)
        batch.transaction.forgotten.append(key)
        batch.to_acknowledge.discard(key)

    def forget_silent(self, now: float, batch: IntakeBatch) -> None:
        """Forgets clients that have not reported for the retention, or too many, once in SWEEP_INTERVAL.

        Args:
            now: Present time by the monotonic clock.
            batch: Batch that it becomes a part of.
        """
        if now - self._swept <= SWEEP_INTERVAL:
            return
        self._swept, heard = now, self._heard
        # The age is not known over a restart of the agent, so that their number is bounded too.
        by_age = sorted(self._boots, key=lambda client: heard.setdefault(client, now))
        for place, client in enumerate(by_age, start=MAX_CLIENTS - len(by_age)):
            if place < 0 or now - heard[client] > self._retention:
                del heard[client]
                self.gaps.change(client, -self.gaps.of(client))
                for boot in self._boots.pop(client):
                    self._received.pop((client, boot), None)
                    batch.transaction.forgotten.append((client, boot))
