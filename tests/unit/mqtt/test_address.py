"""Addresses of brokers: URLs and credential files, and what of them is refused or never shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rohe_iac.mqtt.address import BrokerAddress, UnusableCredentials, broker_address


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://h", BrokerAddress("h", 1883)),
        ("mqtts://h", BrokerAddress("h", 8883, tls=True)),
        ("mqtt://127.0.0.1:1234", BrokerAddress("127.0.0.1", 1234)),
    ],
)
def test_the_port_is_that_of_the_scheme_unless_it_is_named(url: str, expected: BrokerAddress) -> None:
    assert broker_address(url) == expected


@pytest.mark.parametrize("url", ["", "http://h:1", "mqtt://", "mqtt://h:port", "mqtt://h:99999"])
def test_an_address_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(UnusableCredentials):
        broker_address(url)


def test_the_url_of_the_credential_file_is_taken_where_none_is_given(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps({"url": "mqtt://inside:1", "user": "u", "password": "secret"}))
    assert broker_address("", path) == BrokerAddress("inside", 1, user="u", password="secret")
    assert broker_address("mqtt://outside:2", path).url == "mqtt://outside:2"


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_credential_file_of_another_form_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "credentials.json"
    path.write_text(content)
    with pytest.raises(UnusableCredentials):
        broker_address("mqtt://h", path)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(BrokerAddress("h", 1, user="u", password="secret"))
