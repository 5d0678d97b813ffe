"""Claims about the certificates of a broker: for how long they are valid, when they are due, and for whom."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509

from rohe_iac.targets.broker.certificates import (
    AUTHORITY_DAYS,
    DAYS,
    EARLY,
    KeyPair,
    expiry,
    is_due,
    is_for,
    new_authority,
    new_client,
    new_server,
    subject_hash,
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
    assert is_for(server, authority, NAMES[::-1])
    assert not is_for(server, authority, NAMES[:1])
    assert not is_for(server, authority, (*NAMES, "other"))
    assert not is_for(server, new_authority("rohe shop", NOW), NAMES)


@pytest.mark.parametrize(
    "damaged", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"]
)
def test_what_cannot_be_read_is_due_and_serves_nobody(damaged: bytes) -> None:
    authority, server = _pair()
    assert is_due(KeyPair(damaged, server.key), NOW)
    assert is_due(KeyPair(server.certificate, damaged), NOW)
    assert is_due(KeyPair(server.certificate, authority.key), NOW)
    assert not is_for(KeyPair(damaged, server.key), authority, NAMES)
    assert expiry(damaged) == 0.0


def test_a_server_may_be_named_by_addresses_too() -> None:
    authority = new_authority("rohe shop", NOW)
    server = new_server(authority, ("127.0.0.1", "localhost"), NOW)
    assert is_for(server, authority, ("localhost", "127.0.0.1"))
    names = x509.load_pem_x509_certificate(server.certificate).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert [str(found) for found in names.value.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


@pytest.mark.parametrize("name", ["rohe 1a2b3c4d desk", "rohe  Two  SPACES", "r" * 64])
def test_openssl_finds_an_authority_by_the_hash_of_its_subject(name: str, tmp_path: Path) -> None:
    authority = new_authority(name, time.time())
    (tmp_path / f"{subject_hash(authority.certificate)}.0").write_bytes(authority.certificate)
    assert _takes(new_client(authority, "web", time.time()), authority, tmp_path)


def _takes(leaf: KeyPair, authority: KeyPair, folder: Path) -> bool:
    """Checks whether a server that trusts the folder takes a client's certificate, by a handshake in memory."""
    server = new_server(authority, ("localhost",), time.time())
    (folder / "server.pem").write_bytes(server.certificate + server.key)
    (folder / "leaf.pem").write_bytes(leaf.certificate + leaf.key)
    inner = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inner.load_cert_chain(folder / "server.pem")
    inner.load_verify_locations(capath=str(folder))
    inner.verify_mode = ssl.CERT_REQUIRED
    outer = ssl.create_default_context(cadata=authority.certificate.decode())
    outer.load_cert_chain(folder / "leaf.pem")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        inner.wrap_bio(to_server, to_client, server_side=True),
        outer.wrap_bio(to_client, to_server, server_hostname="localhost"),
    ]
    for _ in range(6):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ends[0].getpeercert(binary_form=True) is not None
