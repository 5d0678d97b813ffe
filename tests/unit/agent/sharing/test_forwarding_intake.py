"""The intake of a receiving agent, beside what the judge and a share have it do."""

from __future__ import annotations

from rohe_iac.agent.sharing.forwarding_intake import ForwardingIntake, GrantedNumbers
from rohe_iac.foundation.topics import state_topic
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import Instance
from rohe_iac.observation.reports.known_reports import KnownReports
from rohe_iac.observation.reports.senders import Senders


def test_a_client_that_a_receiving_agent_hears_is_told_of_it_before_anything_was_received() -> None:
    planned = Senders([Instance(instance="load-1", topic="load", service="load")])
    known: KnownReports = GrantedNumbers(())
    intake = ForwardingIntake(known, "agent-1", planned, 60.0, frozenset())
    online = Incoming(state_topic("s", "load-1"), b'{"state": "online", "boot": "b"}', 1, True, 1, 1)
    assert intake.process([online], 1.0).to_acknowledge == {("load-1", "b")}
    assert intake.boots_to_tell() == [("load-1", "b")]
    assert intake.process([online], 1.0).to_acknowledge == set()
