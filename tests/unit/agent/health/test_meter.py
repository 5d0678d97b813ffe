"""The meter: totals of one run, rates and durations of the last ten seconds, and what the system says."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.agent.health.meter import AgentReading, HealthMeter, Waiting, reporter_health
from rohe_iac.agent.health.process_figures import ProcessFigures
from rohe_iac.agent.health.record import Flow


def reading(second: float, processor: float = 0.0, written: int = 0, **changes: Any) -> AgentReading:
    process = ProcessFigures(processor, 30_000_000, written, 2 * written)
    return AgentReading(now=1000.0 + second, monotonic=50.0 + second, process=process, **changes)


def count(meter: HealthMeter, received: int, **changes: Any) -> None:
    counts = {
        "received_bytes": 100 * received,
        "stored": received,
        "acknowledged": received,
        "duplicates": 0,
        "dead": {},
    }
    meter.count(received=received, **{**counts, **changes})


def test_totals_are_of_the_run_and_rates_of_the_last_ten_seconds() -> None:
    meter = HealthMeter(reading(0, late=7, missing=5), clock_limit=1.0)
    for second in range(1, 31):
        count(meter, 20 if second <= 20 else 10)
        record = meter.record(reading(second, late=7 + second, missing=5))
    assert record.received == Flow(total=500, rate=10.0)
    assert record.late == Flow(total=30, rate=1.0), "what the store counted before this run is left out"
    assert record.missing == Flow()
    assert (record.since, record.at, record.interval) == (1000.0, 1030.0, 10.0)


def test_a_first_record_has_rates_of_the_time_since_the_start() -> None:
    meter = HealthMeter(reading(0), clock_limit=1.0)
    count(meter, 30, duplicates=6, stored=20, acknowledged=24, dead={"too-large": 3, "failed": 1})
    record = meter.record(reading(2))
    assert (record.received.rate, record.duplicates.rate) == (15.0, 3.0)
    assert (record.stored.total, record.acknowledged.total) == (20, 24)
    assert (record.dead, record.dead_letters) == (Flow(total=4, rate=2.0), {"too-large": 3, "failed": 1})


def test_processor_time_and_bytes_written_are_shared_among_the_reports() -> None:
    meter = HealthMeter(reading(0, processor=3.0, written=1_000), clock_limit=1.0)
    count(meter, 1000)
    record = meter.record(reading(2, processor=3.1, written=151_000))
    assert record.processor.report == pytest.approx(100e-6)
    assert record.processor.cores == pytest.approx(0.05)
    assert (record.disk.written, record.disk.passed_to_write, record.disk.payload) == (150_000, 300_000, 100_000)
    assert record.disk.ratio == 1.5
    assert meter.record(reading(13, processor=3.2)).processor.report == 0.0, "no report came in ten seconds"


def test_durations_are_those_of_the_interval() -> None:
    meter = HealthMeter(reading(0), clock_limit=1.0)
    meter.commits.add(9.0, 51.0)
    for second in range(1, 14):
        meter.record(reading(second))
    for number in range(1, 101):
        meter.commits.add(number / 1000, 50.0 + 13.5)
        meter.measure_lag(50.0 + 13.5 - number / 100, 50.0 + 13.5)
    record = meter.record(reading(14))
    assert (record.commits.count, record.commits.p50, record.commits.longest) == (101, 0.051, 0.1)
    assert (record.lag.commit.p99, record.lag.commit.longest) == (0.99, 1.0)


def test_durations_of_checkpoints_are_those_of_two_minutes() -> None:
    meter = HealthMeter(reading(0), clock_limit=1.0)
    meter.checkpoints.add(9.0, 50.0 + 1)
    meter.checkpoints.add(0.5, 50.0 + 61)
    assert meter.record(reading(70)).checkpoints.longest == 9.0
    found = meter.record(reading(150)).checkpoints
    assert (found.count, found.p99, found.longest) == (2, 0.5, 0.5)
    assert meter.record(reading(200)).checkpoints.longest == 0.0


def test_the_fullest_that_the_queue_was_is_told_although_it_is_empty_now() -> None:
    meter = HealthMeter(reading(0), clock_limit=1.0)
    meter.measure_queue(Waiting(messages=400, bytes=4000, oldest=1.0, share=0.9), 100)
    meter.measure_queue(Waiting(), 0)
    queue = meter.record(reading(1, dropped=3)).queue
    assert (queue.messages, queue.most, queue.fullest, queue.dropped.total) == (0, 500, 0.9, 3)
    queue = meter.record(reading(2, waiting=Waiting(messages=2, bytes=20, oldest=0.25))).queue
    assert (queue.messages, queue.bytes, queue.oldest, queue.most, queue.fullest) == (2, 20, 0.25, 2, 0.0)


def test_the_watermark_is_told_as_the_seconds_that_it_is_behind() -> None:
    meter = HealthMeter(reading(0), clock_limit=1.0)
    assert meter.record(reading(1)).lag.watermark == 0.0, "before the first report there is none"
    assert meter.record(reading(2, watermark=998.5)).lag.watermark == 3.5


def test_what_the_clients_say_is_summed_up() -> None:
    states: list[dict[str, Any]] = [
        {"state": "online", "accepted": 10, "refused": 1, "waiting": 2, "pending": 3},
        {"state": "online"},
        {"state": "lost", "accepted": 5.0, "refused": None},
    ]
    found = reporter_health(states)
    assert (found.online, found.accepted, found.refused, found.waiting, found.pending) == (2, 15, 1, 2, 3)
