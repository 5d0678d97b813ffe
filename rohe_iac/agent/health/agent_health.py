"""Agent health: the meter of a running agent, given what the parts of the agent know."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from rohe_iac.agent.health.functions import function_health, function_warnings
from rohe_iac.agent.health.meter import AgentReading, Durations, HealthMeter, Waiting
from rohe_iac.agent.health.process_figures import process_figures
from rohe_iac.agent.health.record import HealthRecord, SinkHealth
from rohe_iac.agent.health.warnings import WarningLimits, with_warnings
from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.intake.gaps import GapLedger
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.judging.processing import Processor
from rohe_iac.observation.observer_state import ObserverState
from rohe_iac.sinks.forwarder import Forwarder
from rohe_iac.transports.inbox import MESSAGE_OVERHEAD, QUEUE_BYTES, QUEUE_SIZE, Inbox

SAMPLE_SIZE = 32
"""Reports of a large batch whose times are compared with the clock, the newest."""

SAMPLE_INTERVAL = 0.1
"""Seconds between two large batches of which reports are compared."""


FRESH_SECONDS = 1.0
"""Seconds that a message may have waited in the agent for its time to be compared with the clock: as many as any clock
may be off, so that no wait makes one look wrong."""


class AgentHealth:
    """The health of one run of an agent.

    Attributes:
        meter: What counts and measures.
        record: The newest record.
    """

    def __init__(
        self,
        limits: WarningLimits,
        state: ObserverState | None = None,
        instances: Iterable[str] = (),
        judge: str = "",
    ) -> None:
        """Begins a run.

        Args:
            limits: From when on something is worth a warning.
            state: State of the agent's observer; None where it has none.
            instances: Instances that the agent hears; an agent receives the states of all clients of the stack.
            judge: Agent that judges, where this one receives reports for it.
        """
        self._instances, self._judge = tuple(instances), judge
        self._limits, self._sampled_at = limits, 0.0
        first = _reading(state)
        self.meter = HealthMeter(first, limits.clock)
        self.record = HealthRecord(since=first.now, at=first.now, interval=0.0)

    def measure(self, batch: IntakeBatch, messages: list[Incoming], inbox: Inbox, *, acknowledged: bool) -> None:
        """Counts a batch that has just been committed.

        Args:
            batch: What the messages came to.
            messages: The messages.
            inbox: Where they came from.
            acknowledged: Whether there was a connection to acknowledge them on.
        """
        now, meter = time.monotonic(), self.meter
        meter.measure_queue(_waiting(inbox, now), len(messages))
        if not messages:
            return
        counts = batch.transaction.counts
        meter.count(
            received=batch.received,
            received_bytes=batch.received_bytes,
            stored=counts.get("reports", 0),
            acknowledged=batch.numbered if acknowledged else 0,
            duplicates=counts.get("duplicates", 0),
            dead=batch.dead,
        )
        if messages[0].arrived:
            meter.measure_lag(messages[0].arrived, now)
            if now - messages[0].arrived > FRESH_SECONDS:
                return
        if now - self._sampled_at >= SAMPLE_INTERVAL or len(batch.inputs) <= SAMPLE_SIZE:
            self._sampled_at = now
            newest = batch.inputs[-SAMPLE_SIZE:]
            stated = {report.client: report.at for _, report in newest if report is not None}
            meter.clocks.observe(stated, batch.now, now, heartbeats=False)
        if batch.stated:
            meter.clocks.observe(batch.stated, batch.now, now, heartbeats=True)

    @contextlib.contextmanager
    def timed(self, durations: Durations) -> Iterator[None]:
        """Adds the time that the body takes to some durations, unless it raises."""
        begun = time.monotonic()
        yield
        now = time.monotonic()
        durations.add(now - begun, now)

    def take(
        self,
        state: ObserverState | None,
        inbox: Inbox,
        clients: Mapping[str, Mapping[str, Any]],
        store: int,
        backlog: Collection[Incoming] = (),
        gaps: GapLedger | None = None,
        sinks: Iterable[Forwarder] = (),
        processors: Iterable[Processor] = (),
    ) -> HealthRecord:
        """Makes a record of the present, and returns it.

        Args:
            state: State of the agent's observer; None where it has none.
            inbox: Where messages come from.
            clients: Last state of each client by name, of which those of the agent's instances count.
            store: Bytes of the store that are in use.
            backlog: Messages that have left the inbox and wait, before those in it.
            gaps: Gaps in the sequence numbers of clients; None where none are remembered.
            sinks: What brings each sink up to date.
            processors: What makes calls of user functions.
        """
        clients = {name: clients[name] for name in self._instances if name in clients}
        reading = _reading(state, inbox, clients, store, backlog)
        exhausted = gaps.exhausted() if gaps is not None else {}
        record = with_warnings(self.meter.record(reading), self._limits, clients, exhausted, self._judge)
        functions = function_health(processors)
        self.record = msgspec.structs.replace(
            record,
            sinks=[_sink_health(forwarder) for forwarder in sinks],
            functions=functions,
            warnings=[*record.warnings, *function_warnings(functions, record.at)],
        )
        return self.record


def _sink_health(forwarder: Forwarder) -> SinkHealth:
    return SinkHealth(name=forwarder.sink.name, failures=forwarder.failures, missed=forwarder.missed)


def _reading(
    state: ObserverState | None,
    inbox: Inbox | None = None,
    clients: Mapping[str, Mapping[str, Any]] | None = None,
    store: int = 0,
    backlog: Collection[Incoming] = (),
) -> AgentReading:
    monotonic = time.monotonic()
    clocks = state.watermark.clients.values() if state is not None else ()
    gaps = [gap for clock in clocks for boot in clock.boots for gap in boot.gaps]
    return AgentReading(
        now=time.time(),
        monotonic=monotonic,
        process=process_figures(),
        waiting=_waiting(inbox, monotonic, backlog) if inbox is not None else Waiting(),
        dropped=inbox.dropped if inbox is not None else 0,
        late=state.counters.late if state is not None else 0,
        missing=state.watermark.missing if state is not None else 0,
        gaps=sum(gap.last - gap.first + 1 for gap in gaps),
        watermark=state.watermark.values.get("", 0.0) if state is not None else 0.0,
        store=store,
        clients=clients if clients is not None else {},
    )


def _waiting(inbox: Inbox, monotonic: float, backlog: Collection[Incoming] = ()) -> Waiting:
    messages, size, first = inbox.waiting()
    if backlog:
        messages += len(backlog)
        size += sum(len(message.payload) + MESSAGE_OVERHEAD for message in backlog)
        first = next(iter(backlog)).arrived
    return Waiting(
        messages=messages,
        bytes=size,
        oldest=max(0.0, monotonic - first) if first else 0.0,
        share=max(messages / QUEUE_SIZE, size / QUEUE_BYTES),
    )
