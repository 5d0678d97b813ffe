"""Intake: turns messages into inputs of the observer, each report once.

Whatever a message holds, it ends here: as an input, as a copy, or as a dead letter with its reason.
"""

from __future__ import annotations

import hashlib
import math
import time

from rohe_iac.agent.inputs import dead_letter_input
from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.intake.client_state import ClientState, TooManyClients, decode_state
from rohe_iac.agent.intake.dead_letter import DeadLetter, check_size, letter_of_message, letter_of_report
from rohe_iac.agent.intake.gaps import GapLedger
from rohe_iac.agent.intake.heartbeats import Heartbeats
from rohe_iac.agent.intake.known_numbers import MAX_CLIENTS, KnownNumbers
from rohe_iac.agent.orders import decode_answer
from rohe_iac.foundation.errors import RoheError
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.reports.any_form import decode_any_report
from rohe_iac.observation.reports.known_reports import KnownReports
from rohe_iac.observation.reports.report import Report, stored_form
from rohe_iac.observation.reports.said_clocks import SaidClocks
from rohe_iac.observation.reports.senders import MisattributedReport, Senders
from rohe_iac.sinks.observer_input import InputKind, ObserverInput

COUNTERS = {MisattributedReport.kind: "misattributed", TooManyClients.kind: "beyond_clients"}
"""Counters of messages that can be read and not used, by kind of the reason."""

MAX_ENDED = 1000
"""Clients that no plan names whose last state is remembered although they have ended, those that ended last."""


