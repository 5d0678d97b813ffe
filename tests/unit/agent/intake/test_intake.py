"""The intake: each report once, whatever arrives; a message that is no report becomes a dead letter."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.agent.intake import intake as intake_room
from rohe_iac.agent.intake import known_numbers
from rohe_iac.agent.intake.intake import Intake
from rohe_iac.agent.intake.known_numbers import MAX_BOOTS
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import Instance
from rohe_iac.observation.reports.senders import Senders
from rohe_iac.reporting.sender import MAX_IN_FLIGHT
from rohe_iac.sinks.store import AgentStore


def message(topic: str, payload: bytes) -> Incoming:
    return Incoming(topic=f"rohe/v1/s/{topic}", payload=payload, qos=1, retained=False, message_id=1, connection=1)


def report(seq: int, boot: str = "b") -> Incoming:
    content = {"v": 1, "client": "c-0", "boot": boot, "seq": seq, "at": 1.0, "service": "c"}
    return message("report/c/c-0", json.dumps(content).encode())


def test_copies_are_counted_and_dropped(tmp_path: Path) -> None:
    messages = [report(1), report(2), report(1), report(1, "other")]
    batch = Intake(AgentStore(tmp_path), "agent").process(messages, 5.0)
    assert len(batch.inputs) == 3
    assert batch.transaction.counts == {"reports": 3, "duplicates": 1}
    assert batch.to_acknowledge == {("c-0", "b"), ("c-0", "other")}


def test_copies_are_known_after_a_restart(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    store.write(Intake(store, "agent").process([report(1)], 5.0).transaction)
    again = Intake(AgentStore(tmp_path), "agent")
    assert again.process([report(1)], 6.0).inputs == []
    assert again.acknowledgement("c-0", "b") == (1, [])


def test_what_is_no_report_is_kept_aside_with_its_reason(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    batch = Intake(store, "agent").process([message("report/c/c-0", b"\x00nonsense"), report(1)], 5.0)
    store.write(batch.transaction)
    assert (len(batch.inputs), len(batch.transaction.dead_letters)) == (1, 1)
    assert store.counters()["undecodable"] == 1


def test_foreign_reports_without_a_number_are_told_apart_by_their_bytes(tmp_path: Path) -> None:
    payload = b'{"metadata": {"corr_id": "1"}, "timestamp": 1.0, "report": {"x": 1}}'
    store = AgentStore(tmp_path)
    intake = Intake(store, "agent")
    batch = intake.process([message("report/c/c-0", payload), message("report/c/c-0", payload)], 5.0)
    store.write(batch.transaction)
    assert len(batch.inputs) == 1
    assert intake.process([message("report/c/c-0", payload)], 6.0).inputs == []
    assert len(intake.process([message("report/c/c-1", payload)], 6.0).inputs) == 1


def test_a_client_with_a_new_boot_has_returned_and_one_that_stops_is_told(tmp_path: Path) -> None:
    intake = Intake(AgentStore(tmp_path), "agent")

    def state(value: str, boot: str) -> Incoming:
        return message("state/c-0", json.dumps({"state": value, "boot": boot}).encode())

    assert intake.process([state("online", "1")], 1.0).restarted_clients == ["c-0"]
    assert intake.process([state("online", "1")], 2.0).restarted_clients == []
    assert [item.kind for item, _ in intake.process([state("stopped", "1")], 3.0).inputs] == ["stop"]
    assert intake.process([state("online", "2")], 4.0).restarted_clients == ["c-0"]


def test_states_and_replies_of_any_bytes_are_dead_letters(tmp_path: Path) -> None:
    intake = Intake(AgentStore(tmp_path), "agent")
    junk = [b"", b"[]", b"null", b"\xff", b"{", b"[" * 100_000]
    batch = intake.process([message(topic, payload) for topic in ("state/x", "reply/agent") for payload in junk], 1.0)
    assert batch.inputs == []
    assert batch.command_answers == []
    assert batch.transaction.counts == {"undecodable": 2 * len(junk)}
    assert all(": " in why for _, _, why, _ in batch.transaction.dead_letters)


def test_a_state_of_one_client_too_many_is_a_dead_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_room, "MAX_CLIENTS", 1)
    intake = Intake(AgentStore(tmp_path), "agent")
    batch = intake.process([message(f"state/c-{number}", b'{"state": "online"}') for number in (0, 1, 0)], 1.0)
    assert [(topic, why) for _, topic, why, _ in batch.transaction.dead_letters] == [
        ("rohe/v1/s/state/c-1", "the states of 1 clients are known, and of no more")
    ]
    assert list(intake.clients) == ["c-0"]
    assert batch.transaction.counts == {"beyond_clients": 1}
    assert batch.dead == {"too-many-clients": 1}


def test_the_state_of_a_planned_client_is_known_however_many_others_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_room, "MAX_CLIENTS", 1)
    planned = Senders([Instance(instance="c-1", topic="svc", service="svc")])
    intake = Intake(AgentStore(tmp_path), "agent", planned)
    batch = intake.process([message(f"state/c-{number}", b'{"state": "online"}') for number in (0, 1)], 1.0)
    assert batch.transaction.dead_letters == []
    assert list(intake.clients) == ["c-0", "c-1"]


def test_what_a_lost_client_had_in_memory_alone_is_counted_once(tmp_path: Path) -> None:
    intake = Intake(AgentStore(tmp_path), "agent")

    def state(**content: object) -> Incoming:
        return message("state/c-0", json.dumps({"boot": "b", **content}).encode())

    messages = [state(state="online", pending=3, accepted=9), state(state="lost"), state(state="lost")]
    batch = intake.process(messages, 5.0)
    assert batch.transaction.counts == {"pending_lost": 3}
    assert intake.clients["c-0"] == {"boot": "b", "state": "lost", "pending": 3, "accepted": 9}


def test_so_many_boots_of_a_client_are_remembered_and_no_more(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    intake = Intake(store, "agent")
    for first in range(0, 2 * MAX_BOOTS, 100):
        messages = [report(1, f"boot-{number}") for number in range(first, first + 100)]
        batch = intake.process(messages, 5.0)
        store.write(batch.transaction)
        for client, boot in batch.to_acknowledge:
            assert intake.acknowledgement(client, boot) == (1, [])
    assert len(store.received_numbers()) == MAX_BOOTS
    assert ("c-0", f"boot-{2 * MAX_BOOTS - 1}") in Intake(store, "agent").boots_to_tell()


def test_no_boot_is_forgotten_whose_reports_may_be_under_way() -> None:
    assert MAX_BOOTS > MAX_IN_FLIGHT, "each report that a client sends again may be of another boot"


def test_the_boots_that_are_forgotten_are_those_not_heard_for_longest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_numbers, "MAX_BOOTS", 2)
    store = AgentStore(tmp_path)
    intake = Intake(store, "agent")
    for seq, boot in ((1, "a"), (1, "b"), (2, "a"), (1, "c")):
        store.write(intake.process([report(seq, boot)], 5.0).transaction)
    assert [boot for _, boot in store.received_numbers()] == ["a", "c"]
    intake = Intake(store, "agent")
    assert intake.process([report(2, "a")], 6.0).transaction.counts == {"duplicates": 1}
    store.write(intake.process([report(1, "d")], 6.0).transaction)
    assert [boot for _, boot in store.received_numbers()] == ["a", "d"], "a copy is a sign of life too"


def test_a_boot_that_is_forgotten_and_heard_again_in_one_batch_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_numbers, "MAX_BOOTS", 2)
    store = AgentStore(tmp_path)
    intake = Intake(store, "agent")
    batch = intake.process([report(1, "a"), report(1, "b"), report(1, "c"), report(2, "a")], 5.0)
    store.write(batch.transaction)
    assert set(store.received_numbers()) == set(intake.boots_to_tell()) == {("c-0", "c"), ("c-0", "a")}


def test_a_report_in_the_name_of_another_uses_up_no_number_of_it(tmp_path: Path) -> None:
    intake = Intake(AgentStore(tmp_path), "agent")
    forged = message("report/c/c-1", report(1).payload)
    batch = intake.process([forged, report(1)], 5.0)
    assert batch.transaction.counts == {"misattributed": 1, "reports": 1}
    assert "names 'c-0' as its sender" in batch.transaction.dead_letters[0][2]


def test_a_refused_report_of_its_own_sender_is_not_missing(tmp_path: Path) -> None:
    intake = Intake(AgentStore(tmp_path), "agent")
    bad = json.dumps({"v": 1, "client": "c-0", "boot": "b", "seq": 1, "at": "noon", "service": "c"}).encode()
    batch = intake.process([message("report/c/c-0", bad), report(2)], 5.0)
    assert intake.acknowledgement("c-0", "b") == (2, [])
    assert [observer_input.kind for observer_input, _ in batch.inputs] == ["dead-letter", "report"]
    again = intake.process([message("report/c/c-0", bad)], 6.0)
    assert again.transaction.counts == {"duplicates": 1}


def test_of_a_message_that_was_cut_the_number_is_found_at_its_beginning(tmp_path: Path) -> None:
    intake = Intake(AgentStore(tmp_path), "agent")
    beginning = b'{"v":1,"seq":1,"client":"c-0","boot":"b","at":1.0,"fields":{"x":"yyy'
    cut = replace(message("report/c/c-0", beginning), cut_from=900_000)
    batch = intake.process([cut], 5.0)
    assert "900000 bytes" in batch.transaction.dead_letters[0][2]
    assert intake.acknowledgement("c-0", "b") == (1, [])


def test_a_promise_counts_when_it_is_new_and_a_retained_one_only_says_that_promises_are_made(tmp_path: Path) -> None:
    intake = Intake(AgentStore(tmp_path), "agent")
    content = json.dumps({"state": "online", "boot": "1", "waiting": 0, "complete_up_to": 7.5}).encode()
    retained = replace(message("state/c-0", content), retained=True)
    batch = intake.process([retained, message("state/c-0", content)], 9.0)
    assert [json.loads(observer_input.payload)["up_to"] for observer_input, _ in batch.inputs] == [0.0, 7.5]


def test_a_heartbeat_counts_when_the_client_was_not_just_heard_and_may_report(tmp_path: Path, passed: Passed) -> None:
    senders = Senders([Instance(instance="c-0", topic="c", service="c")])
    intake = Intake(AgentStore(tmp_path), "agent", senders)

    def inputs(*messages: Incoming) -> list[str]:
        return [item.kind for item, _ in intake.process(list(messages), 9.0).inputs]

    state = message("state/c-0", b'{"state": "online", "boot": "b", "interval": 7}')
    [(heartbeat, _)] = intake.process([state], 9.0).inputs
    assert (heartbeat.kind, heartbeat.client, json.loads(heartbeat.payload)) == ("heartbeat", "c-0", {"interval": 7.0})
    assert inputs(state) == [], "it was heard just now"
    passed.seconds += 1.0
    assert inputs(report(1), state) == ["report"], "a report says as much"
    passed.seconds += 1.0
    busy = message("state/c-0", b'{"state": "online", "boot": "b", "complete_up_to": 0}')
    assert inputs(busy) == ["heartbeat"]
    passed.seconds += 1.0
    assert inputs(replace(busy, retained=True)) == [], "a retained message is of another time"
    assert inputs(message("state/other-agent", b'{"state": "online"}')) == [], "nobody expects reports of it"
    assert inputs(message("state/c-0", b'{"state": "lost", "boot": "b"}')) == ["lost"]


def test_a_last_will_of_an_earlier_run_is_not_that_of_the_present_one(tmp_path: Path) -> None:
    intake = Intake(AgentStore(tmp_path), "agent")
    for content in (b'{"state": "online", "boot": "2"}', b'{"state": "lost", "boot": "1"}'):
        intake.process([message("state/c-0", content)], 1.0)
    assert intake.clients["c-0"]["state"] == "online"
    batch = intake.process([message("state/c-0", b'{"state": "lost", "boot": "2"}')], 2.0)
    assert [item.kind for item, _ in batch.inputs] == ["lost"]


class Passed:
    """Seconds that have passed, as the module `time` says them."""

    seconds = 50.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> Passed:
    clock = Passed()
    monkeypatch.setattr(intake_room, "time", clock)
    return clock


def test_the_numbers_of_a_client_that_is_silent_for_the_retention_are_forgotten(tmp_path: Path, passed: Passed) -> None:
    store = AgentStore(tmp_path)
    intake = Intake(store, "agent", retention=86400.0)
    store.write(intake.process([report(1)], 5.0).transaction)
    for hours in (2, 23):
        passed.seconds = hours * 3600.0
        store.write(intake.process([], 5.0).transaction)
        assert list(store.received_numbers()) == [("c-0", "b")]
    passed.seconds = 26 * 3600.0
    store.write(intake.process([], 5.0).transaction)
    assert store.received_numbers() == {}
    assert intake.boots_to_tell() == []


def test_a_clock_that_is_set_makes_no_client_silent(tmp_path: Path, passed: Passed) -> None:
    store = AgentStore(tmp_path)
    intake = Intake(store, "agent", retention=86400.0)
    store.write(intake.process([report(1)], 5.0).transaction)
    passed.seconds += 2 * 3600.0
    assert intake.process([], 30 * 86400.0).transaction.forgotten == []
    passed.seconds += 2 * 3600.0
    assert intake.process([report(1)], 31 * 86400.0).transaction.counts == {"duplicates": 1}


def test_a_planned_client_is_told_of_the_agent_once_a_boot_although_nothing_of_it_was_received(tmp_path: Path) -> None:
    planned = Senders([Instance(instance="load-0", topic="load", service="load")])
    intake = Intake(AgentStore(tmp_path), "agent", planned)

    def told(client: str, boot: str) -> set[tuple[str, str]]:
        state = f'{{"state": "online", "boot": "{boot}"}}'.encode()
        return intake.process([message(f"state/{client}", state)], 1.0).to_acknowledge

    assert told("load-0", "b") == {("load-0", "b")}
    assert intake.acknowledgement("load-0", "b") == (0, [])
    assert told("load-0", "b") == set()
    assert told("load-0", "c") == {("load-0", "c")}
    # Clients of other pipelines have an agent of their own.
    assert told("other-0", "b") == set()
    assert intake.boots_to_tell() == [("load-0", "c")]


def test_a_client_with_too_many_gaps_is_not_taken_further_and_loses_nothing(tmp_path: Path) -> None:
    intake = Intake(AgentStore(tmp_path), "agent")
    intake.gaps.limit = 2
    batch = intake.process([report(seq) for seq in (1, 3, 5, 7, 8)], 5.0)
    assert batch.transaction.counts == {"reports": 3, "beyond_gaps": 2}
    assert batch.to_acknowledge == {("c-0", "b")}
    assert intake.acknowledgement("c-0", "b") == (5, [[2, 2], [4, 4]])
    batch = intake.process([report(seq) for seq in (2, 7, 4, 6, 8)], 6.0)
    assert batch.transaction.counts == {"reports": 5}
    assert intake.acknowledgement("c-0", "b") == (8, [])


def test_what_another_agent_has_taken_in_is_taken_in_whatever_gaps_there_are(tmp_path: Path) -> None:
    intake = Intake(AgentStore(tmp_path), "agent")
    intake.gaps.limit = 1
    batch = intake.process([report(1), report(3)], 5.0)
    intake.enter_message(report(5), report(5).topic.split("/"), 5.0, batch, forwarded=True)
    assert batch.transaction.counts == {"reports": 3}


def test_a_dead_letter_that_leaves_one_gap_too_many_is_not_taken(tmp_path: Path) -> None:
    intake = Intake(AgentStore(tmp_path), "agent")
    intake.gaps.limit = 1
    dead = [message("report/c/c-0", b'{"v":9,"seq":%d,"client":"c-0","boot":"b"}' % seq) for seq in (1, 3, 5)]
    batch = intake.process(dead, 5.0)
    assert batch.transaction.counts == {"undecodable": 2, "beyond_gaps": 1}
