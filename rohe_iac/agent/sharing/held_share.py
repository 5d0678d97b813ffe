"""Held share: what a receiving agent has taken in for its share, and sent, and not yet seen committed."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.intake.client_state import ClientState
from rohe_iac.agent.intake.gaps import GapLedger
from rohe_iac.agent.intake.owed_acknowledgements import OwedAcknowledgements
from rohe_iac.agent.sharing.forwarding_intake import ForwardingIntake
from rohe_iac.agent.sharing.messages import Entry, ReportBatch, encode
from rohe_iac.mqtt.message import Incoming

BATCH_BYTES = 384 * 1024
"""Bytes of one batch as it is sent, at most; brokers take messages of 512 KiB."""

ENVELOPE_BYTES = 4096
"""Bytes of a batch beside its entries, at most: its epoch, its number, and the names of its counters."""

MESSAGE_BYTES = 600
"""Bytes by which the entry of a message is mostly not larger than the message; what is larger takes another batch."""

MAX_IN_FLIGHT = 8
"""Batches that are sent and not yet committed, at most."""

Acknowledgement = tuple[str, str, int, list[list[int]]]
"""Client, boot, newest sequence number, and missing ranges."""


@dataclass(slots=True)
class SentBatch:
    """One batch that waits to be committed.

    Attributes:
        number: Number of the batch within the epoch.
        payload: The batch as it is sent.
        messages: The messages that are taken in whole once it is committed.
        taken: What its messages came to.
        acknowledgements: What to acknowledge to reporters once it is committed.
        sent_at: When it was sent last, by the monotonic clock; 0 for never.
        times: How often it was sent.
    """

    number: int
    payload: bytes
    messages: list[Incoming]
    taken: IntakeBatch
    acknowledgements: list[Acknowledgement]
    sent_at: float = 0.0
    times: int = 0


class HeldShare:
    """A share from its grant until it is given back or lost.

    Attributes:
        epoch: Epoch of the share.
        clients: Clients that are heard.
        until: When the lease ends, by the monotonic clock.
        revoked: Whether the judge wants it back.
        in_flight: Batches that are not committed, oldest first.
    """

    def __init__(self, epoch: str, clients: Collection[str], intake: ForwardingIntake, until: float) -> None:
        self.epoch, self.clients, self.until = epoch, frozenset(clients), until
        self._intake = intake
        self.revoked = False
        self.in_flight: deque[SentBatch] = deque()
        self._number = 0
        self._owed = OwedAcknowledgements()

    def clock_trouble(self, now: float) -> str:
        """Returns in words that the agent's clock is wrong by years; "" where its clients agree with it."""
        return self._intake.clocks.trouble(now)

    @property
    def gaps(self) -> GapLedger:
        """Returns how many gaps the sequence numbers of each client have."""
        return self._intake.gaps

    @property
    def has_room(self) -> bool:
        """Checks whether messages can be taken in."""
        return not self.revoked and len(self.in_flight) < MAX_IN_FLIGHT

    @property
    def messages_in_flight(self) -> int:
        """Returns how many messages the batches have that are not committed."""
        return sum(len(batch.messages) for batch in self.in_flight)

    @property
    def states(self) -> dict[str, ClientState]:
        """Returns the last state of each client that is heard and has sent one since the grant."""
        return {client: state for client, state in self._intake.clients.items() if client in self.clients}

    def take_in(self, messages: Iterable[Incoming], now: float) -> None:
        """Makes batches of messages in order.

        Args:
            messages: Messages that arrived.
            now: Present time (Unix time in seconds).
        """
        parts = list(_parts(messages))
        if not parts and len(self._owed):
            parts = [[]]
        for part in parts:
            self._seal(part, now, everybody=False)

    def ask_again(self, now: float) -> None:
        """Acknowledges to every known reporter, after all that is under way, so that it sends what is missing."""
        self._seal([], now, everybody=True)

    def _seal(self, messages: list[Incoming], now: float, *, everybody: bool) -> None:
        taken = self._intake.process(messages, now)
        reporters = self._intake.boots_to_tell() if everybody else taken.to_acknowledge
        self._owed.owe(key for key in reporters if key[0] in self.clients)
        # The sequence numbers of this moment: when this batch is committed, so are all before it, and none after it
        # need to be.
        acknowledgements = list(self._owed.take(self._intake.acknowledgement))
        *before, last = _divided(self._intake.take_entries())
        for entries in before:
            self._append(entries, {}, [], IntakeBatch(), [])
        # What is acknowledged is committed whole, however many batches it takes.
        self._append(last, taken.transaction.counts, messages, taken, acknowledgements)

    def _append(
        self,
        entries: list[Entry],
        counts: dict[str, int],
        messages: list[Incoming],
        taken: IntakeBatch,
        acknowledgements: list[Acknowledgement],
    ) -> None:
        self._number += 1
        payload = encode(ReportBatch(self.epoch, self._number, entries, counts))
        self.in_flight.append(SentBatch(self._number, payload, messages, taken, acknowledgements))

    def take_committed(self, number: int) -> list[SentBatch]:
        """Returns the batches up to a number, which are in flight no longer, in order."""
        committed = []
        while self.in_flight and self.in_flight[0].number <= number:
            committed.append(self.in_flight.popleft())
        return committed

    def due(self, now: float, interval: float) -> Iterator[SentBatch]:
        """Yields the batches that are to be sent, in order, and counts them as sent.

        Args:
            now: Present time by the monotonic clock.
            interval: Seconds after which a batch is sent again for the first time; they double up to eight times, so
                that a judging agent that is behind is not given more to do.
        """
        for batch in self.in_flight:
            if not batch.times or now - batch.sent_at > interval * min(8, 2 ** (batch.times - 1)):
                batch.sent_at = now
                batch.times += 1
                yield batch


def _divided(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Divides entries, in order, into those of one batch each; the last may be empty."""
    parts: list[list[Entry]] = [[]]
    size = ENVELOPE_BYTES
    for entry in entries:
        of_entry = len(encode(entry))
        if parts[-1] and size + of_entry > BATCH_BYTES:
            parts.append([])
            size = ENVELOPE_BYTES
        parts[-1].append(entry)
        size += of_entry
    return parts


def _parts(messages: Iterable[Incoming]) -> Iterator[list[Incoming]]:
    part: list[Incoming] = []
    size = 0
    for message in messages:
        of_message = len(message.payload) + MESSAGE_BYTES
        if part and size + of_message > BATCH_BYTES:
            yield part
            part, size = [], 0
        part.append(message)
        size += of_message
    if part:
        yield part
