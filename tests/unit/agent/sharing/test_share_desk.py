"""The judging agent's desk: what it grants, what it takes in, and what it refuses."""

from __future__ import annotations

import json

import pytest
from judging_stage import CONFIGURATION, FIRST, JUDGE, OWN, SECOND, TO_JUDGE, TO_SECOND, Desk, report, state_of

from rohe_iac.agent.sharing import share_desk
from rohe_iac.agent.sharing.known_receiver import Hold
from rohe_iac.agent.sharing.lease import LEASE, RENEWAL_INTERVAL, STALL
from rohe_iac.agent.sharing.messages import (
    VERSION,
    Entry,
    EntryKind,
    ReportBatch,
    ShareDenied,
    ShareGrant,
    ShareReleased,
    ShareRenewal,
    ShareRenewed,
    ShareRevoked,
)
from rohe_iac.foundation.topics import batch_topic, report_topic, state_topic
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import shared_digest_of


def test_a_share_is_granted_to_an_agent_that_asks_and_batches_are_answered_after_the_commit(desk: Desk) -> None:
    granted = desk.grant(FIRST)
    assert granted.clients == ["load-1", "load-4"]
    batch = desk.tell(
        FIRST, ReportBatch(granted.epoch, 1, [report("load-1", 1), report("load-1", 2)], {"duplicates": 3})
    )
    assert not batch.to_acknowledge, "the receiving agent acknowledges, not this one"
    assert desk.take(FIRST, ShareRenewed).committed == 1
    assert desk.store.counters() == {"reports": 2, "duplicates": 3}


def test_a_batch_that_comes_again_or_too_early_or_of_another_epoch_changes_nothing(desk: Desk) -> None:
    granted = desk.grant(FIRST)
    first = ReportBatch(granted.epoch, 1, [report("load-1", 1)], {})
    desk.tell(FIRST, first)
    desk.tell(FIRST, first)
    desk.tell(FIRST, ReportBatch(granted.epoch, 3, [report("load-1", 3)], {}))
    assert desk.take(FIRST, ShareRenewed).committed == 1
    desk.tell(FIRST, ReportBatch("judge-boot/77", 2, [report("load-1", 2)], {}))
    desk.tell(SECOND, ReportBatch(granted.epoch, 2, [report("load-1", 2)], {}))
    assert desk.stored() == 1
    assert desk.store.counters()["fenced"] == 2


def test_a_report_that_two_agents_send_is_counted_once(desk: Desk) -> None:
    first, second = desk.grant(FIRST), desk.grant(SECOND)
    desk.tell(FIRST, ReportBatch(first.epoch, 1, [report("load-1", 1)], {}))
    desk.tell(SECOND, ReportBatch(second.epoch, 1, [report("load-1", 1)], {}))
    assert desk.store.counters() == {"reports": 1, "duplicates": 1}


def test_a_silent_agent_is_waited_for_and_then_replaced_with_what_was_received(desk: Desk) -> None:
    granted, second = desk.grant_all()
    desk.tell(FIRST, ReportBatch(granted.epoch, 1, [report("load-1", 1), report("load-4", 1)], {}))
    desk.silence(FIRST, SECOND, second.epoch)
    desk.tell(FIRST, ReportBatch(granted.epoch, 2, [report("load-1", 2)], {}))
    assert desk.stored() == 2, "an agent that was silent for its lease changes nothing any more"
    assert desk.desk.own == OWN | TO_JUDGE
    assert desk.take(SECOND, ShareRevoked).epoch == second.epoch
    desk.tell(SECOND, ShareReleased(second.epoch))
    assert desk.waits == ["pause"]
    after = desk.grant(SECOND)
    assert set(after.clients) == {"load-2", "load-5"} | TO_SECOND
    assert {(item.client, item.ranges[0][1]) for item in after.numbers} == {(client, 1) for client in TO_SECOND}
    desk.turn()
    assert desk.waits == ["pause", "resume"]


def test_an_agent_that_comes_back_gets_its_share_when_the_others_have_given_it_back(desk: Desk) -> None:
    _, second = desk.grant_all()
    desk.silence(FIRST, SECOND, second.epoch)
    desk.tell(SECOND, ShareReleased(second.epoch))
    wide = desk.grant(SECOND)
    assert set(wide.clients) >= TO_SECOND
    desk.renew(FIRST)
    assert not desk.grants(FIRST)
    desk.tell(SECOND, ShareReleased(wide.epoch))
    desk.renew(FIRST)
    assert desk.take(FIRST, ShareGrant).clients == ["load-1", "load-4"]
    assert desk.desk.own == {"load-0", "load-3"}


