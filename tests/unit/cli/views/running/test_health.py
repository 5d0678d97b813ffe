"""The health of an agent on a screen."""

from __future__ import annotations

from typing import Any

import msgspec

from rohe_iac.agent.health.record import (
    ClockHealth,
    ClockSkew,
    DiskHealth,
    DurationSpread,
    Flow,
    HealthRecord,
    HealthWarning,
    LagHealth,
    ProcessorHealth,
    QueueHealth,
    ReporterHealth,
)
from rohe_iac.cli.options import Output
from rohe_iac.cli.views.running.health import health_lines
from rohe_iac.cli.views.running.status import StatusView
from rohe_iac.usecases.running.status import AgentStatus, StackStatus

HEALTH = HealthRecord(
    since=1.0,
    at=2.0,
    interval=10.0,
    received=Flow(total=12_345, rate=1234.5),
    acknowledged=Flow(total=12_000),
    duplicates=Flow(total=300),
    late=Flow(total=40),
    missing=Flow(total=5),
    dead_letters={"too-large": 2, "failed": 1},
    gaps=7,
    queue=QueueHealth(messages=12),
    lag=LagHealth(commit=DurationSpread(count=9, p99=0.0042), watermark=2.5),
    processor=ProcessorHealth(cores=0.125, report=62e-6),
    memory=40 * 2**20,
    disk=DiskHealth(written=3 * 2**20, ratio=1.5),
    clocks=ClockHealth(measured=2, worst=[ClockSkew(client="a-0", ahead=-0.012)]),
    reporters=ReporterHealth(online=2, accepted=12_346, refused=1, waiting=30),
    warnings=[HealthWarning(kind="queue", text="its queue was 96% full", next="give the agent more")],
)


def test_pace_losses_clocks_and_costs_are_a_line_each() -> None:
    assert list(health_lines(msgspec.to_builtins(HEALTH))) == [
        "pace: 1,234.5 reports/s, 12 queued, stored in 4.2 ms, judged after 2.5 s, 12 % CPU",
        "losses: 1 refused, 5 missing, 40 late, 3 dead letters of 12,045 reports that came (300 came again);"
        " 30 in outboxes, 7 awaited",
        "clocks: 2 known, all within 12 ms",
        "costs: 62 us a report, 40Mi of memory, 3Mi written (1.5 bytes a byte)",
    ]


def test_of_a_receiving_agent_only_what_it_knows_is_shown() -> None:
    assert list(health_lines(msgspec.to_builtins(HEALTH), judges=False)) == [
        "pace: 1,234.5 reports/s, 12 queued, stored in 4.2 ms, 12 % CPU",
        "losses: 1 refused, 5 missing, 40 late, 3 dead letters of 12,045 reports that came (300 came again);"
        " 30 in outboxes, 7 awaited",
        "costs: 62 us a report, 40Mi of memory",
    ]


def test_the_health_of_a_receiving_agent_is_a_part_of_the_status(new_screen: Any) -> None:
    answer = {"at": 0.0, "health": msgspec.to_builtins(HEALTH)}
    status = StackStatus("p", "digits", 3, True, "", (), (AgentStatus("agent-1", answer, role="receives"),))
    screen, printed = new_screen()
    StatusView(screen).show(status, Output.human)
    assert "pace: 1,234.5 reports/s, 12 queued, stored in 4.2 ms, 12 % CPU" in printed()
    assert "clocks:" not in printed()


def test_that_nothing_is_lost_is_said() -> None:
    well = HealthRecord(since=1.0, at=2.0, interval=1.0, received=Flow(total=1), reporters=ReporterHealth(online=1))
    lines = list(health_lines(msgspec.to_builtins(well)))
    assert lines[1:3] == ["losses: none of 1 report that came; 0 in outboxes", "clocks: none is known"]


def test_the_worst_of_wrong_clocks_is_named() -> None:
    clocks = ClockHealth(measured=7, wrong=2, worst=[ClockSkew(client="a-0", ahead=-9000.0)])
    lines = list(health_lines(msgspec.to_builtins(msgspec.structs.replace(HEALTH, clocks=clocks))))
    assert lines[2] == "clocks: 2 of 7 wrong, that of a-0 is 2.5 h behind"


def test_an_agent_of_another_version_is_shown_too() -> None:
    assert list(health_lines({})) == []
    assert len(list(health_lines({"at": 1.0}))) == 4


def test_a_warning_is_shown_with_what_to_do(new_screen: Any) -> None:
    answer = {"at": 0.0, "counts": {"reports": 1}, "objectives": [], "health": msgspec.to_builtins(HEALTH)}
    status = StackStatus("project", "digits", 3, True, "", (), (AgentStatus("agent-0", answer),))
    screen, printed = new_screen()
    StatusView(screen).show(status, Output.human)
    lines = printed().splitlines()
    place = lines.index("  its queue was 96% full")
    assert lines[place + 1] == "    give the agent more"
