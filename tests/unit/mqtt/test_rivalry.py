"""Two clients of one identifier: said with the broker's reason, suspected without one."""

from __future__ import annotations

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from rohe_iac.mqtt.rivalry import SESSION_TAKEN_OVER, SUSPICIOUS, Rivalry


def test_the_reason_of_the_broker_is_said() -> None:
    rivalry = Rivalry("agent")
    rivalry.ended_for(ReasonCode(PacketTypes.DISCONNECT, identifier=SESSION_TAKEN_OVER))
    assert rivalry.trouble == "another client has the name 'agent': run one process of that name"


def test_other_reasons_are_none_of_another_client() -> None:
    rivalry = Rivalry("agent")
    rivalry.ended_for(ReasonCode(PacketTypes.DISCONNECT, "Server shutting down"))
    assert rivalry.trouble == ""


def test_short_connections_in_a_row_are_suspicious() -> None:
    rivalry = Rivalry("agent")
    for _ in range(SUSPICIOUS - 1):
        rivalry.ended(2.0)
    rivalry.ended(60.0)
    assert rivalry.trouble == ""
    for _ in range(SUSPICIOUS):
        rivalry.ended(2.0)
    assert rivalry.trouble.endswith("does another client have that name?")
