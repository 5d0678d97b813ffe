"""Intake: turns messages into inputs of the observer, each report once.

Whatever a message holds, it ends here: as an input, as a copy, or as a dead letter with its reason.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rohe_iac.agent.client_state import ClientState, decode_state
from rohe_iac.agent.inputs import promise_input, refused_input
from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.topics import MAX_REPORT_BYTES
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.reports.qoa4ml import decode_qoa4ml
from rohe_iac.observation.reports.report import (
    MAX_AGE,
    Name,
    Report,
    Undecodable,
    decode_report,
    sequence_number_of,
    stored_form,
)
from rohe_iac.observation.reports.senders import MisattributedReport, Senders
from rohe_iac.observation.reports.sequence_set import SequenceSet
from rohe_iac.sinks.store import AgentStore, ObserverInput, Transaction

MAX_DEAD_LETTER_BYTES = 16 * 1024
"""Bytes that are kept of a dead letter."""

MAX_REASON = 500
"""Characters of the reason of a dead letter."""

MAX_BOOTS = 1000
"""Boots of one client whose sequence numbers are remembered, those heard last. They are more than the 512 reports that
a client sends before they are acknowledged, each of which may be of another boot: of a boot that was forgotten before
its client knew that its reports are stored, these would be stored once more."""

SWEEP_INTERVAL = 3600.0
"""Seconds between two searches for clients that have been silent for the retention."""

MAX_CLIENTS = 10_000
"""Clients whose last state is remembered."""


@dataclass
class IntakeBatch:
    """The content of one batch of messages.

    Attributes:
        now: When the messages were taken in (seconds since the epoch).
        transaction: What the store has to write, before the outcomes are added.
        inputs: Inputs of the observer in order, each with its report if it is one.
        unacknowledged: (client, boot) of the reporters that expect an acknowledgement.
        restarted_clients: Clients that have come online with a new boot.
        command_answers: Answers of clients to commands.
    """

    now: float = 0.0
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
    """Decodes messages, drops duplicates, and keeps what cannot be used as dead letters.

    Attributes:
        clients: Last state message of each client by name.
    """

    def __init__(
        self, store: AgentStore, agent: str, senders: Senders | None = None, retention: float = 7 * 86400.0
    ) -> None:
        """Loads the received sequence numbers.

        Args:
            store: Store of the agent.
            agent: Name of the agent, whose own state messages are ignored.
            senders: Instances that reports are attributed to; by default only the topic is known of each.
            retention: Seconds after which the sequence numbers of a client that is silent are forgotten.
        """
        self._store, self._agent = store, agent
        self._senders = senders if senders is not None else Senders()
        self._received = store.received_numbers()
        # The boots of each client, that heard last at the end.
        self._boots: dict[str, dict[str, None]] = {}
        for client, boot in self._received:
            self._boots.setdefault(client, {})[boot] = None
        self._levels: dict[str, list[str]] = {}
        self.clients: dict[str, ClientState] = {}
        self._retention = retention
        self._monotonic = self._swept = time.monotonic()
        self._heard: dict[str, float] = {}

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
        batch = IntakeBatch(now=now)
        digests: set[bytes] = set()
        # Not by the wall clock: a device without one of its own sets it by decades when the network is there.
        self._monotonic = time.monotonic()
        if self._monotonic - self._swept > SWEEP_INTERVAL:
            self._forget_silent(batch)
        for message in messages:
            levels = self._levels.get(message.topic) or self._split(message.topic)
            if levels[3] == "report":
                self._process_report(message, levels, now, batch, digests)
            elif levels[3] == "state":
                self._process_state(message, levels[-1], now, batch)
            elif levels[3] == "reply":
                try:
                    batch.command_answers.append(_decode_answer(message))
                except RoheError as error:
                    self._keep_dead_letter(message, error, now, batch)
        return batch

    def _forget_silent(self, batch: IntakeBatch) -> None:
        """Forgets the sequence numbers of clients that have not reported for the retention."""
        now = self._swept = self._monotonic
        for client in list(self._boots):
            if now - self._heard.setdefault(client, now) > self._retention:
                del self._heard[client]
                for boot in self._boots.pop(client):
                    self._received.pop((client, boot), None)
                    batch.transaction.forgotten.append((client, boot))

    def _split(self, topic: str) -> list[str]:
        """Returns the levels of a topic, rohe/v1/STACK/KIND/..., and remembers them."""
        if len(self._levels) >= MAX_CLIENTS:
            self._levels.clear()
        levels = self._levels[topic] = topic.split("/")
        return levels

    def _process_report(
        self, message: Incoming, levels: list[str], now: float, batch: IntakeBatch, digests: set[bytes]
    ) -> None:
        topic, instance = levels[4], levels[5]
        try:
            report, content = self._read(message, topic, instance, now)
        except Exception as error:  # noqa: BLE001
            # A client may send anything. Whatever reading it raises concerns this message alone.
            self._refuse(message, instance, error, now, batch)
            return
        if report.seq:
            fresh = self._add_number(report.client, report.boot, report.seq, batch)
        else:
            digest = hashlib.blake2b(message.payload, digest_size=16, key=levels[5].encode()[:64]).digest()
            fresh = digest not in digests and not self._store.has_digest(digest)
            digests.add(digest)
            batch.transaction.digests.append((digest, now))
        if fresh:
            batch.append(ObserverInput("report", now, report.client, content), report)
            batch.count("reports")
        else:
            batch.count("duplicates")

    def _read(self, message: Incoming, topic: str, instance: str, now: float) -> tuple[Report, bytes]:
        """Returns the report of a message, and the bytes that it is stored as.

        Raises:
            Undecodable: The message is no report, or beyond bounds.
            MisattributedReport: The report names another sender than its topic.
        """
        _check_size(message)
        payload = message.payload
        decoded = _decode_any_report(payload, self._senders.service_of(topic, instance), instance)
        if now - decoded.at > MAX_AGE:
            day = time.strftime("%Y-%m-%d", time.gmtime(decoded.at))
            raise Undecodable(f"the report is of {day}: is the clock of its device set?")
        report = self._senders.attribute(decoded, topic, instance)
        return report, stored_form(payload, report, attributed=report is not decoded)

    def _add_number(self, client: str, boot: str, seq: int, batch: IntakeBatch) -> bool:
        """Records a sequence number as received; returns whether it is new."""
        key = (client, boot)
        batch.unacknowledged.add(key)
        self._heard[client] = self._monotonic
        boots = self._boots.setdefault(client, {})
        boots.pop(boot, None)
        boots[boot] = None
        numbers = self._received.get(key)
        if numbers is None:
            numbers = self._received[key] = SequenceSet()
            if len(boots) > MAX_BOOTS:
                self._forget((client, next(iter(boots))), batch)
        fresh = numbers.add(seq)
        if fresh:
            batch.transaction.received[key] = numbers
        return fresh

    def _forget(self, key: tuple[str, str], batch: IntakeBatch) -> None:
        """Forgets the sequence numbers of a boot."""
        del self._boots[key[0]][key[1]]
        del self._received[key]
        batch.transaction.received.pop(key, None)
        batch.transaction.forgotten.append(key)
        batch.unacknowledged.discard(key)

    def _refuse(self, message: Incoming, instance: str, error: Exception, now: float, batch: IntakeBatch) -> None:
        """Keeps a report as a dead letter; its number, where it has one of its own sender, is not waited for."""
        head = sequence_number_of(message.payload)
        if head is not None and head[0] in ("", instance):
            boot, seq = head[1:]
            if not self._add_number(instance, boot, seq, batch):
                batch.count("duplicates")
                return
            batch.append(refused_input(now, instance, boot, seq))
        self._keep_dead_letter(message, error, now, batch)

    def _keep_dead_letter(self, message: Incoming, error: Exception, now: float, batch: IntakeBatch) -> None:
        """Keeps a message of any kind with the reason why it cannot be used, and counts it."""
        if isinstance(error, RoheError):
            why = f"{error.brief}: {error.detail}" if error.detail else error.brief
        else:
            why = f"reading it failed: {type(error).__name__}: {error}"
        kept = message.payload[:MAX_DEAD_LETTER_BYTES]
        batch.transaction.dead_letters.append((now, message.topic, why[:MAX_REASON], kept))
        batch.count("misattributed" if isinstance(error, MisattributedReport) else "undecodable")

    def _process_state(self, message: Incoming, client: str, now: float, batch: IntakeBatch) -> None:
        if client == self._agent:
            return
        before = self.clients.get(client, {})
        try:
            _check_size(message)
            content = decode_state(message.payload)
            if not before and len(self.clients) >= MAX_CLIENTS:
                raise Undecodable(f"the states of {MAX_CLIENTS:,} clients are known, and of no more")
        except RoheError as error:
            self._keep_dead_letter(message, error, now, batch)
            return
        self._apply_state(content, client, before, now, batch, retained=message.retained)

    def _apply_state(
        self, content: ClientState, client: str, before: ClientState, now: float, batch: IntakeBatch, *, retained: bool
    ) -> None:
        state, known = content["state"], before.get("state") == "online" and before.get("boot") == content["boot"]
        if state == "lost" and before.get("boot") == content["boot"]:
            # A last will has no counts; the last known ones say what the client had in memory.
            if known and (pending := int(before.get("pending", 0))) > 0:
                batch.count("pending_lost", pending)
            content = {**before, **content}
        self.clients[client] = content
        if state == "online" and before.get("boot") != content["boot"]:
            batch.restarted_clients.append(client)
        if state == "online" and "complete_up_to" in content:
            # A retained message is of another time; it only says what kind of client this is.
            up_to = 0.0 if retained else content["complete_up_to"]
            if up_to > 0 or not known:
                batch.append(promise_input(now, client, up_to))
        elif state == "stopped" and before.get("state") == "online":
            batch.append(ObserverInput("stop", now, client))
        elif state == "lost" and before.get("state") == "online":
            batch.append(ObserverInput("lost", now, client))


def _check_size(message: Incoming) -> None:
    size = message.cut_from or len(message.payload)
    if size > MAX_REPORT_BYTES:
        raise Undecodable(f"a message of {size} bytes is larger than {MAX_REPORT_BYTES}")


def _decode_any_report(payload: bytes, service: str, instance: str) -> Report:
    # Rohe's form begins with its version; QoA4ML's envelopes have none.
    if payload[:64].lstrip().startswith(b'{"v":'):
        return decode_report(payload)
    try:
        return decode_qoa4ml(payload, service, instance)
    except Undecodable as foreign:
        try:
            return decode_report(payload)
        except Undecodable as own:
            # A message with a version was meant to be of rohe's form, however it is written.
            raise (own if b'"v"' in payload[:256] else foreign) from None


class _Answer(msgspec.Struct):
    """What an instance answers to a command.

    Attributes:
        id: Identifier of the command.
        client: Name of the instance that answers.
        accepted: Whether the instance executes the command.
        why: Why, as people read it.
    """

    id: Name
    client: Name
    accepted: bool
    why: str = ""


_ANSWER = msgspec.json.Decoder(_Answer)


def _decode_answer(message: Incoming) -> dict[str, Any]:
    """Returns the answer of a client to a command.

    Raises:
        Undecodable: A field is missing or of the wrong type, or the message is too large.
    """
    _check_size(message)
    try:
        answer = _ANSWER.decode(message.payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Undecodable("this is no answer to a command", detail=str(error)) from error
    return {"id": answer.id, "client": answer.client, "accepted": answer.accepted, "why": answer.why}
