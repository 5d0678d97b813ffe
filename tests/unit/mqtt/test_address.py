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


def test_a_client_identifier_is_stable_and_hangs_on_the_password() -> None:
    first, second = (BrokerAddress("h", 1, user="web", password=password) for password in ("a", "b"))
    assert first.client_id("web-0") == first.client_id("web-0")
    assert len({first.client_id("web-0"), second.client_id("web-0"), first.client_id("web-1")}) == 3
    assert first.client_id("web-0").startswith("web-0-")
    assert BrokerAddress("h", 1).client_id("web-0") == "web-0"


def test_what_a_credential_file_knows_of_the_broker_counts_for_its_own_url_alone(tmp_path: Path) -> None:
    path = tmp_path / "web.json"
    path.write_text(json.dumps({"url": "mqtt://127.0.0.1:1", "user": "u", "password": "p", "mqtt": "5", "owner": 7}))
    own = broker_address("", path)
    assert (own.mqtt, own.owner) == ("5", 7)
    assert broker_address("mqtt://127.0.0.1:1", path) == own
    other = broker_address("mqtt://elsewhere:1", path)
    assert (other.mqtt, other.owner, other.password) == ("", None, "p")


def test_a_mounted_secret_is_a_folder_of_credentials(tmp_path: Path) -> None:
    (tmp_path / "user").write_text("u\n")
    with pytest.raises(UnusableCredentials, match="lack user or password"):
        broker_address("mqtts://h", tmp_path)
    (tmp_path / "password").write_text("p")
    (tmp_path / "ca.crt").write_text("PEM")
    assert broker_address("mqtts://h", tmp_path) == BrokerAddress("h", 8883, True, "u", "p", ca="PEM")


def test_a_changed_password_is_found_and_a_file_that_is_being_replaced_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps({"url": "mqtt://h:1", "user": "u", "password": "old", "mqtt": "5", "owner": 7}))
    address = broker_address("", path)
    path.write_text(json.dumps({"url": "mqtt://h:1", "user": "u", "password": "new"}))
    assert address.refreshed() == BrokerAddress("h", 1, user="u", password="new", mqtt="5", owner=7)
    path.unlink()
    assert address.refreshed() == address
