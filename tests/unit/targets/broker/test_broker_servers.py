"""Claims about the settings of broker servers: exact grants, only the asked listeners, no access without a user."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rohe_iac.targets.broker.mosquitto import MosquittoServer
from rohe_iac.targets.broker.nats import NatsServer, subjects, user_settings
from rohe_iac.targets.broker.server import BrokerMissing, BrokerPlace, BrokerServer
from rohe_iac.targets.broker.servers import SERVERS
from rohe_iac.targets.broker.specs import BrokerSpec, CredentialSpec
from rohe_iac.targets.broker.user import User


@pytest.mark.parametrize(
    ("topic_filter", "expected"),
    [
        ("rohe/v1/digits/report/web/web-0", ("rohe.v1.digits.report.web.web-0",)),
        ("rohe/v1/digits/report/web/+", ("rohe.v1.digits.report.web.*",)),
        ("rohe/v1/#", ("rohe.v1", "rohe.v1.>")),
        ("#", (">",)),
        ("a.b/c", ("a//b.c",)),
    ],
)
def test_a_topic_filter_becomes_exactly_the_subjects_it_means(topic_filter: str, expected: tuple[str, ...]) -> None:
    assert subjects(topic_filter) == expected


def test_every_listener_is_on_loopback_and_the_monitor_is_closed() -> None:
    broker = BrokerSpec("broker/broker", {"mqtt": 1, "nats": 2, "monitor": 3}, ())
    settings = NatsServer().settings(broker, BrokerPlace("digits", Path("broker"), Path("../stores/broker")))
    assert 'listen: "127.0.0.1:2"' in settings
    assert 'host: "127.0.0.1", port: 1' in settings
    assert "3" not in [word.strip(",") for word in settings.split()]
    assert "http" not in settings


@pytest.mark.parametrize(
    ("filters", "pending"), [(0, 2048), (31, 2048), (32, 1024), (63, 1024), (64, 512), (604, 64), (70_000, 1)]
)
def test_every_filter_of_a_client_has_its_part_of_what_a_session_may_have_pending(filters: int, pending: int) -> None:
    broker = BrokerSpec("broker/broker", {"mqtt": 1, "nats": 2}, (), filters=filters)
    settings = NatsServer().settings(broker, BrokerPlace("digits", Path("broker"), Path("../stores/broker")))
    assert f"max_ack_pending: {pending}," in settings


def test_mosquitto_listens_on_loopback_alone_and_lets_nobody_in_without_a_password() -> None:
    server = MosquittoServer()
    place = BrokerPlace("desk", Path("broker"), Path("../stores"))
    settings = server.settings(BrokerSpec("broker/broker", {"mqtt": 1}, ()), place)
    assert [line for line in settings.splitlines() if line.startswith("listener")] == ["listener 1 127.0.0.1"]
    assert "allow_anonymous false" in settings
    # Without a bound, mosquitto 2.0.11 ends the connection after each message that the client may not publish.
    assert "max_queued_messages 0" not in settings.splitlines()
    assert server.user_files(()) == {"passwords": b"", "access": b""}


def test_mosquitto_s_files_have_exact_grants_and_no_password_in_clear() -> None:
    users = (User(CredentialSpec("web", ("a/b",), ("c/+",)), "hush"), User(CredentialSpec("mute", (), ()), "secret"))
    files = MosquittoServer().user_files(users)
    assert files["access"] == b"user web\ntopic write a/b\ntopic read c/+\nuser mute\n"
    assert b"hush" not in files["passwords"]
    assert [line.split(b":")[0] for line in files["passwords"].splitlines()] == [b"web", b"mute"]
    assert MosquittoServer().user_files(users) == files


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
def test_a_missing_program_says_how_to_get_it(server: BrokerServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("ROHE_NATS_SERVER", "ROHE_MOSQUITTO"):
        monkeypatch.setenv(variable, "/no/such/program")
    with pytest.raises(BrokerMissing) as missing:
        server.binary()
    assert "/no/such/program" in missing.value.detail
    assert missing.value.hint


def test_without_users_nobody_gets_in() -> None:
    assert '"nobody"' in user_settings(())


def test_a_client_with_nothing_granted_may_nothing() -> None:
    text = user_settings((User(CredentialSpec("mute", (), ()), "secret"),))
    entry = json.loads(text.splitlines()[2])
    assert entry["permissions"] == {"publish": {"deny": ">"}, "subscribe": {"deny": ">"}}
    assert entry["allowed_connection_types"] == ["MQTT"]
