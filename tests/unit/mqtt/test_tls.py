"""Claims about TLS of clients: what a refusal means in words, and that a certificate is shown from memory."""

from __future__ import annotations

import ssl
import time

import pytest

from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.tls import client_context, refusal_of, tls_words
from rohe_iac.targets.broker.certificates import new_authority, new_client


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required", "demands a certificate"),
        ("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2580)", "does not trust the authority"),
        ("[SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED] sslv3 alert certificate expired", "has expired"),
        ("[SSL: SSLV3_ALERT_BAD_CERTIFICATE] sslv3 alert bad certificate", "does not accept"),
    ],
)
def test_an_alert_is_said_in_words_with_openssl_s_own_behind(said: str, means: str) -> None:
    assert means in tls_words(said)
    assert said in tls_words(said)


def test_any_other_failure_stays_as_it_is() -> None:
    assert tls_words("Connection refused") == "Connection refused"
    assert tls_words("[SSL: TLSV1_ALERT_INTERNAL_ERROR] x").startswith("[SSL")


def test_a_certificate_comes_from_memory_and_one_that_does_not_fit_its_key_is_refused() -> None:
    authority = new_authority("rohe desk", time.time())
    mine, other = (new_client(authority, name, time.time()) for name in ("web", "cam"))
    ca, certificate = authority.certificate.decode(), mine.certificate.decode()
    fits = BrokerAddress("localhost", 1, True, ca=ca, certificate=certificate, key=mine.key.decode())
    assert client_context(fits).verify_mode is ssl.CERT_REQUIRED
    with pytest.raises(ssl.SSLError):
        client_context(BrokerAddress("localhost", 1, True, ca=ca, certificate=certificate, key=other.key.decode()))
    assert refusal_of(fits) == ""
