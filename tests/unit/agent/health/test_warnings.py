"""Health warnings: each names what happens and what to do, and a healthy agent has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from rohe_iac.agent.health.record import (
    ClockHealth,
    ClockSkew,
    DurationSpread,
    Flow,
    HealthRecord,
    HealthWarning,
    LagHealth,
    ProcessorHealth,
    QueueHealth,
)
from rohe_iac.agent.health.warnings import WarningLimits, with_warnings

WELL = HealthRecord(
    since=1.0,
    at=100.0,
    interval=10.0,
    received=Flow(total=1000, rate=100.0),
    queue=QueueHealth(most=700, fullest=0.5),
    lag=LagHealth(commit=DurationSpread(count=10, p99=0.4), watermark=3.0),
    clocks=ClockHealth(measured=3, limit=2.0, worst=[ClockSkew(client="a-0", ahead=-1.5)]),
    processor=ProcessorHealth(cores=0.5),
    missing=Flow(total=8),
    dead=Flow(total=3),
    dead_letters={"failed": 3},
)
LIMITS = WarningLimits.of_lateness(2.0)


def warnings(clients: Mapping[str, Mapping[str, Any]] | None = None, **changes: Any) -> list[HealthWarning]:
    return with_warnings(msgspec.structs.replace(WELL, **changes), LIMITS, clients or {}).warnings


def clocks(*ahead: float, measured: int = 0) -> ClockHealth:
    worst = [ClockSkew(client=f"cam-{number}", ahead=seconds) for number, seconds in enumerate(ahead)]
    wrong = sum(abs(seconds) > 2.0 for seconds in ahead)
    return ClockHealth(measured=measured or len(ahead), limit=2.0, wrong=wrong, worst=worst)


def test_a_healthy_agent_has_none() -> None:
    assert warnings({"a-0": {"state": "online", "refused": 0}}) == []


@pytest.mark.parametrize(
    ("changes", "kind", "text"),
    [
        ({"clocks": clocks(35.0, -0.1)}, "clock",
         "clock of cam-0 is 35.0 s ahead of the agent's: its reports count as of their arrival"),
        ({"clocks": clocks(-7200.0, 3.0, 0.0)}, "clock",
         "clock of cam-0 is 2 h behind, cam-1 is 3.0 s ahead of the agent's: its reports come late for their windows"),
        ({"clocks": clocks(-60.0, -60.1, -60.2)}, "clock",
         "the clocks of all 3 clients are 60.0 s behind that of the agent"),
        ({"queue": QueueHealth(most=48_000, fullest=0.96)}, "queue",
         "its queue was 96% full, with 48,000 messages: it does not keep up"),
        ({"lag": LagHealth(commit=DurationSpread(count=9, p99=3.25))}, "lag", "reports wait up to 3.2 s to be stored"),
        ({"lag": LagHealth(watermark=40.0)}, "lag", "windows are judged 40 s behind the present"),
        ({"processor": ProcessorHealth(cores=0.97)}, "processor", "it has the processor all the time: 0.97 cores"),
        ({"dead": Flow(total=3, rate=0.3)}, "dead", "messages arrive that cannot be used: 3 failed"),
        ({"missing": Flow(total=8, rate=0.8)}, "missing", "8 reports never came, and windows were judged without"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_what_to_do(changes: dict[str, Any], kind: str, text: str) -> None:
    [found] = warnings(**changes)
    assert (found.kind, found.text) == (kind, text)
    assert found.next


def test_a_slow_disk_is_told_from_a_slow_processor() -> None:
    lag = LagHealth(commit=DurationSpread(count=9, p99=3.0))
    [disk] = warnings(lag=lag, commits=DurationSpread(count=9, p99=2.9))
    [processor] = warnings(lag=lag, commits=DurationSpread(count=9, p99=0.01))
    assert "disk" in disk.next
    assert "more of a processor" in processor.next


def test_an_agent_that_has_little_to_do_is_not_given_more_of_a_processor() -> None:
    lag, idle = LagHealth(commit=DurationSpread(count=9, p99=14.2)), ProcessorHealth(cores=0.03)
    [judging] = warnings(lag=lag, processor=idle)
    assert judging.next.startswith("it is not busy: it waited")
    record = msgspec.structs.replace(WELL, lag=lag, processor=idle)
    [receiving] = with_warnings(record, LIMITS, {}, judge="agent-0").warnings
    assert receiving.next.startswith("they waited for agent agent-0, which judges")


def test_services_that_refused_reports_are_named_with_their_reasons() -> None:
    states: dict[str, dict[str, Any]] = {
        f"cam-{number}": {"refused": number, "refusals": {"full": number, "invalid": 0}} for number in range(6)
    }
    [found] = warnings(states)
    assert found.text == (
        "services refused reports, which are lost: cam-5 5 (full), cam-4 4 (full), cam-3 3 (full), and 2 more"
    )
