"""Source states: windows may close once the worker has taken in what every source had."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from rohe_iac.transports.inbox import ConnectionChange
from rohe_iac.transports.source_states import SourceStates


def source(url: str) -> Any:
    return SimpleNamespace(url=url, up=True, trouble="")


def test_all_sources_have_to_be_up_in_the_order_of_the_inbox() -> None:
    mqtt, amqp = source("mqtt://x"), source("amqp://x")
    states = SourceStates([mqtt, amqp])
    assert not states.complete, "both are connected by now, and the worker has not come to that"
    assert not states.note(ConnectionChange("up", "mqtt://x"))
    assert not states.note(ConnectionChange("behind", "amqp://x"))
    assert states.note(ConnectionChange("up", "amqp://x"))
    assert states.complete
    assert not states.note(ConnectionChange("behind", "amqp://x"))
    assert not states.complete
    assert states.note(ConnectionChange("up", "amqp://x"))
    amqp.up = False
    assert not states.complete, "it has ended, and the worker has not come to that"


def test_what_is_in_the_way_is_said() -> None:
    mqtt, amqp = source("mqtt://x"), source("amqp://x")
    states = SourceStates([mqtt, amqp])
    assert states.trouble == ""
    amqp.trouble = "amqp://x: what waited there is taken in first"
    assert states.trouble == "the agent is behind: amqp://x: what waited there is taken in first"
    mqtt.up, mqtt.trouble = False, "mqtt://x: refused"
    assert states.trouble == "the agent is not connected: mqtt://x: refused"
