"""Worker: the one thread that receives messages, feeds the observer, commits, and only then acknowledges."""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rohe_iac.agent.answers import AnswerDesk
from rohe_iac.agent.inputs import apply_input, stall_input
from rohe_iac.agent.intake import Intake, IntakeBatch
from rohe_iac.agent.limited_log import LimitedLog, printable
from rohe_iac.agent.memory import MemoryBudget, give_back, memory_limit
from rohe_iac.agent.orders import Orders
from rohe_iac.agent.planned_nodes import remember_nodes
from rohe_iac.agent.recovery import recover_observer
from rohe_iac.agent.status import instance_status, objective_status, observer_counts
from rohe_iac.foundation.quantities import shown_bytes
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.checkpoint import checkpoint_of
from rohe_iac.observation.configuration import Configuration, digest_of
from rohe_iac.observation.holdings import holdings_of
from rohe_iac.observation.judging.outcome import CorrectiveAction, Outcome, Violation
from rohe_iac.observation.reports.senders import Senders
from rohe_iac.sinks.forwarder import Forwarder
from rohe_iac.sinks.jsonl import JsonlSink
from rohe_iac.sinks.mqtt import MqttSink
from rohe_iac.sinks.store import AgentStore, ObserverInput, StoreFull, Transaction
from rohe_iac.transports.mqtt import AgentTransport

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

SHED_WARNING_INTERVAL = 10.0
"""Seconds between two warnings of too little memory, at least."""

