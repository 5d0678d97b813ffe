"""A held share: batches in order, acknowledgements of what they have, and nothing more in flight than allowed."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec

from rohe_iac.agent.sharing import held_share
from rohe_iac.agent.sharing.forwarding_intake import ForwardingIntake, GrantedNumbers
from rohe_iac.agent.sharing.held_share import BATCH_BYTES, MAX_IN_FLIGHT, HeldShare
from rohe_iac.agent.sharing.messages import EntryKind, ReceivedNumbers, ReportBatch, decode_from_receiver
from rohe_iac.foundation.topics import report_topic, state_topic
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import Instance
from rohe_iac.observation.reports.senders import Senders

NOW = 1_795_000_000.0


def share(*numbers: ReceivedNumbers) -> HeldShare:
    senders = Senders([Instance(instance="load-0", topic="load", service="load", node="n")])
    intake = ForwardingIntake(GrantedNumbers(numbers), "agent-1", senders, 1e6, frozenset({"accuracy"}))
    return HeldShare("e", {"load-0"}, intake, 10.0)


def message(seq: int, client: str = "load-0", **fields: object) -> Incoming:
    content = {
        "v": 1, "client": client, "boot": "b", "seq": seq, "at": NOW, "service": "load", "instance": client,
        "fields": fields,
    }  # fmt: skip
    return Incoming(report_topic("s", "load", client), json.dumps(content).encode(), 1, False, seq, 1)


def batches(held: HeldShare) -> list[ReportBatch]:
    found = [decode_from_receiver(batch.payload) for batch in held.in_flight]
    assert all(isinstance(batch, ReportBatch) for batch in found)
    return found  # type: ignore[return-value]


def test_reports_are_reduced_and_states_forwarded_in_order() -> None:
    held = share()
    state = Incoming(state_topic("s", "load-0"), b'{"state": "online"}', 1, True, 3, 1)
    held.take_in([message(1, accuracy=1, pixels=[1] * 100), state, message(2)], NOW)
    (batch,) = batches(held)
    assert [entry[0] for entry in batch.entries] == [EntryKind.REPORT, EntryKind.RETAINED, EntryKind.REPORT]
    first = msgspec.json.decode(batch.entries[0][2])
    assert (first["fields"], first["node"]) == ({"accuracy": 1}, "n")


def test_what_was_received_before_is_sent_no_more_and_acknowledged() -> None:
    held = share(ReceivedNumbers("load-0", "b", [[1, 4]]))
    held.take_in([message(3), message(6)], NOW)
    (batch,) = batches(held)
    assert len(batch.entries) == 1
    assert batch.counts == {"duplicates": 1}
    assert held.take_committed(1)[0].acknowledgements == [("load-0", "b", 6, [[5, 5]])]


def test_an_acknowledgement_says_no_more_than_its_batch_has() -> None:
    held = share()
    held.take_in([message(1)], NOW)
    held.take_in([message(2)], NOW)
    assert [batch.acknowledgements[0][2] for batch in held.take_committed(1)] == [1]
    assert [batch.number for batch in held.in_flight] == [2]


def test_clients_of_another_share_are_forwarded_and_not_acknowledged() -> None:
    held = share()
    held.take_in([message(1, "load-9")], NOW)
    (batch,) = batches(held)
    assert len(batch.entries) == 1
    assert held.in_flight[0].acknowledgements == []


def test_a_message_that_cannot_be_used_keeps_its_number() -> None:
    held = share()
    held.take_in([Incoming(report_topic("s", "load", "load-0"), b'{"boot": "b", "seq": 7}', 1, False, 1, 1)], NOW)
    assert batches(held)[0].entries[0][0] == EntryKind.DEAD_LETTER
    assert held.in_flight[0].acknowledgements == [("load-0", "b", 7, [[1, 6]])]


def test_batches_are_bounded_in_size_and_in_number() -> None:
    held = share()
    large = [message(seq, accuracy="x" * 100_000) for seq in range(1, 10)]
    held.take_in(large, NOW)
    assert len(held.in_flight) == 3
    assert all(len(batch.payload) <= BATCH_BYTES for batch in held.in_flight)
    for seq in range(10, 10 + MAX_IN_FLIGHT):
        if held.has_room:
            held.take_in([message(seq)], NOW)
    assert len(held.in_flight) == held_share.MAX_IN_FLIGHT
    assert not held.has_room


def with_numbers(seq: int, amount: int) -> Incoming:
    numbers = "[" + ",".join(["1e+15"] * amount) + "]"
    found = message(seq, accuracy="NUMBERS")
    return replace(found, payload=found.payload.replace(b'"NUMBERS"', numbers.encode()))


def test_batches_are_bounded_as_they_are_sent_and_acknowledged_when_all_of_a_message_is() -> None:
    held = share()
    held.take_in([with_numbers(seq, 100) for seq in range(1, 285)], NOW)
    first, last = held.in_flight
    assert max(len(first.payload), len(last.payload)) <= BATCH_BYTES
    assert (first.messages, first.acknowledgements) == ([], [])
    assert (len(last.messages), last.acknowledgements) == (284, [("load-0", "b", 284, [])])
    assert sum(len(batch.entries) for batch in batches(held)) == 284


def test_a_report_that_is_too_large_when_it_is_written_anew_travels_as_it_came() -> None:
    held = share()
    large = with_numbers(2, 36_000)
    held.take_in([message(1), large, message(3)], NOW)
    assert all(len(batch.payload) <= BATCH_BYTES for batch in held.in_flight)
    entries = [entry for batch in batches(held) for entry in batch.entries]
    assert [entry[0] for entry in entries] == [EntryKind.REPORT, EntryKind.WHOLE, EntryKind.REPORT]
    assert msgspec.msgpack.decode(entries[1][2]) == [large.topic, large.payload]


def test_a_state_of_which_only_the_beginning_is_there_is_a_dead_letter_that_says_its_size() -> None:
    held = share()
    held.take_in([Incoming(state_topic("s", "load-0"), b'{"state"', 1, False, 1, 1, cut_from=400_000)], NOW)
    (entry,) = batches(held)[0].entries
    assert entry[0] == EntryKind.DEAD_LETTER
    assert b"400000 bytes" in entry[2]


def test_a_batch_is_sent_again_when_it_is_not_committed_in_time() -> None:
    held = share()
    held.take_in([message(1)], NOW)
    assert [batch.number for batch in held.due(5.0, 1.0)] == [1]
    assert list(held.due(5.5, 1.0)) == []
    assert [batch.number for batch in held.due(6.5, 1.0)] == [1]