def test_time_in_which_the_judge_did_nothing_does_not_count_as_silence(desk: Desk) -> None:
    desk.grant(FIRST)
    desk.now += LEASE + STALL
    desk.turn()
    assert desk.hold(FIRST) is Hold.HELD


def test_the_end_of_a_connection_has_the_watermark_wait_at_once(desk: Desk) -> None:
    first, _ = desk.grant_all()
    desk.turn(state_of(FIRST, "lost"))
    assert desk.waits == ["pause"]
    desk.renew(FIRST, first.epoch)
    assert desk.waits == ["pause", "resume"]


def test_nobody_is_taken_for_silent_while_the_judge_is_not_connected(desk: Desk) -> None:
    desk.grant(FIRST)
    desk.connected = False
    for _ in range(int(2 * LEASE / RENEWAL_INTERVAL)):
        desk.now += RENEWAL_INTERVAL
        desk.turn()
    assert desk.hold(FIRST) is Hold.HELD


@pytest.mark.parametrize(("missing", "resumed"), [("connected", ["resume"]), ("complete", [])])
def test_the_watermark_goes_on_with_all_sources_of_reports(desk: Desk, missing: str, resumed: list[str]) -> None:
    first, _ = desk.grant_all()
    desk.turn(state_of(FIRST, "lost"))
    setattr(desk, missing, False)
    desk.renew(FIRST, first.epoch)
    assert desk.waits == ["pause"]
    setattr(desk, missing, True)
    desk.turn()
    assert desk.waits == ["pause", *resumed]


def test_a_renewal_that_comes_again_or_late_changes_nothing(desk: Desk) -> None:
    granted = desk.grant(FIRST)
    desk.tell(FIRST, ShareRenewal(f"boot-{FIRST}", shared_digest_of(CONFIGURATION), "", 1))
    assert (desk.hold(FIRST), desk.desk.receivers[FIRST].epoch) == (Hold.HELD, granted.epoch)
    assert not desk.grants(FIRST)


def test_a_late_renewal_does_not_lengthen_a_lease(desk: Desk) -> None:
    desk.grant(FIRST)
    heard = desk.desk.receivers[FIRST].heard
    desk.now += 1.0
    desk.tell(FIRST, ShareRenewal(f"boot-{FIRST}", shared_digest_of(CONFIGURATION), "", 1))
    assert desk.desk.receivers[FIRST].heard == heard


def test_a_grant_is_sent_again_after_its_interval_and_not_before(desk: Desk) -> None:
    desk.renew(FIRST)
    for _ in range(4):
        desk.now += 0.2 * share_desk.GRANT_INTERVAL
        desk.turn()
    assert len(desk.grants(FIRST)) == 1
    desk.now += 0.4 * share_desk.GRANT_INTERVAL
    desk.turn()
    first, again = desk.grants(FIRST)
    assert first == again


def test_the_judge_acknowledges_to_its_own_clients_alone(desk: Desk) -> None:
    def message(client: str) -> Incoming:
        return Incoming(report_topic("s", "load", client), report(client, 1)[2], 1, False, 1, 1)

    assert desk.turn(message("load-0"), message("load-1")).to_acknowledge == {("load-0", "b")}


def test_what_a_receiving_agent_has_sent_is_acknowledged_by_it_alone(desk: Desk) -> None:
    granted = desk.grant(FIRST)
    assert not desk.tell(FIRST, ReportBatch(granted.epoch, 1, [report("load-0", 1)], {})).to_acknowledge


def test_clients_that_are_taken_over_are_told_what_is_stored(desk: Desk) -> None:
    granted, second = desk.grant_all()
    desk.tell(FIRST, ReportBatch(granted.epoch, 1, [report(client, 1) for client in granted.clients], {}))
    desk.now += LEASE - 0.1
    desk.desk._turned_at = desk.now  # it did not stall
    desk.renew(SECOND, second.epoch)
    desk.now += 0.2
    assert desk.turn().to_acknowledge == {(client, "b") for client in TO_JUDGE}


def test_an_agent_of_another_version_gets_no_share(desk: Desk) -> None:
    desk.renew(FIRST, version=VERSION + 1)
    why = desk.take(FIRST, ShareDenied).why
    assert f"version {VERSION + 1}" in why
    assert "rohe apply s" in why
    assert desk.hold(FIRST) is Hold.NONE


def test_of_a_client_outside_its_share_the_state_that_an_agent_sends_is_left_out(desk: Desk) -> None:
    granted = desk.grant(FIRST)
    entries = [(EntryKind.STATE, client, state_of(client).payload) for client in ("load-0", "load-1", "load-2")]
    desk.tell(FIRST, ReportBatch(granted.epoch, 1, entries, {}))
    assert list(desk.intake.clients) == ["load-1"]


