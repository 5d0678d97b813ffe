"""Senders on AMQP: by routing key, by the client's ids and names, by the service; and those that nobody knows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rohe_iac.foundation.names import instance_id
from rohe_iac.foundation.topics import MAX_REPORT_BYTES
from rohe_iac.observation.configuration import Instance
from rohe_iac.transports.amqp.senders import AmqpSenders

INSTANCES = (
    Instance(instance="camera-0", topic="camera", service="camera"),
    Instance(instance="shop-vote-0", topic="shop-vote", service="vote"),
    Instance(instance="shop-vote-1", topic="shop-vote", service="vote"),
    Instance(instance="classify-svm-0", topic="classify", service="classify", member="svm"),
    Instance(instance="classify-bayes-0", topic="classify", service="classify", member="bayes"),
    Instance(instance="classify-bayes-1", topic="classify", service="classify", member="bayes"),
)

SENDERS = AmqpSenders("shop", INSTANCES)
NOWHERE = "rohe/v1/shop/report/unknown"


def report(**client: Any) -> bytes:
    return json.dumps({"metadata": {"client_config": client, "timestamp": 1.0}, "metrics": []}).encode()


def topic(body: bytes, key: str = "qoa") -> str:
    found, unattributed = SENDERS.topic_of(key, body)
    assert unattributed == ""
    return found.removeprefix("rohe/v1/shop/report/")


def test_a_routing_key_in_the_form_of_a_topic_says_it() -> None:
    body = report(name="camera", instance_name="camera-0")
    assert topic(body, "rohe.v1.shop.report.shop-vote.shop-vote-1") == "shop-vote/shop-vote-1"
    assert topic(body, "rohe.v1.shop.report.nothing.x") == "camera/camera-0"
    assert topic(body, "rohe.v1.shop.report.camera.a/b") == "camera/camera-0"


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ({"instance_id": instance_id("shop", "shop-vote-1"), "name": "camera"}, "shop-vote/shop-vote-1"),
        ({"instance_id": "0b7d", "instance_name": "shop-vote-0"}, "shop-vote/shop-vote-0"),
        ({"instance_id": "0b7d", "name": "camera"}, "camera/camera-0"),
        ({"instance_id": "0b7d", "name": "gateway", "stage_id": "camera"}, "camera/camera-0"),
        ({"instance_id": "0b7d", "name": "vote"}, "shop-vote/0b7d"),
        ({"instance_id": "0b/7d#", "name": "vote"}, "shop-vote/0b-7d-"),
        ({"instance_id": "0b7d", "name": "svm"}, "classify/classify-svm-0"),
        ({"instance_id": "0b7d", "name": "bayes"}, "classify/0b7d"),
        ({"instance_id": "0b7d", "name": "x", "functionality": "classify"}, "classify/0b7d"),
    ],
)
def test_a_client_is_known_by_its_id_its_name_or_its_service(client: dict[str, str], expected: str) -> None:
    assert topic(report(**client)) == expected


def test_every_place_of_a_client_in_qoa4mls_envelopes_is_read() -> None:
    assert topic(b'{"metadata": {"client_info": {"name": "camera-0"}}, "cpu": {}}') == "camera/camera-0"
    assert topic(b'{"metadata": {"name": "camera-0"}, "timestamp": 1, "report": {}}') == "camera/camera-0"
    assert topic(b'{"v": 1, "instance": "camera-0", "service": "camera"}') == "camera/camera-0"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (report(name="x", stage_id="s"), "no replica or service of the pipeline has the name 'x', stage_id 's'"),
        (report(name=5), "the report says nothing of its sender"),
        (b'{"metadata": 7}', "the report says nothing of its sender"),
    ],
)
def test_who_is_not_known_is_said(body: bytes, words: str) -> None:
    assert SENDERS.topic_of("qoa/x", body) == (f"{NOWHERE}/qoa-x", words)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\x00", b"[1]", b"[" * 10_000, b"x" * (MAX_REPORT_BYTES + 1)])
def test_what_is_no_report_is_left_to_whoever_decodes_it(body: bytes) -> None:
    assert SENDERS.topic_of("qoa", body) == (f"{NOWHERE}/qoa", "")
