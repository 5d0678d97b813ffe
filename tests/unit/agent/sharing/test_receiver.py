"""A receiving agent: it takes messages while it holds a share, and acknowledges what the judge has committed."""

from __future__ import annotations

import json

import pytest
from receiving_stage import Stage

from rohe_iac.agent.sharing import held_share, receiver
from rohe_iac.agent.sharing.lease import HOLD_SECONDS, RENEWAL_INTERVAL
from rohe_iac.agent.sharing.messages import (
    ReportBatch,
    ShareDenied,
    ShareGrant,
    ShareReleased,
    ShareRenewal,
    ShareRenewed,
    ShareRevoked,
    encode,
)
from rohe_iac.foundation.topics import share_topic, state_topic
from rohe_iac.transports.inbox import ConnectionChange


def test_it_asks_for_a_share_and_takes_nothing_before(stage: Stage) -> None:
    stage.report(1)
    assert [type(item) for item in stage.turn()] == [ShareRenewal]
    assert stage.transport.to_broker == []
    trouble = stage.transport.state["trouble"]
    assert "has granted no share" in trouble
    assert "`rohe logs agent/p`" in trouble


def test_it_acknowledges_after_the_commit_alone(stage: Stage) -> None:
    stage.grant()
    assert "rohe/v1/s/report/load/load-0" in stage.transport.filters
    stage.turn(ShareRenewed("e", 0, 1))
    stage.report(1)
    (batch,) = [item for item in stage.turn() if isinstance(item, ReportBatch)]
    assert (batch.number, len(batch.entries)) == (2, 1)
    assert stage.transport.to_broker == stage.transport.to_reporters == []
    stage.turn(ShareRenewed("e", 0, 2))
    assert len(stage.transport.to_broker) == 1
    assert stage.transport.to_reporters[0][:3] == ("load-0", "b", 1)
    assert stage.transport.state["trouble"] == ""


def test_an_answer_of_the_judge_ends_every_wait(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_share, "MAX_IN_FLIGHT", 1)
    stage.grant()
    stage.turn(ShareRenewed("e", 0, 1))
    for seq in (1, 2):
        stage.report(seq)
        stage.turn(seconds=0.0)
    assert stage.transport.to_broker == [], "the window is full, and a report waits for room"
    monkeypatch.setattr(receiver, "RECEIVE_TIMEOUT", 3600.0)
    stage.turn(ShareRenewed("e", 0, 2), seconds=0.0)
    assert len(stage.transport.to_broker) == 1
    assert stage.transport.inbox.receive(1, 3600.0) == ([], []), "nor is the broker waited for"


def test_a_batch_is_sent_again_until_it_is_committed(stage: Stage) -> None:
    stage.grant()
    stage.report(1)
    first = [item for item in stage.turn(seconds=0.1) if isinstance(item, ReportBatch)]
    assert not [item for item in stage.turn(seconds=0.5) if isinstance(item, ReportBatch)]
    again = [item for item in stage.turn(seconds=0.6) if isinstance(item, ReportBatch)]
    assert first[-1] == again[-1]


def test_without_an_answer_it_gives_the_share_up_and_takes_the_reports_in_again_with_the_next(stage: Stage) -> None:
    stage.grant()
    stage.report(1)
    stage.turn()
    stage.now += HOLD_SECONDS
    stage.turn(ShareRenewed("e", 0, 2))
    assert stage.agent.share is None
    assert stage.transport.to_reporters == stage.transport.to_broker == []
    stage.grant("f")
    batches = [item for item in stage.turn(seconds=2.0) if isinstance(item, ReportBatch)]
    assert {batch.epoch for batch in batches} == {"f"}
    assert sum(len(batch.entries) for batch in batches) == 1


