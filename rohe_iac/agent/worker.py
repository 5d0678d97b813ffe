"""Worker: the one thread that receives messages, feeds the observer, commits, and only then acknowledges."""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from rohe_iac.agent.answers import AnswerDesk
from rohe_iac.agent.function_calls import FunctionCalls
from rohe_iac.agent.health.agent_health import AgentHealth
from rohe_iac.agent.health.warnings import WarningLimits
from rohe_iac.agent.inputs import apply_input, stall_input
from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.intake.intake import Intake
from rohe_iac.agent.intake.owed_acknowledgements import OwedAcknowledgements
from rohe_iac.agent.limited_log import LimitedLog, printable
from rohe_iac.agent.memory import REMEDIES, MemoryBudget, give_back, memory_limit
from rohe_iac.agent.orders import Orders
from rohe_iac.agent.planned_nodes import remember_nodes
from rohe_iac.agent.recovery import recover_observer
from rohe_iac.agent.sharing.filters import left_of_several
from rohe_iac.agent.sharing.share_desk import ShareDesk
from rohe_iac.agent.status import instance_status, objective_statuses, observer_counts
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.checkpoint import checkpoint_of
from rohe_iac.observation.configuration import Configuration, digest_of
from rohe_iac.observation.holdings import holdings_of
from rohe_iac.observation.judging.outcome import CorrectiveAction, Outcome, Violation
from rohe_iac.observation.reports.senders import Senders
from rohe_iac.sinks.configured import configured_sinks
from rohe_iac.sinks.forwarders import Forwarders
from rohe_iac.sinks.observer_input import InputKind, ObserverInput
from rohe_iac.sinks.store import AgentStore, StoreFailed, StoreFull, Transaction
from rohe_iac.sinks.store_lock import said_of_rival
from rohe_iac.transports.amqp.connection import AmqpAccess
from rohe_iac.transports.amqp.opening import amqp_reports
from rohe_iac.transports.gathering import gather
from rohe_iac.transports.inbox import ConnectionChange
from rohe_iac.transports.mqtt import AgentTransport
from rohe_iac.transports.source import ReportSource
from rohe_iac.transports.source_states import SourceStates

LOG = logging.getLogger("rohe.agent")

MAX_BATCH = 1000
"""Messages that are committed in one transaction, at most."""

TICK_INTERVAL = 0.5
"""Seconds between ticks of the observer's clock where there is no other input."""

HEARTBEAT_INTERVAL = 1.0
"""Seconds between heartbeats."""

RECEIVE_TIMEOUT = 0.1
"""Seconds for which a turn waits for the first message."""

STALL_LIMIT = 0.5
"""Seconds from one turn to the next beyond which the agent counts as stalled."""

CHECKPOINT_INTERVAL = 60.0
"""Seconds between checkpoints, which bound the inputs to replay after a crash."""

MIN_CHECKPOINT_INTERVAL = 5.0
"""Seconds between checkpoints while the store is larger than it may be."""

PRUNE_SECONDS = 0.02
"""Seconds for which a turn deletes what the store need not keep, about."""

ROOM_INTERVAL = 1.0
"""Seconds between attempts to write while the disk is full."""


