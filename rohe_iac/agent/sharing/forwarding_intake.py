"""Forwarding intake: the intake of a receiving agent, which makes entries of a batch for the judge."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import msgspec

from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.intake.client_state import decode_state
from rohe_iac.agent.intake.dead_letter import DeadLetter, check_size
from rohe_iac.agent.intake.intake import Intake
from rohe_iac.agent.intake.known_numbers import MAX_CLIENTS
from rohe_iac.agent.sharing.messages import Entry, EntryKind, ReceivedNumbers, encode
from rohe_iac.foundation.topics import MAX_REPORT_BYTES
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.needed_names import reduced
from rohe_iac.observation.reports.report import OversizedMessage, Report, Undecodable
from rohe_iac.observation.reports.senders import Senders
from rohe_iac.observation.reports.sequence_set import SequenceSet

MAX_CONTENT = MAX_REPORT_BYTES + 96 * 1024
"""Bytes of the content of one entry, at most: room for a whole message with its topic, which has up to 64 KiB."""


class GrantedNumbers:
    """The sequence numbers that came with a share, as an intake asks for them."""

    def __init__(self, numbers: Iterable[ReceivedNumbers]) -> None:
        self._numbers = {(item.client, item.boot): SequenceSet(item.ranges) for item in numbers}

    def received_numbers(self) -> dict[tuple[str, str], SequenceSet]:
        """Returns the sequence numbers that were received, by client and boot."""
        return self._numbers

    def has_digest(self, _digest: bytes) -> bool:
        """Returns False: only the judge knows the digests of all reports without a number."""
        return False


class ForwardingIntake(Intake):
    """Decodes, attributes and reduces reports, and drops duplicates; what states say is for the judge to act on.

    Attributes:
        entries: Entries since they were last taken.
    """

    def __init__(
        self, numbers: GrantedNumbers, agent: str, senders: Senders, retention: float, names: frozenset[str] | None
    ) -> None:
        """Begins with the sequence numbers of a share.

        Args:
            numbers: Sequence numbers that were received.
            agent: Name of the agent.
            senders: Instances that reports are attributed to.
            retention: Seconds after which the sequence numbers of a client that is silent are forgotten.
            names: Names of the values that contracts look at; None for all.
        """
        super().__init__(numbers, agent, senders, retention)
        self._names = names
        self._message: Incoming | None = None
        self.entries: list[Entry] = []

    def take_entries(self) -> list[Entry]:
        """Returns the entries since the last call."""
        entries, self.entries = self.entries, []
        return entries

    def enter_message(
        self, message: Incoming, levels: list[str], now: float, batch: IntakeBatch, *, forwarded: bool = False
    ) -> None:
        """Makes an entry of a message on a report topic, or leaves it out as `Intake` does."""
        self._message = message
        super().enter_message(message, levels, now, batch, forwarded=forwarded)

    def enter(self, report: Report, content: bytes, digest: bytes, now: float, batch: IntakeBatch) -> None:  # noqa: ARG002
        """Makes an entry of a report, once where it has a number."""
        if not report.seq:
            # Its order among reports of the same time depends on all of it.
            self._enter_content(EntryKind.UNNUMBERED, report.client, digest + content)
        elif self._add_number(report.client, report.boot, report.seq, batch):
            # In this form the judge reads it without the checks that it has passed here.
            self._enter_content(EntryKind.REPORT, report.client, msgspec.json.encode(reduced(report, self._names)))
        else:
            batch.count("duplicates")

    def _enter_content(self, kind: EntryKind, client: str, content: bytes) -> None:
        if len(content) > MAX_CONTENT and self._message is not None:
            # Numbers have other notations here: `1e+15` becomes `1000000000000000.0`.
            kind, content = EntryKind.WHOLE, encode((self._message.topic, self._message.payload))
        self.entries.append((kind, client, content))

    def keep_dead_letter(self, letter: DeadLetter, now: float, batch: IntakeBatch) -> None:  # noqa: ARG002
        """Makes an entry of a message that cannot be used, once where it has a number."""
        if letter.seq and not self._add_number(letter.client, letter.boot, letter.seq, batch):
            batch.count("duplicates")
            return
        batch.dead[letter.kind] = batch.dead.get(letter.kind, 0) + 1
        self.entries.append((EntryKind.DEAD_LETTER, letter.client, msgspec.msgpack.encode(letter)))

    def enter_state(self, message: Incoming, client: str, now: float, batch: IntakeBatch) -> None:
        """Makes an entry of a state message, or of a dead letter where it is too large, and remembers what it says."""
        try:
            check_size(message)
        except OversizedMessage as error:
            self._keep_dead_message(message, error, now, batch)
            return
        with contextlib.suppress(Undecodable):  # of what cannot be read the judge makes a dead letter
            state = decode_state(message.payload)
            if client in self.clients or len(self.clients) < MAX_CLIENTS:
                self.clients[client] = state
            if state["state"] == "online":
                self._greet(client, state["boot"], batch)
        kind = EntryKind.RETAINED if message.retained else EntryKind.STATE
        self.entries.append((kind, client, message.payload))