SINK_KINDS = ("store", "jsonl", "mqtt")
"""Kinds of sinks that an agent has."""


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
    ) -> None:
        """Opens the store and recovers the observer.

        Args:
            configuration: What the agent observes and judges.
            broker: Address of the stack's broker.
            folder: Folder of the store.
            stopping: Ends `run` when it is set, as `stop` does.

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
        self._memory = MemoryBudget(memory_limit())
        self._room, self._shed_at = MAX_BATCH, 0.0
        self._observer, self._row = recover_observer(self._store, configuration, self._memory)
        self._intake = Intake(
            self._store,
            configuration.agent,
            Senders(configuration.instances, remember_nodes(folder, configuration.instances)),
            configuration.retention,
        )
        self._warnings = LimitedLog(LOG)
        self._answers = AnswerDesk(folder, lambda client, page: self._transport.answer(client, page))
        self._transport = AgentTransport(
            broker,
            configuration.stack,
            configuration.agent,
            [instance.topic for instance in configuration.instances],
            self.boot,
            self._answers.submit,
        )
        self._orders = Orders(configuration, self._observer.degrade_policy, self._transport.command)
        for _, outcome in self._store.newest_outcomes("action", 100):
            if isinstance(outcome, CorrectiveAction):
                self._orders.update(outcome)
        self._forwarders = [Forwarder(sink, self._store) for sink in self._sinks()]
        self._stopping = stopping if stopping is not None else threading.Event()
        self._heartbeat_file = folder / "heartbeat"
        self._last_input_at = 0.0
        self._turned_at = time.time()
        self._paused = False
        self._pruning = False
        self._trouble = ""

    def _sinks(self) -> Iterator[MqttSink | JsonlSink]:
        by_contract = {contract.name: contract.sinks for contract in self._configuration.contracts}
        with_results = frozenset(
            name for name, sinks in by_contract.items() if any(_kind_of(sink) == "mqtt" for sink in sinks)
        )
        yield MqttSink(
            self._transport.connection.publish, self._configuration.stack, self._configuration.agent, with_results
        )
        all_sinks = [sink for sinks in by_contract.values() for sink in sinks]
        unknown = {kind for sink in all_sinks if (kind := _kind_of(sink)) not in SINK_KINDS}
        if unknown:
            LOG.warning("no such sink here, nothing is written to it: %s", ", ".join(sorted(unknown)))
        folders = {str(sink["jsonl"]) for sink in all_sinks if _kind_of(sink) == "jsonl"}
        for folder in sorted(folders):
            yield JsonlSink(Path(folder))

    def stop(self) -> None:
        """Ends `run` after the present batch; safe in a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Works until `stop`.

        Raises:
            StoreFailed: A batch could not be committed; the state in memory is then ahead of the store.
        """
        self._transport.start()
        self._answers.start()
        heartbeat = checkpoint = time.monotonic()
        interval = self._checkpoint_interval()
        try:
            self._update_status()
            while not self._stopping.is_set():
                self._process_batch()
                if self._trouble:
                    break  # it ends while the disk is full
                now = time.monotonic()
                if now - heartbeat >= HEARTBEAT_INTERVAL:
                    heartbeat = now
                    interval = self._checkpoint_interval()
                    self._beat()
                    self._update_status()
                    self._transport.heartbeat(observer_counts(self._observer))
                if now - checkpoint >= interval:
                    self._write_checkpoint()
                    checkpoint = time.monotonic()
                elif self._pruning:
                    self._prune()
            if not self._trouble:
                self._write_checkpoint()
                self._prune()
        finally:
            self._answers.close()
            self._transport.close()
            self._store.close()

    def _beat(self) -> None:
        """Touches the file by whose age a supervisor sees that the agent works; it takes no room on a full disk."""
        with contextlib.suppress(OSError):
            self._heartbeat_file.touch(mode=0o600)

    def _keep_within_memory(self, batch: IntakeBatch, now: float) -> int:
        """Has windows end early where memory is short; returns how many messages can be taken in."""
        holdings = holdings_of(self._observer.state)
        if self._memory.is_short(holdings):
            if self._memory.shed == 0 or now - self._shed_at > SHED_WARNING_INTERVAL:
                self._shed_at = now
                LOG.warning(
                    "%s of memory are too little for %d reports in windows and %d that wait: windows end early",
                    shown_bytes(self._memory.limit), holdings.windows, holdings.waiting,
                )  # fmt: skip
            self._memory.shed += 1
            batch.prepend(ObserverInput("shed", now))
            batch.count("shed")
        # What the broker has not delivered waits in the outboxes of the services.
        return 0 if self._memory.is_full(holdings) else MAX_BATCH

    def _receive(self) -> tuple[list[Incoming], list[str]]:
        if self._room:
            return self._transport.receive(self._room, RECEIVE_TIMEOUT)
        self._stopping.wait(RECEIVE_TIMEOUT)
        return [], []

    def _process_batch(self) -> None:
        messages, changes = self._receive()
        now = time.time()
        batch = self._intake.process(messages, now)
        self._room = self._keep_within_memory(batch, now)
        if now - self._turned_at > STALL_LIMIT:
            # Nobody listened meanwhile, because the machine is busy or the clock was set.
            batch.prepend(stall_input(now, now - self._turned_at - RECEIVE_TIMEOUT))
        self._turned_at = now
        if not self._paused:
            # Messages that the broker kept for the agent may arrive before the connection is reported to be up.
            batch.prepend(ObserverInput("pause", now))
            self._paused = True
        for change in changes:
            LOG.info("connection to %s: %s", self._transport.connection.broker.url, change)
            batch.append(ObserverInput("resume" if change == "up" else "pause", now))
            if change == "up":
                # An acknowledgement names this run of the agent, so that reporters send again what is not committed.
                batch.unacknowledged.update(self._intake.known_boots())
        for violation in self._answers.take_restore_requests():
            batch.append(ObserverInput("restore", now, payload=violation.encode()))
        if batch.inputs:
            self._last_input_at = now
        elif now - self._last_input_at >= TICK_INTERVAL:
            self._last_input_at = now
            batch.append(ObserverInput("tick", now))
        outcomes = self._commit(batch)
        if self._trouble:
            return
        self._transport.acknowledge(messages)
        for client, boot in batch.unacknowledged:
            self._transport.acknowledge_reports(client, boot, *self._intake.acknowledgement(client, boot))
        self._dispatch(batch, outcomes, now)

    def _commit(self, batch: IntakeBatch) -> list[Outcome]:
        transaction = batch.transaction
        for observer_input, report in batch.inputs:
            if report is not None:
                self._memory.learn(len(observer_input.payload))
            transaction.outcomes += apply_input(self._observer, observer_input, report)
        transaction.segments += self._observer.take_segments()
        if transaction != Transaction():
            self._write(transaction)
        if "shed" in transaction.counts:
            give_back()
        return transaction.outcomes

    def _write(self, transaction: Transaction) -> None:
        """Writes a transaction; on a full disk it waits for room, and meanwhile takes and acknowledges no report."""
        while True:
            try:
                self._row = self._store.write(transaction)
            except StoreFull as error:
                if not self._trouble:
                    LOG.error("%s: reports wait in the outboxes of the services until there is room", error.brief)
                self._trouble = error.brief
                self._beat()
                self._update_status()
                self._transport.heartbeat({**observer_counts(self._observer), "trouble": self._trouble})
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

    def _dispatch(self, batch: IntakeBatch, outcomes: list[Outcome], now: float) -> None:
        """Sends orders and forwards outcomes; after a crash both resume from the store."""
        for at, topic, why, _ in batch.transaction.dead_letters:
            self._warnings.warn(f"dead letter {topic}", f"refused a message on {topic}: {why}", at)
        self._warnings.flush(now)
        self._log_passed()
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
            self._orders.send(now)
        for forwarder in self._forwarders:
            if outcomes or forwarder.last_error or batch.inputs:
                try:
                    forwarder.forward(now)
                except StoreFull as error:
                    LOG.warning("sink %s: %s: what it was given last is sent again", forwarder.sink.name, error.brief)

    def _log_passed(self) -> None:
        for passed in self._observer.take_passed():
            self._warnings.warn(f"{type(passed).__name__} {passed.client}", passed.text, time.time())

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
            self._store.prune(oldest, self._configuration.max_size, PRUNE_SECONDS)
            self._pruning = time.monotonic() - begun >= PRUNE_SECONDS
        except StoreFull as error:
            LOG.error("%s: nothing was deleted", error.brief)
            self._pruning = False

    def _update_status(self) -> None:
        state = self._observer.state
        connection, now = self._transport.connection, time.time()
        trouble = "" if connection.up else connection.last_error or "no connection yet"
        self._answers.status = {
            "agent": self._configuration.agent,
            "pipeline": self._configuration.pipeline,
            "boot": self.boot,
            "since": self._started,
            "at": now,
            "connection": {"up": connection.up, "trouble": connection.last_error},
            "trouble": self._trouble,
            "memory": self._memory.to_builtins(holdings_of(state)),
            "counts": {
                **{name: value for name, value in self._store.counters().items() if ":" not in name},
                **observer_counts(self._observer),
                "unjoined": state.join.unjoined,
                "stragglers": state.join.stragglers,
                "dropped": self._transport.dropped,
            },
            "clients": self._intake.clients,
            "instances": instance_status(self._observer),
            "objectives": [
                objective_status(
                    self._observer, evaluator, self._intake.clients, now, started=self._started, trouble=trouble
                )
                for evaluator in self._observer.evaluators
            ],
            "orders": self._orders.to_builtins(),
            "sinks": [
                {"name": forwarder.sink.name, "failures": forwarder.failures, "why": forwarder.last_error}
                for forwarder in self._forwarders
            ],
        }


def _kind_of(sink: Any) -> str:
    return next(iter(sink)) if isinstance(sink, dict) and sink else str(sink)
