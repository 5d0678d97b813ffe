"""Batch: what the messages of one turn come to, before it is committed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rohe_iac.observation.reports.report import Report
from rohe_iac.sinks.observer_input import ObserverInput
from rohe_iac.sinks.store import Transaction


@dataclass
class IntakeBatch:
    """The content of one batch of messages.

    Attributes:
        now: When the messages were taken in (seconds since the epoch).
        transaction: What the store has to write, before the outcomes are added.
        inputs: Inputs of the observer in order, each with its report if it is one.
        to_acknowledge: (client, boot) of the reporters that expect an acknowledgement.
        restarted_clients: Clients that have come online with a new boot.
        command_answers: Answers of clients to commands.
        received: Reports that arrived, of any kind.
        received_bytes: Bytes of these reports.
        numbered: Sequence numbers that were received for the first time.
        dead: Messages that cannot be used, by kind.
        stated: When clients have made their states (seconds since the epoch), of states that have just been made.
        digests: Digests of the reports without a sequence number.
    """

    now: float = 0.0
    transaction: Transaction = field(default_factory=Transaction)
    inputs: list[tuple[ObserverInput, Report | None]] = field(default_factory=list)
    to_acknowledge: set[tuple[str, str]] = field(default_factory=set)
    restarted_clients: list[str] = field(default_factory=list)
    command_answers: list[dict[str, Any]] = field(default_factory=list)
    received: int = 0
    received_bytes: int = 0
    numbered: int = 0
    dead: dict[str, int] = field(default_factory=dict)
    stated: dict[str, float] = field(default_factory=dict)
    digests: set[bytes] = field(default_factory=set)

    def append(self, observer_input: ObserverInput, report: Report | None = None) -> None:
        """Adds an input after all others."""
        self.transaction.inputs.append(observer_input)
        self.inputs.append((observer_input, report))

    def prepend(self, observer_input: ObserverInput) -> None:
        """Adds an input before all others."""
        self.transaction.inputs.insert(0, observer_input)
        self.inputs.insert(0, (observer_input, None))

    def count(self, name: str, amount: int = 1) -> None:
        """Adds an amount to a counter of the store."""
        self.transaction.counts[name] = self.transaction.counts.get(name, 0) + amount