class Worker:
    """One agent at work.

    Attributes:
        boot: Identifier of this run of the agent.
    """

    def __init__(
        self,
        configuration: Configuration,
        broker: BrokerAddress,
        folder: Path,
        stopping: threading.Event | None = None,
        amqp: AmqpAccess | None = None,
    ) -> None:
        """Opens the store and recovers the observer.

        Args:
            configuration: What the agent observes and judges.
            broker: Address of the stack's broker.
            folder: Folder of the store.
            stopping: Ends `run` when it is set, as `stop` does.
            amqp: Access to the broker of `configuration.amqp`; needed where that is stated.

        Raises:
            StoreFull: There is no room; another attempt can be made later.
            StoreFailed: The store cannot be opened, read or written.
            UnusableContract: A metric of a contract cannot be evaluated.
        """
        self._configuration = configuration
        self._digest = digest_of(configuration)
        self._store = AgentStore(folder)
        self.boot = f"{int(time.time() * 1000):x}-{secrets.token_hex(4)}"
        self._started = time.time()
        self._memory = MemoryBudget(memory_limit(configuration.function_bytes))
        self._room = MAX_BATCH
        self._observer, self._row = recover_observer(self._store, configuration, self._memory)
        self._calls = FunctionCalls(self._observer.processors)
        self._intake = Intake(
            self._store,
            configuration.agent,
            Senders(configuration.instances, remember_nodes(folder, configuration.instances)),
            configuration.retention,
        )
        self._intake.gaps.limit = self._memory.max_gaps
        self._owed = OwedAcknowledgements()
        limits = WarningLimits.of_lateness(configuration.lateness)
        planned = [item.instance for item in configuration.instances]
        self._health = AgentHealth(limits, self._observer.state, planned)
        self._warnings = LimitedLog(LOG)
        self._answers = AnswerDesk(folder, lambda client, page: self._transport.answer(client, page))
        self._desk = ShareDesk(configuration, self._intake, self.boot) if len(configuration.agents) > 1 else None
        self._transport = AgentTransport(
            broker,
            configuration.stack,
            configuration.agent,
            [instance.topic for instance in configuration.instances],
            self.boot,
            self._answers.submit,
            filters=self._desk.filters() if self._desk is not None else None,
            unqueued=[self._desk.batches] if self._desk is not None else (),
        )
        if self._desk is not None:
            self._desk.connect(self._transport.publish_once, self._transport.hear, self._transport.end)
        else:
            self._transport.end(left_of_several(configuration, self._intake.known_clients()))
        self._stopping = stopping if stopping is not None else threading.Event()
        self._amqp = amqp_reports(configuration, amqp, self._transport.inbox, folder, self._stopping)
        self._sources: list[ReportSource] = [self._transport, *([self._amqp] if self._amqp is not None else [])]
        self._states = SourceStates(self._sources)
        self._orders = Orders(configuration, self._observer.degrade_policy, self._transport.command)
        for _, outcome in self._store.newest_outcomes("action", 100):
            if isinstance(outcome, CorrectiveAction):
                self._orders.update(outcome)
        sinks = configured_sinks(configuration, self._transport.connection.send)
        self._forwarders = Forwarders(sinks, self._store)
        self._heartbeat_file = folder / "heartbeat"
        self._last_input_at = -TICK_INTERVAL
        self._turned_at = max(time.time(), self._observer.state.watermark.now)  # the clock may be set back meanwhile
        self._paused = False
        self._pruning = False
        self._trouble = ""

    def stop(self) -> None:
        """Ends `run` after the present batch; safe in a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Works until `stop`.

        Raises:
            StoreFailed: A batch could not be committed; the state in memory is then ahead of the store.
        """
        for source in self._sources:
            source.start()
        self._answers.start(self._status())
        heartbeat = checkpoint = time.monotonic()
        interval = self._checkpoint_interval()
        try:
            while not self._stopping.is_set():
                self._process_batch()
                if self._trouble:
                    break  # it ends while the disk is full
                now = time.monotonic()
                if now - heartbeat >= HEARTBEAT_INTERVAL:
                    heartbeat = now
                    interval = self._checkpoint_interval()
                    self._beat()
                if now - checkpoint >= interval:
                    with self._health.timed(self._health.meter.checkpoints):
                        self._write_checkpoint()
                    checkpoint = time.monotonic()
                elif self._pruning:
                    self._prune()
            if not self._trouble:
                self._write_checkpoint()
                self._prune()
        except StoreFailed:
            self._stopping.set()  # the disk ends the agent, and no message
            raise
        finally:
            self._calls.close()
            self._answers.close()
            for source in reversed(self._sources):
                source.close()
            self._store.close()

    def _beat(self, **changes: str) -> None:
        """Says that the agent works: to a supervisor by the age of a file, which takes no room on a full disk."""
        with contextlib.suppress(OSError):
            self._heartbeat_file.touch(mode=0o600)
        self._answers.status = self._status()
        health = msgspec.to_builtins(self._health.record)
        self._transport.heartbeat({**observer_counts(self._observer), "health": health, **changes})

    def _receive(self) -> tuple[list[Incoming], list[ConnectionChange]]:
        if self._room:
            return gather(self._transport.receive, self._room, RECEIVE_TIMEOUT)
        self._stopping.wait(RECEIVE_TIMEOUT)
        return [], []

    def _process_batch(self) -> None:
        messages, changes = self._receive()
        now, monotonic = time.time(), time.monotonic()
        desk, intake = self._desk, self._intake
        batch = desk.process(messages, now, listened=self._room > 0) if desk else intake.process(messages, now)
        # What the broker has not delivered waits in the outboxes of the services.
        observer, self._memory.gaps = self._observer, self._intake.gaps.total
        self._room = MAX_BATCH if self._memory.relieve(batch, holdings_of(observer.state), observer.spare_bytes) else 0
        if abs(now - self._turned_at) > STALL_LIMIT:
            # Nobody listened meanwhile, because the machine is busy or the clock was set, forward or back.
            batch.prepend(stall_input(now, now - self._turned_at - RECEIVE_TIMEOUT))
        self._turned_at = now
        if not self._paused:
            # Messages that the broker kept for the agent may arrive before the connection is reported to be up.
            batch.prepend(ObserverInput(InputKind.PAUSE, now))
            self._paused = True
        for change in changes:
            LOG.info("connection to %s: %s", change.url, change.state)
            complete = self._states.note(change)
            if not complete or self._desk is None or not self._desk.pausing:
                batch.append(ObserverInput(InputKind.RESUME if complete else "pause", now))
            if change.state == "up":
                # An acknowledgement names this run of the agent, so that reporters send again what is not committed.
                batch.to_acknowledge.update(self._intake.boots_to_tell())
        for violation in self._answers.take_restore_requests():
            batch.append(ObserverInput(InputKind.RESTORE, now, payload=violation.encode()))
        if self._desk is not None:
            self._desk.decide(batch, connected=self._transport.connection.up, complete=self._states.complete)
        if batch.inputs:
            self._last_input_at = monotonic
        elif monotonic - self._last_input_at >= TICK_INTERVAL:
            self._last_input_at = monotonic
            batch.append(ObserverInput(InputKind.TICK, now))
        self._calls.take(batch)
        outcomes = self._commit(batch)
        if self._trouble:
            return
        for source in self._sources:
            source.acknowledge(messages)
        self._health.measure(batch, messages, self._transport.inbox, acknowledged=self._transport.connection.up)
        self._owed.owe(batch.to_acknowledge)
        for acknowledgement in self._owed.take(self._intake.acknowledgement):
            self._transport.acknowledge_reports(*acknowledgement)
        self._calls.offer()
        if self._desk is not None:
            self._desk.answer()
        self._dispatch(batch, outcomes, monotonic)
        if self._observer.quiet.take_change():
            self._answers.status = self._status()

    def _commit(self, batch: IntakeBatch) -> list[Outcome]:
        transaction = batch.transaction
        for observer_input, report in batch.inputs:
            if report is not None:
                self._memory.learn(len(observer_input.payload))
            transaction.outcomes += apply_input(self._observer, observer_input, report)
        transaction.segments += self._observer.take_segments()
        if transaction != Transaction():
            self._write(transaction)
        if not REMEDIES.keys().isdisjoint(transaction.counts):
            give_back()
        return transaction.outcomes

    def _write(self, transaction: Transaction) -> None:
        """Writes a transaction; on a full disk it waits for room, and meanwhile takes and acknowledges no report."""
        while True:
            try:
                with self._health.timed(self._health.meter.commits):
                    self._row = self._store.write(transaction)
            except StoreFull as error:
                if not self._trouble:
                    LOG.error("%s: reports wait in the outboxes of the services until there is room", error.brief)
                self._trouble = error.brief
                self._beat(trouble=self._trouble)
                if self._stopping.wait(ROOM_INTERVAL):
                    return
                continue
            if self._trouble:
                LOG.warning("there is room again on the file system of %s", self._store.path)
                self._trouble = ""
            return

    def _checkpoint_interval(self) -> float:
        """Returns the seconds between checkpoints: fewer where the store is too large, since they allow to prune it."""
        too_large = self._store.used_bytes() > self._configuration.max_size
        return MIN_CHECKPOINT_INTERVAL if too_large else CHECKPOINT_INTERVAL

    def _dispatch(self, batch: IntakeBatch, outcomes: list[Outcome], monotonic: float) -> None:
        """Sends orders and forwards outcomes; after a crash both resume from the store."""
        for _, topic, why, _ in batch.transaction.dead_letters:
            self._warnings.warn(f"dead letter {topic}", f"refused a message on {topic}: {why}", monotonic)
        self._warnings.flush(monotonic)
        for passed in self._observer.take_passed():
            self._warnings.warn(f"{type(passed).__name__} {passed.client}", passed.text, monotonic)
        for outcome in outcomes:
            if isinstance(outcome, Violation):
                state = "ended" if outcome.ended else "opened"
                LOG.warning("violation %s %s: %s/%s", outcome.id, state, outcome.contract, outcome.objective)
            elif isinstance(outcome, CorrectiveAction):
                LOG.warning("action %s %s: %s", outcome.id, "ended" if outcome.ended else "begun", outcome.reason)
                self._orders.update(outcome)
        for answer in batch.command_answers:
            LOG.info("%s", printable(f"answer of {answer.get('client')} to {answer.get('id')}: {answer.get('why')}"))
            self._orders.record_answer(answer)
        for client in batch.restarted_clients:
            self._orders.forget_answers(client)
        if self._transport.connection.up:
            self._orders.send(monotonic)
        self._forwarders.forward(monotonic, fresh=bool(outcomes or batch.inputs))

    def _write_checkpoint(self) -> None:
        try:
            checkpoint = checkpoint_of(self._observer.state)
        except (OverflowError, RecursionError, TypeError, ValueError):
            # Without a checkpoint a restart replays more; without the agent nothing is judged at all.
            LOG.exception("the state of the observer cannot be saved")
            return
        try:
            self._store.write_checkpoint(self._row, self._digest, checkpoint.content, checkpoint.needed)
        except StoreFull as error:
            # The inputs since the last checkpoint are in the store, so that a replay takes longer and gives the same.
            LOG.error("%s: no checkpoint was written", error.brief)
        self._pruning = True

    def _prune(self) -> None:
        """Deletes some of what the store need not keep; what is left comes in the next turns."""
        oldest, begun = time.time() - self._configuration.retention, time.monotonic()
        try:
            self._store.prune(oldest, self._configuration.max_size, PRUNE_SECONDS, self._forwarders.progress())
            self._pruning = time.monotonic() - begun >= PRUNE_SECONDS
        except StoreFull as error:
            LOG.error("%s: nothing was deleted", error.brief)
            self._pruning = False

    def _status(self) -> dict[str, Any]:
        state = self._observer.state
        connection, now = self._transport.connection, time.time()
        heard = self._desk.states if self._desk is not None else self._intake.clients
        health = self._health.take(
            state,
            self._transport.inbox,
            heard,
            self._store.used_bytes(),
            gaps=self._intake.gaps,
            sinks=self._forwarders.each,
            processors=self._observer.processors.values(),
        )
        return {
            "health": msgspec.to_builtins(health),
            "agent": self._configuration.agent,
            "pipeline": self._configuration.pipeline,
            "boot": self.boot,
            "since": self._started,
            "at": now,
            "connection": {"up": connection.up, "trouble": connection.last_error},
            "sources": [self._amqp.status()] if self._amqp is not None else [],
            "trouble": self._trouble
            or said_of_rival(self._store.path.parent)
            or self._transport.hindrance
            or self._intake.clocks.trouble(now),
            "memory": self._memory.to_builtins(holdings_of(state)),
            "counts": {
                **{name: value for name, value in self._store.counters().items() if ":" not in name},
                **observer_counts(self._observer),
                "unjoined": state.join.unjoined,
                "stragglers": state.join.stragglers,
                "dropped": self._transport.inbox.dropped,
            },
            "clients": self._intake.clients,
            "instances": instance_status(self._observer),
            "agents": self._desk.to_builtins() if self._desk is not None else [],
            "objectives": objective_statuses(
                self._observer, self._intake.clients, now, started=self._started, trouble=self._states.trouble
            ),
            "orders": self._orders.to_builtins(),
            "sinks": [forwarder.to_builtins() for forwarder in self._forwarders.each],
        }
