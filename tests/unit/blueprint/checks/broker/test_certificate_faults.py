"""Claims about certificates that people bring: each fault is found, at the part that has it, and nothing else is."""

from __future__ import annotations

import pytest

from rohe_iac.blueprint.checks.broker.certificate_faults import certificate_faults
from rohe_iac.targets.broker.certificates import DAYS, EARLY, KeyPair, new_authority, new_client, new_server

NOW, DAY = 1_800_000_000.0, 86400
AUTHORITY = new_authority("rohe mine", NOW)
SERVER = new_server(AUTHORITY, ("127.0.0.1", "localhost", "*.example.org"), NOW)


def _faults(
    pair: KeyPair = SERVER,
    *,
    key: bytes = b"",
    ca: bytes | None = AUTHORITY.certificate,
    name: str = "127.0.0.1",
    now: float = NOW,
) -> dict[str, str]:
    return dict(certificate_faults(pair.certificate, key or pair.key, ca, name, now))


def test_what_fits_has_no_fault() -> None:
    assert _faults() == {}
    assert _faults(name="localhost") == {}
    assert _faults(name="broker.example.org") == {}
    assert _faults(new_client(AUTHORITY, "web", NOW), name="") == {}
    assert _faults(ca=None) == {}
    both = new_authority("rohe other", NOW).certificate + AUTHORITY.certificate
    assert _faults(ca=both) == {}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("10.0.0.1", "it is for localhost, *.example.org, 127.0.0.1, and clients connect to 10.0.0.1"),
        ("a.b.example.org", "clients connect to a.b.example.org"),
        ("example.org", "clients connect to example.org"),
    ],
)
def test_a_wrong_name_is_said(name: str, says: str) -> None:
    assert says in _faults(name=name)["certificate"]


def test_time_key_and_authority_are_looked_at() -> None:
    assert _faults(now=NOW + (DAYS + 1) * DAY)["certificate"].startswith("it expired on 20")
    assert _faults(now=NOW - EARLY - 60)["certificate"].startswith("it is valid from 20")
    assert _faults(key=AUTHORITY.key)["key"] == "it does not belong to the certificate"
    assert _faults(key=b"nothing")["key"] == "it holds no private key in PEM"
    assert _faults(ca=b"nothing")["ca"] == "it holds no certificate in PEM"
    assert _faults(ca=new_authority("rohe mine", NOW).certificate)["ca"] == "it has not signed the certificate"
    assert _faults(KeyPair(b"", SERVER.key)) == {"certificate": "it holds no certificate in PEM"}
    assert "not for servers" in _faults(new_client(AUTHORITY, "localhost", NOW), name="localhost")["certificate"]
