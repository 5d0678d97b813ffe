"""The routing key of a delivery: that of the client, whichever way the message came."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pika
import pytest

from rohe_iac.transports.amqp.delivery import routing_key

EXPIRED = {"routing-keys": ["qoa.first"], "reason": "expired"}


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        (None, "key"),
        ({}, "key"),
        ({"x-death": [EXPIRED]}, "qoa.first"),
        ({"x-death": [{"routing-keys": ["later"], "reason": "rejected"}, EXPIRED]}, "qoa.first"),
        ({"x-death": []}, "key"),
        ({"x-death": "no list"}, "key"),
        ({"x-death": [{"routing-keys": []}]}, "key"),
    ],
)
def test_the_key_of_a_message_that_was_moved_is_the_one_that_its_client_used(headers: Any, key: str) -> None:
    method = SimpleNamespace(routing_key="key")
    assert routing_key(method, pika.BasicProperties(headers=headers)) == key
    assert routing_key(method, None) == "key"
