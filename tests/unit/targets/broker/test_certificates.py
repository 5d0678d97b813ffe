"""Claims about the certificates of a broker: for how long they are valid, when they are due, and for whom."""

from __future__ import annotations

import pytest
from cryptography import x509

from rohe_iac.targets.broker.certificates import (
    AUTHORITY_DAYS,
    DAYS,
    EARLY,
    KeyPair,
    expiry,
    is_due,
    new_authority,
    new_server,
    serves,
)

NOW, DAY = 1_800_000_000.0, 86400
NAMES = ("broker.shop.svc", "broker")


def _pair(now: float = NOW) -> tuple[KeyPair, KeyPair]:
    authority = new_authority("rohe shop", now)
    return authority, new_server(authority, NAMES, now)


def test_certificates_begin_a_day_early_and_last_as_long_as_stated() -> None:
    for pair, days in zip(_pair(), (AUTHORITY_DAYS, DAYS), strict=True):
        found = x509.load_pem_x509_certificate(pair.certificate)
        assert found.not_valid_before_utc.timestamp() == NOW - EARLY
        assert expiry(pair.certificate) == NOW + days * DAY
        assert "PRIVATE" not in repr(pair)


def test_a_certificate_is_due_when_a_third_of_its_days_is_left_and_not_before() -> None:
    for pair, days in zip(_pair(), (AUTHORITY_DAYS, DAYS), strict=True):
        renewed = NOW + days * DAY * 2 / 3
        assert not is_due(pair, NOW)
        assert not is_due(pair, renewed - 1)
        assert is_due(pair, renewed + 1)
        assert is_due(pair, NOW - EARLY - 1)


def test_a_server_is_not_valid_for_longer_than_its_authority() -> None:
    authority = new_authority("rohe shop", NOW - (AUTHORITY_DAYS - 100) * DAY)
    assert expiry(new_server(authority, NAMES, NOW).certificate) == expiry(authority.certificate)


def test_a_certificate_serves_exactly_its_names_below_its_authority() -> None:
    authority, server = _pair()
    assert serves(server, authority, NAMES[::-1])
    assert not serves(server, authority, NAMES[:1])
    assert not serves(server, authority, (*NAMES, "other"))
    assert not serves(server, new_authority("rohe shop", NOW), NAMES)


@pytest.mark.parametrize(
    "damaged", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"]
)
def test_what_cannot_be_read_is_due_and_serves_nobody(damaged: bytes) -> None:
    authority, server = _pair()
    assert is_due(KeyPair(damaged, server.key), NOW)
    assert is_due(KeyPair(server.certificate, damaged), NOW)
    assert is_due(KeyPair(server.certificate, authority.key), NOW)
    assert not serves(KeyPair(damaged, server.key), authority, NAMES)
    assert expiry(damaged) == 0.0
