"""Intake: turns messages into inputs of the observer, each report once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.reports.qoa4ml import decode_qoa4ml
from rohe_iac.observation.reports.report import Report, Undecodable, decode_report
from rohe_iac.observation.reports.sequence_set import SequenceSet
from rohe_iac.sinks.store import AgentStore, ObserverInput, Transaction


@dataclass
class IntakeBatch:
    """The content of one batch of messages.

    Attributes:
        transaction: What the store has to write, before the outcomes are added.
        inputs: Inputs of the observer in order, each with its report if it is one.
        unacknowledged: (client, boot) of the reporters that expect an acknowledgement.
        restarted_clients: Clients that have come online with a new boot.
        command_answers: Answers of clients to commands.
    """

    transaction: Transaction = field(default_factory=Transaction)
    inputs: list[tuple[ObserverInput, Report | None]] = field(default_factory=list)
    unacknowledged: set[tuple[str, str]] = field(default_factory=set)
    restarted_clients: list[str] = field(default_factory=list)
    command_answers: list[dict[str, Any]] = field(default_factory=list)

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


class Intake:
    """Decodes messages, drops duplicates, and keeps undecodable messages as dead letters.

    Attributes:
        clients: Last state message of each client by name.
    """

    def __init__(self, store: AgentStore, agent: str) -> None:
        """Loads the received sequence numbers; `agent` is the agent's own name, whose state messages are ignored."""
        self._store, self._agent = store, agent
        self._received = store.received_numbers()
        self.clients: dict[str, dict[str, Any]] = {}

    def known_boots(self) -> list[tuple[str, str]]:
        """Returns every (client, boot) that ever reported."""
        return list(self._received)

    def acknowledgement(self, client: str, boot: str) -> tuple[int, list[list[int]]]:
        """Returns the newest acknowledged sequence number of a boot, and the ranges below it that are missing."""
        return self._received[client, boot].acknowledgement()

    def process(self, messages: list[Incoming], now: float) -> IntakeBatch:
        """Processes messages in order.

        Args:
            messages: Messages that arrived.
            now: Present time (seconds since the epoch).
        """
        batch = IntakeBatch()
        digests: set[bytes] = set()
        for message in messages:
            # rohe/v1/STACK/KIND/...
            levels = message.topic.split("/")
            if levels[3] == "report":
                self._process_report(message, levels, now, batch, digests)
            elif levels[3] == "state":
                self._process_state(message, levels[-1], now, batch)
            elif levels[3] == "reply":
                content = _decode_object(message.payload)
                if content is not None:
                    batch.command_answers.append(content)
        return batch

    def _process_report(
        self, message: Incoming, levels: list[str], now: float, batch: IntakeBatch, digests: set[bytes]
    ) -> None:
        try:
            report = _decode_any_report(message.payload, levels[4], levels[5])
        except Undecodable as error:
            why = f"{error.brief} {error.detail}".strip()
            batch.transaction.dead_letters.append((now, message.topic, why, message.payload))
            batch.count("undecodable")
            return
        if report.seq:
            key = (report.client, report.boot)
            batch.unacknowledged.add(key)
            numbers = self._received.setdefault(key, SequenceSet())
            fresh = numbers.add(report.seq)
            if fresh:
                batch.transaction.received[key] = numbers
        else:
            digest = hashlib.blake2b(message.payload, digest_size=16, key=levels[5].encode()[:64]).digest()
            fresh = digest not in digests and not self._store.has_digest(digest)
            digests.add(digest)
            batch.transaction.digests.append((digest, now))
        if fresh:
            batch.append(ObserverInput("report", now, report.client, msgspec.json.encode(report)), report)
            batch.count("reports")
        else:
            batch.count("duplicates")

    def _process_state(self, message: Incoming, client: str, now: float, batch: IntakeBatch) -> None:
        content = _decode_object(message.payload)
        if content is None or client == self._agent:
            return
        before = self.clients.get(client, {})
        state = content.get("state")
        if state == "lost" and before.get("boot") == content.get("boot"):
            # A last will has no counts; the last known ones say what the client had in memory.
            if before.get("state") == "online" and isinstance(pending := before.get("pending"), int) and pending > 0:
                batch.count("pending_lost", pending)
            content = {**before, **content}
        self.clients[client] = content
        if state == "online" and before.get("boot") != content.get("boot"):
            batch.restarted_clients.append(client)
        elif state == "stopped" and before.get("state") == "online":
            batch.append(ObserverInput("stop", now, client))


def _decode_any_report(payload: bytes, service: str, instance: str) -> Report:
    # Rohe's form begins with its version; QoA4ML's envelopes have none.
    if payload[:64].lstrip().startswith(b'{"v":'):
        return decode_report(payload)
    try:
        return decode_qoa4ml(payload, service, instance)
    except Undecodable as foreign:
        try:
            return decode_report(payload)
        except Undecodable:
            raise foreign from None


def _decode_object(payload: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
