"""What brings reports to an agent has one interface, whatever its protocol."""

from __future__ import annotations

from rohe_iac.transports.amqp.reports import AmqpReports
from rohe_iac.transports.mqtt import AgentTransport
from rohe_iac.transports.source import ReportSource


def test_both_transports_can_do_what_the_worker_asks_of_a_source() -> None:
    asked = {name for name in vars(ReportSource) if not name.startswith("_")}
    assert asked == {"acknowledge", "close", "start", "trouble", "up", "url"}
    for transport in (AgentTransport, AmqpReports):
        assert asked <= set(dir(transport))