def test_a_state_that_was_retained_for_a_receiving_agent_is_taken_as_retained(desk: Desk) -> None:
    granted = desk.grant(FIRST)
    entries = [
        (EntryKind.RETAINED, "load-1", state_of("load-1").payload),
        (EntryKind.STATE, "load-4", state_of("load-4").payload),
    ]
    batch = desk.tell(FIRST, ReportBatch(granted.epoch, 1, entries, {}))
    assert set(desk.intake.clients) == {"load-1", "load-4"}
    assert batch.stated == {"load-4": 1.0}, "a retained state is of another time"


def test_states_that_were_retained_before_the_judge_began_are_known(desk: Desk) -> None:
    desk.turn(state_of("load-1", retained=True), state_of("load-2"))
    assert list(desk.intake.clients) == ["load-1"]


def test_the_last_states_of_clients_that_are_taken_over_are_known(desk: Desk) -> None:
    _, second = desk.grant_all()
    desk.turn(state_of("load-1"), state_of("load-4"))
    assert not desk.intake.clients
    desk.silence(FIRST, SECOND, second.epoch)
    assert set(desk.intake.clients) == TO_JUDGE


def test_the_judge_hears_no_client_that_another_agent_still_holds(desk: Desk) -> None:
    desk.grant(FIRST)
    desk.desk.receivers[FIRST].clients.add("load-0")
    desk.turn()
    assert desk.desk.own == {"load-3"}
    desk.desk.receivers[FIRST].clients.discard("load-0")
    desk.turn()
    assert desk.desk.own == OWN


def test_an_entry_that_cannot_be_read_is_a_dead_letter_and_the_others_are_taken(desk: Desk) -> None:
    granted = desk.grant(FIRST)
    bad = json.dumps({"client": "load-1", "boot": "b", "seq": 1, "at": "never"}).encode()
    entries: list[Entry] = [
        (EntryKind.REPORT, "load-1", bad),
        (EntryKind.UNNUMBERED, "load-1", b"D" * share_desk.DIGEST_BYTES + b"{"),
        (EntryKind.DEAD_LETTER, "load-1", b"\xc1"),
        report("load-1", 2),
    ]
    batch = desk.tell(FIRST, ReportBatch(granted.epoch, 1, entries, {}))
    assert desk.take(FIRST, ShareRenewed).committed == 1
    assert desk.store.counters() == {"reports": 1, "undecodable": 3}
    letters = batch.transaction.dead_letters
    assert [payload for *_, payload in letters] == [bad, b"{", b"\xc1"]
    assert {topic for _, topic, *_ in letters} == {batch_topic("s", JUDGE, FIRST)}
    assert desk.intake.acknowledgement("load-1", "b") == (2, []), "the number of a dead letter is not waited for"


def test_an_agent_of_another_configuration_gets_no_share(desk: Desk) -> None:
    desk.renew(FIRST, digest="another")
    why = desk.take(FIRST, ShareDenied).why
    assert "another configuration" in why
    assert "rohe apply s" in why
    assert desk.desk.receivers[FIRST].hold is Hold.NONE
    desk.now += RENEWAL_INTERVAL
    assert desk.grant(FIRST).clients == ["load-1", "load-4"]


def test_a_client_that_the_plan_does_not_know_is_adopted_when_it_says_that_it_is_there(desk: Desk) -> None:
    desk.grant(FIRST)
    desk.grant(SECOND)
    state = json.dumps({"state": "online", "boot": "b", "service": "load"}).encode()
    desk.turn(*(Incoming(state_topic("s", f"guest-{number}"), state, 1, True, 1, 1) for number in range(12)))
    assert {receiver.hold for receiver in desk.desk.receivers.values()} == {Hold.REVOKED}
    assert any(client.startswith("guest-") for client in desk.desk.own)
    assert any("/report/load/guest-" in item for item in desk.filters)


def test_a_large_share_is_granted_in_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share_desk, "PAGE_BYTES", 40)
    first = desk.grant(FIRST)
    assert first.pages == 1
    for number in range(1, 40):
        content = [report("load-1", 2 * number), report("load-4", 3 * number)]
        desk.tell(FIRST, ReportBatch(first.epoch, number, content, {}))
    desk.renew(FIRST)
    found = [message for name, message in desk.sent if name == FIRST and isinstance(message, ShareGrant)]
    pages = found[-found[-1].pages :]
    assert len(pages) > 2
    assert [page.page for page in pages] == list(range(len(pages)))
    assert [client for page in pages for client in page.clients] == ["load-1", "load-4"]
    numbers = {item.client: item.ranges for page in pages for item in page.numbers}
    assert numbers["load-1"] == [[2 * number, 2 * number] for number in range(1, 40)]
