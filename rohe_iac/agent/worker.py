"""Worker: the one thread that takes messages in, tells the observer, commits, and only then acknowledges."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from rohe_iac.agent.answers import Answers
from rohe_iac.agent.intake import Intake, Taken
from rohe_iac.agent.orders import Orders
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.observation.configuration import Configuration, digest_of
from rohe_iac.observation.judging.outcome import Action, Outcome, Violation
from rohe_iac.observation.observer import Observer, decode_state, encode_state
from rohe_iac.observation.reports.report import Report
from rohe_iac.sinks.jsonl import JsonlSink
from rohe_iac.sinks.mqtt import MqttSink
from rohe_iac.sinks.sink import Forwarder
from rohe_iac.sinks.store import Input, Store
from rohe_iac.transports.mqtt import AgentTransport

LOG = logging.getLogger("rohe.agent")

AT_ONCE = 1000


TICK_EVERY = 0.5


HEARTBEAT_EVERY = 1.0


CHECKPOINT_EVERY = 60.0
"""Seconds between ticks of the clock where no report comes, heartbeats, and checkpoints (which bound the replay)."""

SINKS = ("store", "jsonl", "mqtt")

_REPORT = msgspec.json.Decoder(Report)


class Worker:
    """One agent at work."""

    def __init__(self, configuration: Configuration, broker: BrokerAddress, folder: Path) -> None:
        """folder: where the store is. Errors: StoreFailed, UnusableContract."""
        self._configuration = configuration
        self._digest = digest_of(configuration)
        self._store = Store(folder)
        self.boot = f"{int(time.time() * 1000):x}-{secrets.token_hex(4)}"
        self._started = time.time()
        self._row = 0
        self._observer = self._recovered()
        self._intake = Intake(self._store, configuration.agent)
        self._answers = Answers(folder, lambda client, page: self._transport.answer(client, page))
        self._transport = AgentTransport(
            broker,
            configuration.stack,
            configuration.agent,
            [item.topic for item in configuration.instances],
            self.boot,
            self._answers.ask,
        )
        self._orders = Orders(configuration, self._observer.degrading, self._transport.command)
        for _, outcome in self._store.newest("action", 100):
            if isinstance(outcome, Action):
                self._orders.take(outcome)
        self._forwarders = [Forwarder(sink, self._store) for sink in self._sinks()]
        self._stopping = threading.Event()
        self._told = 0.0
        self._paused = False

    def _sinks(self) -> Iterator[MqttSink | JsonlSink]:
        wanted = {contract.name: contract.sinks for contract in self._configuration.contracts}
        results = frozenset(name for name, sinks in wanted.items() if any(_kind(sink) == "mqtt" for sink in sinks))
        yield MqttSink(
            self._transport.connection.publish, self._configuration.stack, self._configuration.agent, results
        )
        unknown = {kind for sinks in wanted.values() for sink in sinks if (kind := _kind(sink)) not in SINKS}
        if unknown:
            LOG.warning("no such sink here, nothing is written to it: %s", ", ".join(sorted(unknown)))
        folders = {str(sink["jsonl"]) for sinks in wanted.values() for sink in sinks if _kind(sink) == "jsonl"}
        for folder in sorted(folders):
            yield JsonlSink(Path(folder))

    def _recovered(self) -> Observer:
        """The observer as it was, by the checkpoint and what came after it; outcomes that were lost are written."""
        kept = self._store.checkpoint()
        observer = Observer(self._configuration)
        if kept is not None:
            row, digest, state = kept
            self._row = row
            try:
                if digest == self._digest:
                    observer = Observer(self._configuration, decode_state(state))
            except msgspec.DecodeError as error:
                LOG.warning("the checkpoint is of another form (%s): windows begin anew", error)
        replayed = 0
        for row, item in self._store.inputs_after(self._row):
            self._store.rewrite_outcomes(self._tell(observer, item, None))
            self._row = row
            replayed += 1
        LOG.info("replayed %d inputs; %d reports so far", replayed, observer.state.counters.reports)
        return observer

    def stop(self) -> None:
        """Ends `run` after the batch at hand; safe in a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Works until `stop`. Errors: StoreFailed, after which the state in memory is no longer to be trusted."""
        self._transport.start()
        self._answers.start()
        beat = checkpoint = time.monotonic()
        try:
            self._snapshot()
            while not self._stopping.is_set():
                self._turn()
                now = time.monotonic()
                if now - beat >= HEARTBEAT_EVERY:
                    beat = now
                    self._snapshot()
                    self._transport.heartbeat(self._counts())
                if now - checkpoint >= CHECKPOINT_EVERY:
                    checkpoint = now
                    self._checkpoint()
            self._checkpoint()
        finally:
            self._answers.close()
            self._transport.close()
            self._store.close()

    def _turn(self) -> None:
        messages, notes = self._transport.take(AT_ONCE, 0.1)
        now = time.time()
        taken = self._intake.take(messages, now)
        if not self._paused:
            # What the broker kept for us may arrive before it says that we are connected.
            taken.precede(Input("pause", now))
            self._paused = True
        for note in notes:
            LOG.info("connection to %s: %s", self._transport.connection.broker.url, note)
            taken.tell(Input("resume" if note == "up" else "pause", now))
            if note == "up":
                # Reporters learn that this is another agent process and send again what is not committed.
                taken.acknowledge.update(self._intake.known())
        for violation in self._answers.restored():
            taken.tell(Input("restore", now, payload=violation.encode()))
        if taken.told:
            self._told = now
        elif now - self._told >= TICK_EVERY:
            self._told = now
            taken.tell(Input("tick", now))
        outcomes = self._committed(taken)
        self._transport.acknowledge(messages)
        for client, boot in taken.acknowledge:
            self._transport.acknowledge_to(client, boot, *self._intake.acknowledgement(client, boot))
        self._after(taken, outcomes, now)

    def _committed(self, taken: Taken) -> list[Outcome]:
        for item, report in taken.told:
            taken.entry.outcomes += self._tell(self._observer, item, report)
        entry = taken.entry
        if entry.inputs or entry.dead or entry.counted:
            self._row = self._store.write(entry)
        return entry.outcomes

    def _after(self, taken: Taken, outcomes: list[Outcome], now: float) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Violation):
                state = "ended" if outcome.ended else "opened"
                LOG.warning("violation %s %s: %s/%s", outcome.id, state, outcome.contract, outcome.objective)
            elif isinstance(outcome, Action):
                LOG.warning("action %s %s: %s", outcome.id, "ended" if outcome.ended else "begun", outcome.reason)
                self._orders.take(outcome)
        for answer in taken.answers:
            LOG.info("answer of %s to %s: %s", answer.get("client"), answer.get("id"), answer.get("why"))
            self._orders.answered(answer)
        for client in taken.returned:
            self._orders.returned(client)
        if self._transport.connection.up:
            self._orders.send(now)
        for forwarder in self._forwarders:
            if outcomes or forwarder.why or taken.told:
                forwarder.forward(now)

    @staticmethod
    def _tell(observer: Observer, item: Input, report: Report | None) -> list[Outcome]:
        if item.kind == "report":
            return observer.report(report if report is not None else _REPORT.decode(item.payload), item.at)
        if item.kind == "tick":
            return observer.tick(item.at)
        if item.kind == "pause":
            return observer.pause(item.at)
        if item.kind == "resume":
            return observer.resume(item.at)
        if item.kind == "stop":
            return observer.stop(item.client, item.at)
        return observer.restore(item.payload.decode(), item.at)

    def _checkpoint(self) -> None:
        self._store.write_checkpoint(self._row, self._digest, encode_state(self._observer.state))
        self._store.prune(time.time() - self._configuration.retention, self._configuration.max_size)

    def _counts(self) -> dict[str, Any]:
        state = self._observer.state
        return {
            "reports": state.counters.reports,
            "late": state.counters.late,
            "windows": state.counters.windows,
            "watermark": self._observer.watermark,
        }

    def _snapshot(self) -> None:
        state = self._observer.state
        self._answers.status = {
            "agent": self._configuration.agent,
            "pipeline": self._configuration.pipeline,
            "boot": self.boot,
            "since": self._started,
            "at": time.time(),
            "connection": {"up": self._transport.connection.up, "trouble": self._transport.connection.trouble},
            "counts": {
                **{key: value for key, value in self._store.numbers().items() if ":" not in key},
                **self._counts(),
                "unjoined": state.join.unjoined,
                "stragglers": state.join.stragglers,
                "dropped": self._transport.dropped,
            },
            "clients": self._intake.clients,
            "objectives": [
                {
                    "contract": lane.contract.name,
                    "objective": lane.objective.name,
                    "promise": lane.objective.text,
                    "scope": lane.objective.scope.text,
                    "window": lane.objective.window.text,
                    "verdict": lane.state.judge.verdict.value,
                    "since": lane.state.judge.since,
                    "violation": lane.state.violation.id if lane.state.violation is not None else "",
                    "value": lane.state.last.value if lane.state.last is not None else None,
                    "count": lane.state.last.count if lane.state.last is not None else 0,
                    "end": lane.state.last.end if lane.state.last is not None else 0.0,
                }
                for lane in self._observer.lanes
            ],
            "orders": self._orders.shown(),
            "sinks": [
                {"name": forwarder.sink.name, "failures": forwarder.failures, "why": forwarder.why}
                for forwarder in self._forwarders
            ],
        }


def _kind(sink: Any) -> str:
    return next(iter(sink)) if isinstance(sink, dict) and sink else str(sink)
