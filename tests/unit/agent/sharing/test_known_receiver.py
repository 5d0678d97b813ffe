"""When a receiving agent counts as alive: by its lease, unless it ends in order; and what its batches count."""

from __future__ import annotations

import msgspec
import pytest
from judging_stage import (
    CONFIGURATION,
    FIRST,
    OWN,
    SECOND,
    TO_JUDGE,
    Desk,
    report,
    state_of,
)

from rohe_iac.agent.sharing.known_receiver import Hold
from rohe_iac.agent.sharing.lease import LEASE, RENEWAL_INTERVAL
from rohe_iac.agent.sharing.messages import ReportBatch, ShareReleased, ShareRenewal
from rohe_iac.foundation.topics import state_topic
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import shared_digest_of


def said(state: str, boot: str = f"boot-{FIRST}") -> Incoming:
    return Incoming(state_topic("s", FIRST), msgspec.json.encode({"state": state, "boot": boot}), 1, True, 1, 1)


def test_an_agent_that_ends_in_order_frees_its_clients_at_once(desk: Desk) -> None:
    first, _ = desk.grant_all()
    desk.tell(FIRST, ShareReleased(first.epoch))
    desk.turn(said("stopped"))
    assert desk.desk.own == OWN | TO_JUDGE
    assert desk.hold(SECOND) is Hold.REVOKED, "it is to get the others"
    (_, trouble, _) = (item.get("trouble", "") for item in desk.desk.to_builtins())
    assert str(trouble).startswith("ended, so that others hear its clients")


def test_an_agent_that_ends_without_giving_its_share_back_frees_its_clients_at_once(desk: Desk) -> None:
    desk.grant_all()
    desk.turn(said("stopped"))
    assert desk.desk.own == OWN | TO_JUDGE


def test_a_renewal_that_arrives_after_the_end_lengthens_nothing_and_a_new_run_is_welcome(desk: Desk) -> None:
    desk.grant_all()
    desk.turn(said("stopped"))
    desk.renew(FIRST)
    assert desk.hold(FIRST) is Hold.NONE
    assert desk.desk.own == OWN | TO_JUDGE
    topic = f"rohe/v1/s/batch/agent-0/{FIRST}"
    renewal = msgspec.msgpack.encode(ShareRenewal("next", shared_digest_of(CONFIGURATION), "", 1))
    desk.turn(Incoming(topic, renewal, 1, False, 1, 1))
    assert desk.hold(FIRST) is Hold.GRANTED
    assert desk.desk.own == OWN


@pytest.mark.parametrize("state", [said("lost"), said("stopped", "an-earlier-run")])
def test_a_lost_connection_and_the_end_of_an_earlier_run_keep_the_lease(desk: Desk, state: Incoming) -> None:
    desk.grant_all()
    desk.turn(state)
    assert desk.hold(FIRST) is Hold.HELD
    assert desk.desk.own == OWN


def test_turns_that_read_nothing_are_no_silence(desk: Desk) -> None:
    """Without memory for reports the judging agent leaves all messages in its queue."""
    desk.grant_all()
    for _ in range(int(2 * LEASE / 0.1)):
        desk.now += 0.1
        batch = desk.desk.process([], desk.now, listened=False)
        desk.desk.decide(batch, connected=True, complete=True)
    assert {desk.hold(agent) for agent in (FIRST, SECOND)} == {Hold.HELD}
    assert not any(item.kind == "pause" for item, _ in batch.inputs)
    for _ in range(int(2 * LEASE / RENEWAL_INTERVAL)):
        desk.now += RENEWAL_INTERVAL
        desk.turn()
    assert {desk.hold(agent) for agent in (FIRST, SECOND)} == {Hold.NONE}


def test_reports_that_a_receiving_agent_left_out_have_arrived(desk: Desk) -> None:
    first, _ = desk.grant_all()
    counts = {"duplicates": 3, "beyond_gaps": 2, "pending_lost": 9}
    batch = desk.tell(FIRST, ReportBatch(first.epoch, 1, [report("load-1", 1), report("load-1", 1)], counts))
    assert batch.received == 2 + 3 + 2
    assert (batch.transaction.counts["reports"], batch.transaction.counts["duplicates"]) == (1, 4)


def test_the_judge_knows_the_states_of_those_that_it_hears(desk: Desk) -> None:
    _, second = desk.grant_all()
    desk.turn(*(state_of(item.instance, retained=True) for item in CONFIGURATION.instances))
    assert set(desk.desk.states) == OWN
    desk.silence(FIRST, SECOND, second.epoch)
    assert set(desk.desk.states) == OWN | TO_JUDGE
