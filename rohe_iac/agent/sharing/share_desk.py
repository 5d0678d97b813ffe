"""Share desk: the judging agent's side of sharing, which grants shares and takes in the batches of receiving agents.

It decides alone and nothing of it is durable: after a restart all shares are granted anew, and only what the store has
says what was received. A batch is taken in whole, in the order of its number, and answered after it is committed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import msgspec

from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.intake.client_state import ClientState, decode_state
from rohe_iac.agent.intake.dead_letter import DeadLetter
from rohe_iac.agent.intake.intake import Intake
from rohe_iac.agent.limited_log import LimitedLog, printable
from rohe_iac.agent.sharing.filters import ReportFilters
from rohe_iac.agent.sharing.grant_pages import pages_of
from rohe_iac.agent.sharing.known_receiver import Hold, KnownReceiver
from rohe_iac.agent.sharing.lease import LEASE, SILENCE, STALL
from rohe_iac.agent.sharing.messages import (
    VERSION,
    EntryKind,
    FromJudge,
    ReportBatch,
    ShareDenied,
    ShareGrant,
    ShareReleased,
    ShareRenewal,
    ShareRenewed,
    ShareRevoked,
    decode_from_receiver,
    encode,
)
from rohe_iac.agent.sharing.shares import divide_among_living
from rohe_iac.agent.sharing.unplanned_clients import UnplannedClients
from rohe_iac.foundation.topics import batch_topic, share_topic, state_topic
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import Configuration, shared_digest_of
from rohe_iac.observation.reports.report import Undecodable, read_stored
from rohe_iac.sinks.observer_input import InputKind, ObserverInput
from rohe_iac.sinks.store import StoreFailed

LOG = logging.getLogger("rohe.agent")

PAGE_BYTES = 128 * 1024
"""Bytes of one page of a grant, about."""

GRANT_INTERVAL = 1.0
"""Seconds after which a grant is sent again that its agent has not taken."""

ARRIVED = ("duplicates", "beyond_gaps")
"""Counters of reports that a receiving agent does not send on."""

DIGEST_BYTES = 16
"""Bytes of the digest before a report without a sequence number."""


class ShareDesk:
    """The shares of a pipeline's agents, as the judging agent grants them.

    Attributes:
        own: Clients that the judging agent hears itself.
        batches: Topic filter for batches, which receiving agents send again until they are committed.
        receivers: Receiving agents by name.
    """

    def __init__(self, configuration: Configuration, intake: Intake, boot: str) -> None:
        """Begins with the shares of the plan.

        Args:
            configuration: Configuration of the judging agent.
            intake: Its intake, which knows all sequence numbers that were received.
            boot: Run of the judging agent.
        """
        self._configuration, self._intake, self._boot = configuration, intake, boot
        self._send: Callable[[str, bytes], bool] = lambda _topic, _payload: False
        self._hear: Callable[[list[str]], None] = lambda _filters: None
        self._end: Callable[[list[str]], None] = lambda _filters: None
        self._digest = shared_digest_of(configuration)
        self._report_filters = ReportFilters(configuration)
        self.batches = self._report_filters.batches
        self._warnings = LimitedLog(LOG)
        now = time.monotonic()
        self.receivers = {agent: KnownReceiver(now) for agent in configuration.agents if agent != configuration.agent}
        self.own = {item.instance for item in configuration.share(configuration.agent)}
        self._unplanned = UnplannedClients(configuration)
        self._states: dict[str, Incoming] = {}
        self._epochs = 0
        self._turned_at = now
        self._settled_at = now - SILENCE
        self._pausing = self._settled = False

    def connect(
        self,
        send: Callable[[str, bytes], bool],
        hear: Callable[[list[str]], None],
        end: Callable[[list[str]], None],
    ) -> None:
        """Takes what it needs of the connection to the broker.

        Args:
            send: Publishes a payload on a topic, once or not at all; False without connection.
            hear: Replaces the topic filters of the judging agent.
            end: Ends topic filters that an earlier run may have left in its session; those of this run stay.
        """
        self._send, self._hear, self._end = send, hear, end

    def filters(self) -> list[str]:
        """Returns the topic filters that the judging agent subscribes to now."""
        stack = self._configuration.stack
        return [*self._report_filters.of(self.own), state_topic(stack, "+")]

    def process(self, messages: list[Incoming], now: float, *, listened: bool = True) -> IntakeBatch:
        """Processes messages in order: those of the judging agent's own share, and batches of the others.

        Args:
            messages: Messages that arrived.
            now: Present time (Unix time in seconds).
            listened: Whether messages were taken from the queue at all; without room for them they wait there.
        """
        own, of_agents = self._sort(messages)
        batch = self._intake.process(own, now)
        self._take_in(of_agents, batch, listened=listened)
        return batch

    def _sort(self, messages: list[Incoming]) -> tuple[list[Incoming], list[Incoming]]:
        own: list[Incoming] = []
        of_agents: list[Incoming] = []
        for message in messages:
            levels = message.topic.split("/")
            if levels[3] == "batch":
                of_agents.append(message)
                continue
            if levels[3] == "state":
                self._note_state(levels[4], message)
            if levels[3] != "state" or levels[4] in self.own:
                own.append(message)
            else:
                if message.retained and self._report_filters.plans(levels[4]) and levels[4] not in self._intake.clients:
                    own.append(message)  # what it said before this agent began
        return own, of_agents

    def _note_state(self, client: str, message: Incoming) -> None:
        """Notes that a client is there that the plan does not know or nobody hears yet, or how an agent is."""
        receiver = self.receivers.get(client)
        if receiver is not None:
            receiver.note_state(_state_of(message))
        elif client != self._configuration.agent:
            self._unplanned.note(client, message.payload, time.monotonic())
            if client not in self.own and (self._report_filters.plans(client) or client in self._unplanned):
                self._states[client] = message

    def _take_in(self, messages: list[Incoming], batch: IntakeBatch, *, listened: bool) -> None:
        """Takes in what the other agents have sent, as parts of the batch that is being made."""
        now = time.monotonic()
        if not listened or now - self._turned_at > STALL:
            # Nobody listened meanwhile; what was sent is still to be read.
            for receiver in self.receivers.values():
                receiver.heard = min(now, receiver.heard + now - self._turned_at)
        self._turned_at = now
        own, batch.to_acknowledge = batch.to_acknowledge, set()
        for message in messages:
            agent = message.topic.split("/")[5]
            try:
                content = decode_from_receiver(message.payload)
            except msgspec.DecodeError as error:
                self._warn(f"batch {agent}", f"agent {agent} has sent what cannot be read: {error}", now)
                continue
            receiver = self.receivers.setdefault(agent, KnownReceiver(now))
            if isinstance(content, ShareRenewal):
                self._renew(receiver, content, now)
            elif content.epoch != receiver.epoch or not receiver.epoch:
                batch.count("fenced")
            elif isinstance(content, ShareReleased):
                receiver.fence()
            else:
                receiver.heard, receiver.expects_answer, receiver.gone = now, True, False
                if content.number == receiver.committed + 1:
                    receiver.committed += 1
                    self._apply(agent, receiver, content, batch)
        # Receiving agents acknowledge what they have sent.
        batch.to_acknowledge = own

    def _renew(self, receiver: KnownReceiver, renewal: ShareRenewal, now: float) -> None:
        if renewal.boot == receiver.boot and (receiver.ended or renewal.serial <= receiver.serial):
            return  # it comes again, or late
        if renewal.boot != receiver.boot:
            receiver.fence(Hold.ASKED)
            receiver.ended = False
        receiver.boot, receiver.serial, receiver.heard, receiver.gone = renewal.boot, renewal.serial, now, False
        receiver.expects_answer = True
        receiver.why_denied = self._objection(renewal)
        if receiver.why_denied:
            receiver.fence()
        elif renewal.epoch and renewal.epoch == receiver.epoch:
            if receiver.hold is Hold.GRANTED:
                receiver.hold, receiver.pages = Hold.HELD, []
        elif receiver.hold is not Hold.GRANTED:
            # It lost its share by its own clock, or holds one of another time.
            receiver.fence(Hold.ASKED)

    def _objection(self, renewal: ShareRenewal) -> str:
        judge, stack = self._configuration.agent, self._configuration.stack
        if renewal.v != VERSION:
            return (
                f"agent {judge}, which judges, takes version {VERSION} of the messages between agents, and this agent"
                f" sends version {renewal.v}, so that its reports are not taken: run `rohe apply {stack}` to start"
                " both with the same version of rohe"
            )
        if renewal.digest != self._digest:
            return (
                f"agent {judge}, which judges, has another configuration than this agent, so that its reports are not"
                f" taken: run `rohe apply {stack}` to start both with the same"
            )
        return ""

    def _apply(self, agent: str, receiver: KnownReceiver, content: ReportBatch, batch: IntakeBatch) -> None:
        """Takes in the entries of a batch; what cannot be used of it is kept as a dead letter."""
        intake, now = self._intake, batch.now
        for name, amount in content.counts.items():
            batch.count(name, amount)
            batch.received += amount if name in ARRIVED else 0
        for kind, client, payload in content.entries:
            if kind not in (EntryKind.STATE, EntryKind.RETAINED):
                batch.received += 1
                batch.received_bytes += len(payload)
            try:
                if kind == EntryKind.REPORT:
                    intake.enter(read_stored(payload), payload, b"", now, batch)
                elif kind == EntryKind.UNNUMBERED:
                    digest, report = payload[:DIGEST_BYTES], payload[DIGEST_BYTES:]
                    intake.enter(read_stored(report), report, digest, now, batch)
                elif kind == EntryKind.WHOLE:
                    topic, whole = msgspec.msgpack.decode(payload, type=tuple[str, bytes])
                    message = Incoming(topic, whole, 1, False, 0, 0)
                    intake.enter_message(message, topic.split("/"), now, batch, forwarded=True)
                elif kind == EntryKind.DEAD_LETTER:
                    intake.keep_dead_letter(msgspec.msgpack.decode(payload, type=DeadLetter), now, batch)
                elif client in receiver.clients:
                    topic = state_topic(self._configuration.stack, client)
                    message = Incoming(topic, payload, 1, kind == EntryKind.RETAINED, 0, 0)
                    intake.enter_state(message, client, now, batch)
            except StoreFailed:
                raise  # it is the disk, whatever the entry holds
            except Exception as error:  # noqa: BLE001
                # One entry must not stop the agent, nor all batches after this one; and its sender acknowledges the
                # report to the service, so that this is the only copy.
                content_of = payload[DIGEST_BYTES:] if kind == EntryKind.UNNUMBERED else payload
                topic = batch_topic(self._configuration.stack, self._configuration.agent, agent)
                intake.keep_dead_report(Incoming(topic, content_of, 1, False, 0, 0), client, error, now, batch)

    def decide(self, batch: IntakeBatch, *, connected: bool, complete: bool) -> None:
        """Decides who hears whom from now on, and has the watermark wait while somebody is not heard.

        Args:
            batch: Batch that is committed next.
            connected: Whether the judging agent is connected to the broker.
            complete: Whether all sources of reports are there, so that the watermark may go on.
        """
        now = time.monotonic()
        if not connected:
            # It hears nobody, and cannot know who lives.
            for receiver in self.receivers.values():
                receiver.heard = max(receiver.heard, now - SILENCE / 2)
        for agent, receiver in self.receivers.items():
            if receiver.hold is not Hold.NONE and not receiver.lives(now):
                if receiver.ended:
                    LOG.info("agent %s has ended: others hear its clients", agent)
                else:
                    LOG.warning("agent %s is silent for %g s: others hear its clients", agent, LEASE)
                receiver.fence()
        living = [agent for agent, receiver in self.receivers.items() if receiver.lives(now)]
        for client in self._unplanned.forget_ended(now):
            self._states.pop(client, None)
        shares = divide_among_living(self._configuration, [self._configuration.agent, *living], self._unplanned.named)
        shares[self._configuration.agent] |= self._unplanned.unnamed
        self._move_own(shares[self._configuration.agent], batch)
        settled = self.own == shares[self._configuration.agent]
        for agent in living:
            receiver, share = self.receivers[agent], shares[agent]
            if receiver.hold is Hold.HELD and share != receiver.clients:
                receiver.hold, receiver.expects_answer = Hold.REVOKED, True
            elif receiver.hold is Hold.ASKED and not share & self._taken(agent):
                # An empty share has it end what it heard before.
                self._grant(receiver, share)
            settled = settled and (not share or (share == receiver.clients and receiver.listens(now)))
        gone = any(receiver.gone and receiver.clients for receiver in self.receivers.values())
        if settled:
            self._settled_at = now
            if not self._settled:
                # Until somebody else hears them, what its session has of an earlier run is all that hears them.
                self._end(self._report_filters.of_all(self._unplanned.all | self._intake.known_clients()))
            self._settled = True
        pausing = gone or now - self._settled_at >= SILENCE
        if pausing and not self._pausing:
            batch.prepend(ObserverInput(InputKind.PAUSE, batch.now))
        elif self._pausing and not pausing and complete:
            batch.append(ObserverInput(InputKind.RESUME, batch.now))
        self._pausing = pausing or (self._pausing and not connected)
        # The others acknowledge what they hear.
        batch.to_acknowledge = {key for key in batch.to_acknowledge if key[0] in self.own}

    @property
    def states(self) -> Mapping[str, ClientState]:
        """Returns the last state of each client that the judging agent hears itself."""
        return {client: state for client, state in self._intake.clients.items() if client in self.own}

    @property
    def pausing(self) -> bool:
        """Checks whether the watermark waits because somebody is not heard."""
        return self._pausing

    def _taken(self, agent: str) -> set[str]:
        return self.own.union(*(receiver.clients for name, receiver in self.receivers.items() if name != agent))

    def _move_own(self, share: set[str], batch: IntakeBatch) -> None:
        """Gives up what others are to hear, and takes what is free."""
        taken = set().union(*(receiver.clients for receiver in self.receivers.values()))
        after = share - taken
        if after == self.own:
            return
        begun, self.own = after - self.own, after
        self._hear(self.filters())
        for client in sorted(begun):
            if (state := self._states.pop(client, None)) is not None:
                self._intake.enter_state(replace(state, retained=True), client, batch.now, batch)
        # The reporters are told of another agent, so that they send again what is not committed.
        batch.to_acknowledge.update(key for key in self._intake.boots_to_tell() if key[0] in begun)

    def _grant(self, receiver: KnownReceiver, share: set[str]) -> None:
        self._epochs += 1
        receiver.epoch, receiver.committed, receiver.clients = f"{self._boot}/{self._epochs}", 0, set(share)
        receiver.hold, receiver.sent_at = Hold.GRANTED, 0.0
        grant = ShareGrant(receiver.epoch, receiver.boot, receiver.serial, 0, 0, [], [])
        receiver.pages = pages_of(grant, share, self._intake.numbers_of, PAGE_BYTES)

    def answer(self) -> None:
        """Sends what is due to the other agents, after what they have sent was committed."""
        now = time.monotonic()
        for agent, receiver in self.receivers.items():
            if receiver.why_denied:
                if receiver.expects_answer:
                    self._send_to(agent, ShareDenied(receiver.boot, receiver.why_denied))
            elif receiver.hold is Hold.GRANTED:
                if now - receiver.sent_at > GRANT_INTERVAL:
                    receiver.sent_at = now
                    for page in receiver.pages:
                        # The lease counts from the newest renewal.
                        self._send_to(agent, msgspec.structs.replace(page, serial=receiver.serial))
            elif receiver.epoch and receiver.expects_answer:
                if receiver.hold is Hold.REVOKED:
                    self._send_to(agent, ShareRevoked(receiver.epoch))
                self._send_to(agent, ShareRenewed(receiver.epoch, receiver.serial, receiver.committed))
            receiver.expects_answer = False

    def _send_to(self, agent: str, message: FromJudge) -> None:
        self._send(share_topic(self._configuration.stack, agent), encode(message))

    def _trouble_of(self, receiver: KnownReceiver, now: float) -> str:
        if receiver.why_denied or receiver.lives(now):
            return receiver.why_denied
        log = f"rohe logs agent/{self._configuration.pipeline}"
        return f"{'ended' if receiver.ended else 'silent'}, so that others hear its clients: `{log}` has its log"

    def _warn(self, key: str, text: str, at: float) -> None:
        self._warnings.warn(key, printable(text), at)
        self._warnings.flush(at)

    def to_builtins(self) -> list[dict[str, object]]:
        """Returns what is known of each agent of the pipeline, as JSON values."""
        now = time.monotonic()
        judge = {"name": self._configuration.agent, "role": "judges", "hears": len(self.own)}
        return [
            judge,
            *(
                {
                    "name": agent,
                    "role": "receives",
                    "hears": len(receiver.clients),
                    "hold": receiver.hold.name.lower(),
                    "silent": round(now - receiver.heard, 1),
                    "trouble": self._trouble_of(receiver, now),
                }
                for agent, receiver in sorted(self.receivers.items())
            ),
        ]


def _state_of(message: Incoming) -> ClientState:
    """Returns what an agent says about itself; nothing where that cannot be read."""
    try:
        return decode_state(message.payload)
    except Undecodable:
        return {}
