"""Clients that the plan does not know: which of them the judging agent has the pipeline's agents hear, and how long."""

from __future__ import annotations

import json
from typing import Any

import pytest
from judging_stage import CONFIGURATION, FIRST, OWN, SECOND, Desk, state_of

from rohe_iac.agent.sharing import unplanned_clients
from rohe_iac.agent.sharing.known_receiver import Hold
from rohe_iac.agent.sharing.unplanned_clients import ENDED_SECONDS, UnplannedClients
from rohe_iac.foundation.topics import state_topic
from rohe_iac.mqtt.message import Incoming

GUESTS = [f"guest-{number}" for number in range(12)]


def said(state: str = "online", boot: str = "b", **fields: Any) -> bytes:
    return json.dumps({"state": state, "boot": boot, "at": 1.0, **fields}).encode()


def message(client: str, payload: bytes) -> Incoming:
    return Incoming(state_topic("s", client), payload, 1, True, 1, 1)


@pytest.fixture
def unplanned() -> UnplannedClients:
    return UnplannedClients(CONFIGURATION)


def holds(desk: Desk) -> set[Hold]:
    return {receiver.hold for receiver in desk.desk.receivers.values()}


@pytest.mark.parametrize(
    "fields",
    [
        {"pipeline": "street", "service": "camera"},
        {"pipeline": "street", "service": "load"},
        {"service": "camera"},
        {"health": {"received": {"total": 1}}},
        {"pipeline": "p", "health": {}},
    ],
)
def test_clients_and_agents_of_other_pipelines_change_nothing(desk: Desk, fields: dict[str, Any]) -> None:
    desk.grant_all()
    desk.turn(*(message(f"cam-{number}", said(**fields)) for number in range(12)))
    assert holds(desk) == {Hold.HELD}
    assert desk.desk.own == OWN
    assert not any("cam-" in item for item in desk.filters)


def test_a_client_that_does_not_say_whose_it_is_is_heard_by_the_judge_and_moves_no_share(desk: Desk) -> None:
    desk.grant_all()
    desk.turn(*(state_of(client, retained=True) for client in GUESTS))
    assert holds(desk) == {Hold.HELD}
    assert desk.desk.own == OWN | set(GUESTS)
    assert "rohe/v1/s/report/load/guest-3" in desk.filters


@pytest.mark.parametrize("fields", [{"pipeline": "p", "service": "former"}, {"service": "load"}])
def test_unplanned_clients_of_the_pipeline_are_divided(desk: Desk, fields: dict[str, Any]) -> None:
    desk.grant_all()
    desk.turn(*(message(client, said(**fields)) for client in GUESTS))
    assert holds(desk) == {Hold.REVOKED}
    assert any(client in desk.desk.own for client in GUESTS)


@pytest.mark.parametrize("state", ["stopped", "lost"])
def test_a_client_that_has_ended_is_forgotten_after_a_while(desk: Desk, state: str) -> None:
    first, second = desk.grant_all()
    desk.turn(*(state_of(client) for client in GUESTS))
    desk.turn(*(state_of(client, state) for client in GUESTS))
    assert desk.intake.clients["guest-3"]["state"] == state
    end = desk.now + ENDED_SECONDS + 1
    while desk.now < end:
        desk.now += 0.25
        desk.renew(FIRST, first.epoch)
        desk.renew(SECOND, second.epoch)
    assert desk.desk.own == OWN
    assert not any("guest-" in item for item in desk.filters)
    assert not desk.desk._unplanned.all


def test_a_client_that_comes_back_in_time_is_not_forgotten(unplanned: UnplannedClients) -> None:
    unplanned.note("guest", said(), 0.0)
    unplanned.note("guest", said("stopped"), 1.0)
    unplanned.note("guest", said(boot="c"), 2.0)
    unplanned.note("guest", said("lost"), 3.0)
    assert unplanned.forget_ended(2 * ENDED_SECONDS) == []
    assert unplanned.unnamed == {"guest"}


def test_a_state_that_names_the_pipeline_later_counts(unplanned: UnplannedClients) -> None:
    unplanned.note("guest", said(), 0.0)
    unplanned.note("guest", said(pipeline="p"), 0.0)
    assert (unplanned.named, unplanned.unnamed) == ({"guest"}, set())
    unplanned.note("guest", said(pipeline="street"), 0.0)
    assert not unplanned.all


def test_what_cannot_be_read_is_passed_over(unplanned: UnplannedClients) -> None:
    for payload in (b"", b"{", b"[]", b"\xff", said("online")[:-1], b"[" * 100_000):
        unplanned.note("guest", payload, 0.0)
    assert "guest" not in unplanned


def test_beyond_the_limit_known_clients_are_still_followed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, unplanned: UnplannedClients
) -> None:
    monkeypatch.setattr(unplanned_clients, "MAX_CLIENTS", 1)
    for client in ("first", "second"):
        unplanned.note(client, said(), 0.0)
    unplanned.note("first", said(boot="c"), 0.0)
    unplanned.note("first", said("stopped", boot="c"), 0.0)
    assert unplanned.all == {"first"}
    assert unplanned.forget_ended(ENDED_SECONDS) == ["first"]
    _, second = desk.grant_all()
    desk.turn(*(state_of(client) for client in GUESTS))
    desk.turn(state_of("load-1"))
    desk.turn(state_of("load-1", "lost"))
    desk.silence(FIRST, SECOND, second.epoch)
    assert desk.intake.clients["load-1"]["state"] == "lost", "the newest state of a planned client counts"
