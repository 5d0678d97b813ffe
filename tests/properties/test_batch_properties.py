"""Batches of a receiving agent are bounded as they are sent, and the judge takes in each report once, in order."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest
from drawing import generator

from rohe_iac.agent.intake.intake import Intake
from rohe_iac.agent.sharing.forwarding_intake import ForwardingIntake, GrantedNumbers
from rohe_iac.agent.sharing.held_share import BATCH_BYTES, HeldShare
from rohe_iac.agent.sharing.messages import ShareRenewal, encode
from rohe_iac.agent.sharing.share_desk import ShareDesk
from rohe_iac.foundation.topics import MAX_REPORT_BYTES, batch_topic, report_topic
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec, shared_digest_of
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.senders import Senders
from rohe_iac.sinks.store import AgentStore

JUDGE, RECEIVER, CLIENT = "agent-0", "agent-1", "load-0"
NOW = 1_795_000_000.0
CONFIGURATION = Configuration(
    stack="s",
    pipeline="p",
    agent=JUDGE,
    judge=JUDGE,
    services=(ServiceSpec(name="load"),),
    instances=(
        Instance(instance=CLIENT, topic="load", service="load", agent=RECEIVER),
        Instance(instance="load-1", topic="load", service="load", agent=JUDGE),
    ),
    contracts=(),
)
SENDERS = Senders(CONFIGURATION.instances)

NOTATIONS = ("1e+15", "1E15", "1e9", "1e308", "-1e-9", "0.1", "123456789012345678", "7", "-0", "1e+06")
TEXTS = ("x", "é", "\U0001f600", "\\u00e9", "\\ud83d\\ude00", "\\n", '\\"', "\\/", "\\u0001")
AMOUNTS = (0, 30, 120, 900, 15_000, 36_000, 260_000)


def values(chance: random.Random) -> str:
    """Returns a JSON list of numbers, or a JSON string."""
    of_numbers = chance.random() < 0.6
    unit = chance.choice(NOTATIONS) + "," if of_numbers else chance.choice(TEXTS)
    amount = min(chance.choice(AMOUNTS), (MAX_REPORT_BYTES - 30_000) // len(unit.encode()))
    return "[" + (unit * amount).rstrip(",") + "]" if of_numbers else '"' + unit * amount + '"'


def payload(chance: random.Random, number: int, content: str) -> bytes:
    """Returns a report as others may write it, in rohe's form or in QoA4ML's, which has no sequence number."""
    if chance.random() < 0.2:
        return (
            f'{{"metadata":{{"client_config":{{"name":"load","instance_name":"{CLIENT}"}},"timestamp":{NOW},'
            f'"corr_id":"r-{number}"}},"metrics":[{{"metric_name":"inputs","records":[{content}],"unit":""}}]}}'
        ).encode()
    many = chance.choice([1, 1, 900])
    fields = ",".join(f'"v{item}": {chance.choice(NOTATIONS)}' for item in range(many))
    head = json.dumps({"client": CLIENT, "boot": "b", "seq": number, "at": NOW, "service": "load", "request": "é"})
    begin = chance.choice(['{"v":1,', '{ "v": 1, '])
    return f'{begin}{head[1:-1]},"fields":{{"inputs":{content},{fields}}}}}'.encode()


def payloads(chance: random.Random) -> list[bytes]:
    """Returns reports: some that differ, and many that are alike."""
    few = [payload(chance, number, values(chance)) for number in range(1, chance.randint(2, 5))]
    alike = values(chance)
    many = min(chance.choice([0, 3, 300]), 600_000 // (len(alike.encode()) + 500))
    return few + [payload(chance, len(few) + number, alike) for number in range(1, many + 1)]


def judged(payload_list: list[bytes], folder: Path) -> list[Report]:
    """Returns the reports that one agent takes in that hears all."""
    intake = Intake(AgentStore(folder), JUDGE, SENDERS)
    return [report for _, report in intake.process(messages(payload_list), NOW).inputs if report is not None]


def messages(payload_list: list[bytes]) -> list[Incoming]:
    topic = report_topic("s", "load", CLIENT)
    return [Incoming(topic, payload, 1, False, number, 1) for number, payload in enumerate(payload_list)]


@pytest.mark.parametrize("seed", range(12))
def test_batches_are_bounded_and_bring_every_report_once_in_order(seed: int, tmp_path: Path) -> None:
    chance = generator(f"batches {seed}")
    payload_list, names = payloads(chance), chance.choice([None, frozenset({"inputs"})])
    assert all(len(content) <= MAX_REPORT_BYTES for content in payload_list)
    desk = ShareDesk(CONFIGURATION, Intake(AgentStore(tmp_path / "judge"), JUDGE, SENDERS), "j")
    topic = batch_topic("s", JUDGE, RECEIVER)
    renewal = ShareRenewal("r", shared_digest_of(CONFIGURATION), "", 1)
    desk.decide(desk.process([Incoming(topic, encode(renewal), 1, False, 1, 1)], NOW), connected=True, complete=True)
    intake = ForwardingIntake(GrantedNumbers([]), RECEIVER, SENDERS, 1e6, names)
    held = HeldShare(desk.receivers[RECEIVER].epoch, {CLIENT}, intake, 1e9)
    held.take_in(messages(payload_list), NOW)
    assert max(len(batch.payload) for batch in held.in_flight) <= BATCH_BYTES
    found: list[Report] = []
    for sent in held.in_flight:
        batch = desk.process([Incoming(topic, sent.payload, 1, False, 1, 1)], NOW)
        found += [report for _, report in batch.inputs if report is not None]
        for _, _, newest, _ in sent.acknowledgements:
            assert newest <= max(report.seq for report in found)
    acknowledged = [message.message_id for sent in held.in_flight for message in sent.messages]
    assert acknowledged == list(range(len(payload_list)))
    assert looked_at(found) == looked_at(judged(payload_list, tmp_path / "alone"))


def looked_at(reports: list[Report]) -> bytes:
    """Returns a digest of what contracts look at, in order."""
    content = [(item.seq, item.request, item.fields.get("inputs"), item.metrics.get("inputs")) for item in reports]
    return hashlib.sha256(encode(content)).digest()
