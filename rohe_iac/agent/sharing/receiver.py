"""Receiver: the agent that takes in the reports of its share of the clients, and sends them to the agent that judges.

It has no store. What it has taken in and the judge has not committed is still in the outboxes of the services.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import secrets
import threading
import time
from collections import deque
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from rohe_iac.agent.answers import AnswerDesk
from rohe_iac.agent.health.agent_health import AgentHealth
from rohe_iac.agent.health.warnings import WarningLimits
from rohe_iac.agent.memory import MemoryBudget, memory_limit
from rohe_iac.agent.planned_nodes import remember_nodes
from rohe_iac.agent.sharing.filters import ReportFilters
from rohe_iac.agent.sharing.forwarding_intake import ForwardingIntake, GrantedNumbers
from rohe_iac.agent.sharing.held_share import HeldShare
from rohe_iac.agent.sharing.lease import HOLD_SECONDS, RENEWAL_INTERVAL
from rohe_iac.agent.sharing.messages import (
    FromReceiver,
    ShareDenied,
    ShareGrant,
    ShareReleased,
    ShareRenewal,
    ShareRenewed,
    ShareRevoked,
    decode_from_judge,
    encode,
)
from rohe_iac.foundation.topics import batch_topic, share_topic, state_topic
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import Configuration, shared_digest_of
from rohe_iac.observation.needed_names import needed_names
from rohe_iac.observation.reports.senders import Senders
from rohe_iac.transports.gathering import gather
from rohe_iac.transports.inbox import ConnectionChange
from rohe_iac.transports.mqtt import AgentTransport

LOG = logging.getLogger("rohe.agent")

MAX_MESSAGES = 1000
"""Messages that a turn takes in, at most."""

RECEIVE_TIMEOUT = 0.05
"""Seconds for which a turn waits for the first message."""

RESEND_INTERVAL = 1.0
"""Seconds after which a batch that is not committed is sent again."""

HEARTBEAT_INTERVAL = 1.0
"""Seconds between heartbeats."""

MAX_SERIALS = 100
"""Renewals of which is known when they were sent, the newest."""

MAX_EPOCHS = 100
"""Epochs that are remembered as held, the newest; the judging agent repeats the grant of its newest epoch alone."""

ENDING = 2.0
"""Seconds for which an agent that ends waits until its batches are committed."""


class Receiver:
    """One receiving agent at work.

    Attributes:
        boot: Identifier of this run of the agent.
        share: The share that it holds; None while it holds none.
    """

    def __init__(
        self, configuration: Configuration, broker: BrokerAddress, folder: Path, stopping: threading.Event | None = None
    ) -> None:
        """Prepares the connection.

        Args:
            configuration: What the pipeline's agents observe and judge, and which of them judges.
            broker: Address of the stack's broker.
            folder: Folder of the agent's own files.
            stopping: Ends `run` when it is set, as `stop` does.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._configuration, self._stopping = configuration, stopping or threading.Event()
        self._digest = shared_digest_of(configuration)
        self._filters = ReportFilters(configuration)
        self._names = needed_names(configuration)
        self._senders = Senders(configuration.instances, remember_nodes(folder, configuration.instances))
        self.boot = f"{int(time.time() * 1000):x}-{secrets.token_hex(4)}"
        self.share: HeldShare | None = None
        self._max_gaps = MemoryBudget(memory_limit()).max_gaps // max(1, len(configuration.agents))
        self._started = time.time()
        self._from_judge: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._pages: dict[int, ShareGrant] = {}
        self._held: deque[str] = deque(maxlen=MAX_EPOCHS)
        self._backlog: deque[Incoming] = deque()
        self._serial = self._connections = 0
        self._sent_at: dict[int, float] = {}
        self._renewed_at = self._beaten_at = 0.0
        self._denied = ""
        self._forwarded = 0
        limits = WarningLimits.of_lateness(configuration.lateness)
        self._heartbeat_file = folder / "heartbeat"
        judge, name = configuration.judging_agent, configuration.agent
        self._health = AgentHealth(limits, instances=[item.instance for item in configuration.instances], judge=judge)
        self._batch_topic = batch_topic(configuration.stack, judge, name)
        self._answers = AnswerDesk(folder, lambda client, page: self._transport.answer(client, page), judge=judge)
        self._transport = AgentTransport(
            broker,
            configuration.stack,
            name,
            (),
            self.boot,
            self._answers.submit,
            {share_topic(configuration.stack, name): self._hear_judge},
            filters=(),
            keep_session=False,
        )

    def stop(self) -> None:
        """Ends `run`; safe in a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Works until `stop`, and then gives the share back."""
        self._transport.start()
        self._answers.start(self._status(self._content()))
        try:
            while not self._stopping.is_set():
                self.turn()
            end = time.monotonic() + ENDING
            if self.share is not None:
                self.share.revoked = True
            while self.share is not None and time.monotonic() < end:
                self.turn()
        finally:
            self._answers.close()
            self._transport.close()

    def turn(self) -> None:
        """Does one round of work: follows the judge, takes messages in, and sends what is due."""
        messages, changes, said = self._receive()
        now, monotonic = time.time(), time.monotonic()
        while not self._from_judge.empty():
            said.append(self._from_judge.get())
        for payload in said:
            self._follow(payload, now, monotonic)
        if self.share is not None and monotonic > self.share.until:
            LOG.warning(
                "agent %s, which judges, does not answer, so that reports wait in the outboxes of the services: %s",
                self._configuration.judging_agent,
                self._next_step,
            )
            self._give_up()
        for state, url in changes:
            LOG.info("connection to %s: %s", url, state)
            if state == "up":
                self._connections += 1
                if self.share is not None:
                    # What was sent meanwhile has reached nobody.
                    self.share.ask_again(now)
        self._backlog.extend(messages)
        if self.share is not None and self.share.has_room:
            taken = list(islice(self._backlog, MAX_MESSAGES))
            for _ in taken:
                self._backlog.popleft()
            self.share.take_in(taken, now)
        self._send_due(monotonic)
        self._beat(monotonic)

    def _hear_judge(self, payload: bytes) -> None:
        """Takes in a message of the judge; a broker that waits for acknowledgements delivers nothing before it."""
        self._from_judge.put(payload)
        self._transport.inbox.wake()

    def _receive(self) -> tuple[list[Incoming], list[ConnectionChange], list[bytes]]:
        """Returns messages and changes of the connection, and what the judge has said where that was waited for."""
        if (self.share is not None and self.share.has_room) or not self._backlog:
            return *gather(self._transport.receive, max(0, MAX_MESSAGES - len(self._backlog)), RECEIVE_TIMEOUT), []
        # What the broker has not delivered waits in the outboxes of the services.
        with contextlib.suppress(queue.Empty):
            return [], [], [self._from_judge.get(timeout=RECEIVE_TIMEOUT)]
        return [], [], []

    def _follow(self, payload: bytes, now: float, monotonic: float) -> None:
        """Does what the judge says."""
        try:
            message = decode_from_judge(payload)
        except msgspec.DecodeError as error:
            LOG.warning("a message that the judging agent cannot have sent was dropped: %s", error)
            return
        share = self.share
        if isinstance(message, ShareGrant):
            self._collect(message, now, monotonic)
        elif isinstance(message, ShareDenied):
            if message.boot == self.boot and message.why != self._denied:
                self._denied = message.why
                LOG.error("%s", message.why)
        elif share is None or message.epoch != share.epoch:
            return
        elif isinstance(message, ShareRevoked):
            share.revoked = True
        elif isinstance(message, ShareRenewed):
            share.until = max(share.until, self._sent_at.get(message.serial, 0.0) + HOLD_SECONDS)
            if time.monotonic() <= share.until:
                self._acknowledge(share, message.committed)

    def _collect(self, page: ShareGrant, now: float, monotonic: float) -> None:
        """Adds a page of a grant; with all pages the share is held."""
        until = self._sent_at.get(page.serial, 0.0) + HOLD_SECONDS
        if page.boot != self.boot or monotonic > until or (self.share is not None and self.share.epoch == page.epoch):
            return
        if page.epoch in self._held:
            # It was given up. The numbers of its batches would begin again, and the judging agent would take them for
            # batches that it has committed.
            self._send(ShareReleased(page.epoch))
            return
        if any((known.epoch, known.pages) != (page.epoch, page.pages) for known in self._pages.values()):
            self._pages.clear()  # pages of two grants, or of a grant that was divided anew, do not make one
        self._pages[page.page] = page
        if not all(number in self._pages for number in range(page.pages)):
            return
        pages, self._pages = [self._pages[number] for number in range(page.pages)], {}
        self._give_up()
        clients = [client for found in pages for client in found.clients]
        intake = ForwardingIntake(
            GrantedNumbers(item for found in pages for item in found.numbers),
            self._configuration.agent,
            self._senders,
            self._configuration.retention,
            self._names,
        )
        # The judging agent takes in whatever this one does, and has to have room for the gaps of all.
        intake.gaps.limit = self._max_gaps
        self.share = HeldShare(page.epoch, clients, intake, until)
        self._held.append(page.epoch)
        self._connections += 1
        self._denied = ""
        self._transport.hear(
            (*self._filters.of(clients), *(state_topic(self._configuration.stack, client) for client in clients))
        )
        LOG.info("hearing %d clients, epoch %s", len(clients), page.epoch)
        self.share.ask_again(now)

    def _give_up(self) -> None:
        """Holds no share any more; what was not committed is taken in again with the next one."""
        if self.share is not None:
            self._backlog.extendleft(
                message for batch in reversed(self.share.in_flight) for message in reversed(batch.messages)
            )
            self.share = None

    def _acknowledge(self, share: HeldShare, committed: int) -> None:
        for batch in share.take_committed(committed):
            self._transport.acknowledge(batch.messages)
            self._forwarded += len(batch.messages)
            self._health.measure(
                batch.taken, batch.messages, self._transport.inbox, acknowledged=self._transport.connection.up
            )
            for client, boot, up_to_seq, holes in batch.acknowledgements:
                self._transport.acknowledge_reports(
                    client, boot, up_to_seq, holes, agent_boot=f"{self.boot}.{self._connections}"
                )

    def _send_due(self, monotonic: float) -> None:
        share = self.share
        if share is not None:
            for batch in share.due(monotonic, RESEND_INTERVAL):
                self._transport.publish(self._batch_topic, batch.payload)
            if share.revoked and not share.in_flight:
                self._send(ShareReleased(share.epoch))
                self.share = None
        if monotonic - self._renewed_at >= RENEWAL_INTERVAL:
            self._renewed_at = monotonic
            self._serial += 1
            self._sent_at[self._serial] = monotonic
            self._sent_at.pop(self._serial - MAX_SERIALS, None)
            self._send(ShareRenewal(self.boot, self._digest, self.share.epoch if self.share else "", self._serial))

    def _send(self, message: FromReceiver) -> None:
        self._transport.publish(self._batch_topic, encode(message))

    def _beat(self, monotonic: float) -> None:
        if monotonic - self._beaten_at < HEARTBEAT_INTERVAL:
            return
        self._beaten_at = monotonic
        with contextlib.suppress(OSError):
            self._heartbeat_file.touch(mode=0o600)
        content = self._content()
        self._answers.status = self._status(content)
        self._transport.heartbeat(content)

    @property
    def _next_step(self) -> str:
        """Returns what to do where the judging agent gives no answer."""
        return f"`rohe logs agent/{self._configuration.pipeline}` has the log of that agent"

    def _status(self, content: dict[str, Any]) -> dict[str, Any]:
        """Returns the answer to the question `status`: the content of a heartbeat, and who says it since when."""
        return {
            **content, "agent": self._configuration.agent, "pipeline": self._configuration.pipeline,
            "boot": self.boot, "since": self._started, "at": time.time(),
        }  # fmt: skip

    def _content(self) -> dict[str, Any]:
        """Returns the content of a heartbeat: role, share, messages by where they are, trouble, and health."""
        share, judge = self.share, self._configuration.judging_agent
        states, gaps = (share.states, share.gaps) if share is not None else ({}, None)
        health = self._health.take(None, self._transport.inbox, states, 0, self._backlog, gaps)
        trouble = self._denied or self._transport.hindrance
        if not trouble and share is not None:
            trouble = share.clock_trouble(time.time())
        if not trouble and share is None and any(self._configuration.share(self._configuration.agent)):
            trouble = (
                f"agent {judge}, which judges, has granted no share, so that reports wait in the outboxes of the"
                f" services: {self._next_step}"
            )
        return {
            "role": "receives",
            "judge": judge,
            "epoch": share.epoch if share is not None else "",
            "health": msgspec.to_builtins(health),
            "hears": len(share.clients) if share is not None else 0,
            "under_way": share.messages_in_flight if share is not None else 0,
            "waiting": len(self._backlog),
            "forwarded": self._forwarded,
            "trouble": trouble,
        }