class Intake:
    """Decodes messages, drops duplicates, and keeps what cannot be used as dead letters.

    Attributes:
        clients: Last state message of each client by name.
        clocks: What time it is by the clients.
    """

    def __init__(
        self, store: KnownReports, agent: str, senders: Senders | None = None, retention: float = 7 * 86400.0
    ) -> None:
        """Loads the received sequence numbers.

        Args:
            store: What was received before, such as the store of the agent.
            agent: Name of the agent, whose own state messages are ignored.
            senders: Instances that reports are attributed to; by default only the topic is known of each.
            retention: Seconds after which the sequence numbers of a client that is silent are forgotten.
        """
        self._store, self._agent = store, agent
        self._senders = senders if senders is not None else Senders()
        self._monotonic = time.monotonic()
        self._numbers = KnownNumbers(store.received_numbers(), retention, self._monotonic)
        self._levels: dict[str, list[str]] = {}
        self._ended: dict[str, None] = {}
        self.clients: dict[str, ClientState] = {}
        self.clocks = SaidClocks()
        self._heartbeats = Heartbeats()
        self._present: dict[str, str] = {}

    @property
    def gaps(self) -> GapLedger:
        """Returns how many gaps the sequence numbers of each client have."""
        return self._numbers.gaps

    def boots_to_tell(self) -> list[tuple[str, str]]:
        """Returns the (client, boot) to acknowledge on a new connection, so that everybody sends what is missing."""
        return list(dict.fromkeys([*self._numbers.newest_keys(), *self._present.items()]))

    def known_clients(self) -> set[str]:
        """Returns the names of the clients of which reports or states were received, as far as they are remembered."""
        return {client for client, _ in self.boots_to_tell()}

    def numbers_of(self, client: str) -> list[tuple[str, list[list[int]]]]:
        """Returns the received sequence numbers of a client by boot, that heard last at the end."""
        return self._numbers.of(client)

    def acknowledgement(self, client: str, boot: str) -> tuple[int, list[list[int]]]:
        """Returns the newest acknowledged sequence number of a boot, and the ranges below it that are missing."""
        return self._numbers.acknowledgement(client, boot)

    def process(self, messages: list[Incoming], now: float) -> IntakeBatch:
        """Processes messages in order.

        Args:
            messages: Messages that arrived.
            now: Present time (seconds since the epoch).
        """
        batch = IntakeBatch(now=now)
        self._monotonic = time.monotonic()
        self.clocks.begin_batch(now, self._monotonic)
        self._numbers.forget_silent(self._monotonic, batch)
        for message in messages:
            levels = self._levels.get(message.topic) or self._split(message.topic)
            if levels[3] == "report":
                batch.received += 1
                batch.received_bytes += message.cut_from or len(message.payload)
                self.enter_message(message, levels, now, batch)
            elif levels[3] == "state":
                self.enter_state(message, levels[-1], now, batch)
            elif levels[3] == "reply":
                try:
                    check_size(message)
                    batch.command_answers.append(decode_answer(message.payload))
                except RoheError as error:
                    self._keep_dead_message(message, error, now, batch)
        return batch

    def _split(self, topic: str) -> list[str]:
        """Returns the levels of a topic, rohe/v1/STACK/KIND/..., and remembers them."""
        if len(self._levels) >= MAX_CLIENTS:
            self._levels.clear()
        levels = self._levels[topic] = topic.split("/")
        return levels

    def enter_message(
        self, message: Incoming, levels: list[str], now: float, batch: IntakeBatch, *, forwarded: bool = False
    ) -> None:
        """Takes in a message on a report topic, or leaves it unacknowledged while its client has too many gaps.

        Args:
            message: The message.
            levels: Levels of its topic.
            now: Present time (seconds since the epoch).
            batch: Batch that it becomes a part of.
            forwarded: Whether another agent has taken it in, which acknowledges it in any case.
        """
        topic, instance = levels[4], levels[5]
        try:
            report, content = self._read(message, topic, instance, now)
        except Exception as error:  # noqa: BLE001 - a client may send anything, which concerns this message alone
            letter = letter_of_report(message, instance, error)
            if forwarded or self._has_room(letter.client, letter.boot, letter.seq, batch):
                self.keep_dead_letter(letter, now, batch)
            return
        if not (forwarded or self._has_room(report.client, report.boot, report.seq, batch)):
            return
        key = levels[5].encode()[:64]
        digest = b"" if report.seq else hashlib.blake2b(message.payload, digest_size=16, key=key).digest()
        self.enter(report, content, digest, now, batch)

    def _has_room(self, client: str, boot: str, seq: int, batch: IntakeBatch) -> bool:
        """Checks whether a report can be taken in, and counts it where it cannot."""
        if not seq or self._numbers.has_room(client, boot, seq):
            return True
        batch.to_acknowledge.add((client, boot))
        batch.count("beyond_gaps")
        return False

    def enter(self, report: Report, content: bytes, digest: bytes, now: float, batch: IntakeBatch) -> None:
        """Takes a report in, once.

        Args:
            report: The report.
            content: The bytes that it is stored as.
            digest: Digest of its message, where it has no sequence number.
            now: Present time (seconds since the epoch).
            batch: Batch that it becomes a part of.
        """
        if report.seq:
            fresh = self._add_number(report.client, report.boot, report.seq, batch)
        else:
            fresh = digest not in batch.digests and not self._store.has_digest(digest)
            batch.digests.add(digest)
            batch.transaction.digests.append(digest)
        if fresh:
            batch.append(ObserverInput(InputKind.REPORT, now, report.client, content), report)
            batch.count("reports")
        else:
            batch.count("duplicates")

    def _read(self, message: Incoming, topic: str, instance: str, now: float) -> tuple[Report, bytes]:
        """Returns the report of a message, and the bytes that it is stored as.

        Raises:
            Undecodable: The message is no report, or beyond bounds.
            MisattributedReport: The report names another sender than its topic, or nobody knows its sender.
        """
        check_size(message)
        if message.unattributed:
            raise MisattributedReport(message.unattributed)
        payload = message.payload
        decoded = decode_any_report(payload, self._senders.service_of(topic, instance), instance)
        self.clocks.check_age(instance, decoded.at, now)
        report = self._senders.attribute(decoded, topic, instance)
        return report, stored_form(payload, report, attributed=report is not decoded)

    def _add_number(self, client: str, boot: str, seq: int, batch: IntakeBatch) -> bool:
        """Records a sequence number as received; returns whether it is new."""
        return self._numbers.add(client, boot, seq, self._monotonic, batch)

    def keep_dead_report(
        self, message: Incoming, instance: str, error: Exception, now: float, batch: IntakeBatch
    ) -> None:
        """Keeps a report as a dead letter; its number, where it has one of its own sender, is not waited for."""
        self.keep_dead_letter(letter_of_report(message, instance, error), now, batch)

    def keep_dead_letter(self, letter: DeadLetter, now: float, batch: IntakeBatch) -> None:
        """Keeps a message that cannot be used as a dead letter, once where it has a number, and counts it."""
        if letter.seq:
            if not self._add_number(letter.client, letter.boot, letter.seq, batch):
                batch.count("duplicates")
                return
            batch.append(dead_letter_input(now, letter.client, letter.boot, letter.seq))
        batch.transaction.dead_letters.append((now, letter.topic, letter.why, letter.payload))
        batch.count(COUNTERS.get(letter.kind, "undecodable"))
        batch.dead[letter.kind] = batch.dead.get(letter.kind, 0) + 1

    def _keep_dead_message(self, message: Incoming, error: Exception, now: float, batch: IntakeBatch) -> None:
        self.keep_dead_letter(letter_of_message(message, error), now, batch)

    def enter_state(self, message: Incoming, client: str, now: float, batch: IntakeBatch) -> None:
        """Takes in what a client says about itself."""
        if client == self._agent:
            return
        before = self.clients.get(client, {})
        try:
            check_size(message)
            content = decode_state(message.payload)
            # Those of the plan are bounded by it, and are known however many others there are.
            if not before and len(self.clients) >= MAX_CLIENTS and not self._senders.is_planned(client):
                raise TooManyClients(f"the states of {MAX_CLIENTS:,} clients are known, and of no more")
        except RoheError as error:
            self._keep_dead_message(message, error, now, batch)
            return
        self._apply_state(content, client, before, now, batch, retained=message.retained)

    def _greet(self, client: str, boot: str, batch: IntakeBatch) -> None:
        """Has a planned client told of this agent, so that it sends again what it sent before anybody listened."""
        if boot and self._senders.is_planned(client) and self._present.get(client) != boot:
            self._present[client] = boot
            batch.to_acknowledge.add((client, boot))

    def _apply_state(
        self, content: ClientState, client: str, before: ClientState, now: float, batch: IntakeBatch, *, retained: bool
    ) -> None:
        state, known = content["state"], before.get("state") == "online" and before.get("boot") == content["boot"]
        if state == "lost" and content["boot"] not in ("", before.get("boot", content["boot"])):
            return  # the last will of an earlier run, which the broker has only now found to be gone
        if state == "lost" and before.get("boot") == content["boot"]:
            # A last will has no counts; the last known ones say what the client had in memory.
            if known and (pending := int(before.get("pending", 0))) > 0:
                batch.count("pending_lost", pending)
            content = {**before, **content}
        self.clients[client] = content
        self._ended.pop(client, None)
        if state != "online" and not self._senders.is_planned(client):
            self._ended[client] = None
            if len(self._ended) > MAX_ENDED:
                first = next(iter(self._ended))
                del self._ended[first], self.clients[first]
        if state == "online" and before.get("boot") != content["boot"]:
            batch.restarted_clients.append(client)
        if state == "online":
            self._greet(client, content["boot"], batch)
        if state == "online" and not retained and "at" in content:
            batch.stated[client] = content["at"]
            self.clocks.hear_state(client, content["at"])
        # Of clients that nobody expects reports of, no heartbeat matters.
        expected = client in self._numbers or self._senders.is_planned(client)
        heard = self._numbers.heard(client) if expected else math.inf
        said = self._heartbeats.inputs(content, before, client, now, self._monotonic, heard, retained=retained)
        for observer_input in said:
            batch.append(observer_input)
