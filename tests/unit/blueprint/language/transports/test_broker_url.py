"""The address of a user's broker: its scheme, host and port, and what is proposed in place of anything else."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from rohe_iac.blueprint.language.transports.broker_url import check_broker_url


def checked(text: str) -> str:
    return check_broker_url(text, "MQTT", ("mqtt", "mqtts"), "", "mqtts://host:8883", "they come from credentials")


@pytest.mark.parametrize("text", ["mqtt://host", "mqtts://host:8883", "mqtt://[::1]:1883"])
def test_an_address_is_taken_as_it_is_written(text: str) -> None:
    assert checked(text) == text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("tcp://host:1883", "did you mean mqtt://host:1883"),
        ("host", "did you mean mqtt://host"),
        ("mqtt://host:65536", "for example mqtts://host:8883"),
        ("http://host", "for example mqtts://host:8883"),
        ("mqtt://user:word@host", "leave user and password out: they come from credentials"),
    ],
)
def test_what_is_no_address_is_refused_with_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(PydanticCustomError) as refusal:
        checked(text)
    assert hint in str(refusal.value.context)
