"""The health of an agent: what its parts know, put together; an agent runs in tests/integration/observation."""

from __future__ import annotations

import time
from dataclasses import replace

from rohe_iac.agent.health.agent_health import AgentHealth
from rohe_iac.agent.health.warnings import WarningLimits
from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.observer_state import new_state
from rohe_iac.observation.reports.client_clock import BootProgress, ClientClock, Gap
from rohe_iac.transports.inbox import QUEUE_BYTES, Inbox


def incoming(size: int) -> Incoming:
    return Incoming("rohe/v1/s/report/load/load-0", b"x" * size, 1, False, 1, 1, arrived=time.monotonic())


def test_messages_that_wait_are_counted_with_their_bytes_and_age() -> None:
    waiting = Inbox()
    health = AgentHealth(WarningLimits.of_lateness(1.0))
    for _ in range(64):
        waiting.offer(incoming(QUEUE_BYTES // 80))
    queue = health.take(None, waiting, {}, 0).queue
    assert queue.messages == 64
    assert 0.8 <= queue.fullest < 0.9
    assert queue.oldest > 0
    assert "queue" in {warning.kind for warning in health.record.warnings}


def test_gaps_are_counted_over_all_clients_and_an_agent_without_an_observer_has_none() -> None:
    state = new_state()
    health = AgentHealth(WarningLimits.of_lateness(1.0), state, ["a-0", "b-0"])
    gaps = [Gap(first=3, last=5, since=1.0, mark=0.0), Gap(first=9, last=9, since=1.0, mark=0.0)]
    state.watermark.clients["a-0"] = ClientClock(boots=[BootProgress(boot="b", newest=10, gaps=gaps)])
    state.watermark.missing = 7
    state.counters.late = 2
    said = {"state": "online", "accepted": 4}
    record = health.take(state, Inbox(), {"a-0": said, "of-another-pipeline": said}, 4096)
    assert (record.gaps, record.missing.total, record.late.total) == (4, 7, 2)
    assert (record.reporters.accepted, record.disk.store) == (4, 4096)
    assert AgentHealth(WarningLimits.of_lateness(1.0)).take(None, Inbox(), {}, 0).gaps == 0


def test_no_clock_is_measured_by_messages_that_waited_in_the_agent() -> None:
    health = AgentHealth(WarningLimits.of_lateness(1.0))
    for waited, measured in ((8.5, 0), (0.0, 1)):
        batch = IntakeBatch(now=1000.0 + waited, received=1, received_bytes=10, stated={"a-0": 1000.0})
        message = replace(incoming(10), arrived=time.monotonic() - waited)
        health.measure(batch, [message], Inbox(), acknowledged=True)
        clocks = health.take(None, Inbox(), {}, 0).clocks
        assert (clocks.measured, clocks.wrong) == (measured, 0)


def test_without_a_connection_nothing_counts_as_acknowledged() -> None:
    health = AgentHealth(WarningLimits.of_lateness(1.0))
    batch = IntakeBatch(now=time.time(), received=2, received_bytes=20, numbered=2)
    batch.count("reports", 2)
    for connected in (False, True):
        health.measure(batch, [incoming(10), incoming(10)], Inbox(), acknowledged=connected)
    record = health.take(None, Inbox(), {}, 0)
    assert (record.received.total, record.stored.total, record.acknowledged.total) == (4, 4, 2)
    assert record.lag.commit.count == 2