def test_a_share_that_it_gave_up_is_not_taken_again_in_the_same_epoch(stage: Stage) -> None:
    stage.grant()
    stage.turn(ShareRenewed("e", 0, 1))
    stage.now += HOLD_SECONDS
    stage.report(1)
    stage.turn()
    assert stage.agent.share is None
    # The judging agent, which has heard of no renewal, repeats its grant; it has committed a batch of the epoch.
    serial = stage.next_serial()
    sent = stage.turn(ShareGrant("e", stage.agent.boot, serial, 0, 1, ["load-0"], []), ShareRenewed("e", serial, 1))
    assert ShareReleased("e") in sent
    assert stage.agent.share is None
    assert stage.transport.to_broker == []
    stage.grant("f")
    batches = [item for item in stage.turn(seconds=2.0) if isinstance(item, ReportBatch)]
    assert [(batch.epoch, len(batch.entries)) for batch in batches if batch.entries] == [("f", 1)]


def test_a_revoked_share_is_given_back_when_its_batches_are_committed(stage: Stage) -> None:
    stage.grant()
    stage.report(1)
    stage.turn()
    assert not any(isinstance(item, ShareReleased) for item in stage.turn(ShareRevoked("e"), seconds=0.1))
    stage.report(2)
    sent = stage.turn(ShareRenewed("e", 0, 2), seconds=0.1)
    assert ShareReleased("e") in sent
    assert stage.agent.share is None
    assert len(stage.transport.to_broker) == 1


def test_what_concerns_another_run_or_epoch_is_left(stage: Stage) -> None:
    stage.turn(ShareGrant("e", "another boot", 1, 0, 1, ["load-0"], []))
    assert stage.agent.share is None
    stage.grant()
    stage.report(1)
    stage.turn()
    stage.turn(ShareRenewed("d", 1, 9), ShareRevoked("d"))
    assert stage.agent.share is not None
    assert not stage.agent.share.revoked
    assert stage.transport.to_broker == []


def test_it_says_why_it_gets_no_share(stage: Stage) -> None:
    stage.turn(ShareDenied(stage.agent.boot, "another configuration"))
    stage.turn()
    assert stage.transport.state["trouble"] == "another configuration"


def test_it_says_that_the_broker_hangs_up_after_its_batches(stage: Stage) -> None:
    stage.transport.hindrance = "the broker hangs up"
    stage.grant()
    stage.turn()
    assert stage.transport.state["trouble"] == "the broker hangs up"


def test_reporters_are_asked_to_send_again_after_a_new_connection(stage: Stage) -> None:
    stage.grant()
    stage.report(1)
    stage.turn()
    stage.turn(ShareRenewed("e", 0, 2))
    stage.transport.changes.append(ConnectionChange("up", "mqtt://x"))
    stage.turn()
    stage.turn(ShareRenewed("e", 0, 3))
    boots = [item[-1] for item in stage.transport.to_reporters]
    assert len(boots) == 2
    assert boots[0] != boots[1]


def test_a_grant_that_comes_after_its_lease_is_not_taken(stage: Stage) -> None:
    serial = stage.next_serial()
    grant = ShareGrant("e", stage.agent.boot, serial, 0, 1, ["load-0"], [])
    stage.turn(grant, seconds=HOLD_SECONDS + 0.1)
    assert stage.agent.share is None
    assert stage.transport.filters == [], "it has subscribed to what another agent hears"


def test_pages_of_two_grants_make_no_share(stage: Stage) -> None:
    serial = stage.next_serial()
    stage.turn(stage.page("e", serial, 0, "load-8"))
    stage.turn(stage.page("f", serial, 1, "load-1"))
    assert stage.agent.share is None
    stage.turn(stage.page("f", serial, 0, "load-0"))
    share = stage.agent.share
    assert share is not None
    assert (share.epoch, share.clients) == ("f", {"load-0", "load-1"})


def test_what_was_not_committed_is_taken_in_again_in_the_order_of_its_arrival(stage: Stage) -> None:
    stage.grant()
    for first in (1, 4):
        for seq in range(first, first + 3):
            stage.report(seq)
        stage.turn(seconds=0.1)
    stage.now += HOLD_SECONDS
    stage.report(7)
    stage.turn()
    assert stage.agent.share is None
    stage.grant("f")
    batches = [item for item in stage.turn(seconds=2.0) if isinstance(item, ReportBatch)]
    found = [json.loads(content)["seq"] for batch in batches for _, _, content in batch.entries]
    assert found == [1, 2, 3, 4, 5, 6, 7]


def test_at_its_end_it_gives_the_share_back_once_its_batches_are_committed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.grant()
    stage.report(1)
    stage.turn(seconds=0.1)
    turn = stage.agent.turn
    given_back: list[bool] = []

    def answered_turn() -> None:
        turn()
        given_back.append(ShareReleased("e") in stage.transport.sent)
        stage.now += 0.1
        stage.transport.direct[share_topic("s", "agent-1")](encode(ShareRenewed("e", 0, 2)))

    monkeypatch.setattr(stage.agent, "turn", answered_turn)
    stage.agent.stop()
    stage.agent.run()
    assert given_back == [False, True]
    assert len(stage.transport.to_broker) == 1


def test_it_does_not_wait_for_ever_at_its_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.grant()
    turn = stage.agent.turn

    def turn_and_wait() -> None:
        stage.now += 0.5
        turn()

    monkeypatch.setattr(stage.agent, "turn", turn_and_wait)
    stage.agent.stop()
    begun = stage.now
    stage.agent.run()
    assert ShareReleased("e") not in stage.transport.sent
    assert stage.now - begun <= receiver.ENDING + 0.5


def test_the_times_of_old_renewals_are_forgotten_and_those_of_a_lease_kept(stage: Stage) -> None:
    for _ in range(3 * receiver.MAX_SERIALS):
        stage.turn(seconds=RENEWAL_INTERVAL)
    assert len(stage.agent._sent_at) == receiver.MAX_SERIALS
    assert receiver.MAX_SERIALS * RENEWAL_INTERVAL > HOLD_SECONDS


def test_it_says_how_many_messages_wait_are_sent_and_are_committed(stage: Stage) -> None:
    stage.grant()
    for seq in (1, 2, 3):
        stage.report(seq)
    stage.turn()
    stage.turn()
    said = stage.transport.state
    assert (said["waiting"], said["under_way"], said["forwarded"]) == (0, 3, 0)
    stage.turn(ShareRenewed("e", 0, 2))
    said = stage.transport.state
    assert (said["waiting"], said["under_way"], said["forwarded"]) == (0, 0, 3)


def test_its_health_counts_what_is_committed(stage: Stage) -> None:
    stage.grant()
    stage.report(1)
    stage.report(1)
    stage.report(2, at="never")
    stage.arrive(state_topic("s", "load-0"), {"state": "online", "boot": "b", "accepted": 5, "waiting": 4})
    stage.turn()
    stage.turn()
    assert stage.transport.state["health"]["received"]["total"] == 0
    stage.turn(ShareRenewed("e", 0, 2))
    health = stage.transport.state["health"]
    totals = {name: health[name]["total"] for name in ("received", "acknowledged", "duplicates", "dead")}
    assert totals == {"received": 3, "acknowledged": 2, "duplicates": 1, "dead": 1}
    assert health["lag"]["commit"]["count"] == 1
    assert health["memory"] > 0
    assert health["reporters"] == {"online": 1, "accepted": 5, "refused": 0, "waiting": 4, "pending": 0}


def test_its_health_counts_what_waits_for_a_share(stage: Stage) -> None:
    for seq in (1, 2, 3):
        stage.report(seq)
    stage.turn()
    stage.turn()
    queue = stage.transport.state["health"]["queue"]
    assert queue["messages"] == stage.transport.state["waiting"] == 3
    assert queue["bytes"] > 0
    assert queue["oldest"] >= 0
