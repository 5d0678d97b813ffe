"""Claims about the broker's certificate in Secrets: kept until due, and a warning in time."""

from __future__ import annotations

import base64

import pytest

from rohe_iac.targets.broker.certificates import AUTHORITY_DAYS, DAYS, is_due, serves
from rohe_iac.targets.kubernetes.broker_certificate import BrokerCertificate, expiry_warning
from rohe_iac.targets.kubernetes.object import ClusterObject

NOW, DAY = 1_800_000_000.0, 86400
NAMES = ("rohe-broker.shop.svc", "rohe-broker")


def _secret(files: dict[str, bytes]) -> ClusterObject:
    data = {name: base64.b64encode(value).decode() for name, value in files.items()}
    return ClusterObject({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "data": data})


def _first() -> BrokerCertificate:
    return BrokerCertificate.stored(None, None).renewed("shop", NAMES, NOW)


def test_what_is_stored_is_kept_until_a_third_is_left_and_the_authority_stays() -> None:
    first = _first()
    stored = BrokerCertificate.stored(_secret(first.authority_files), _secret(first.server_files))
    assert stored == first
    assert stored.renewed("shop", NAMES, NOW + DAYS * DAY * 0.6) is stored
    later = NOW + DAYS * DAY * 0.7
    assert stored.is_due(NAMES, later)
    renewed = stored.renewed("shop", NAMES, later)
    assert renewed.authority == first.authority
    assert not renewed.is_due(NAMES, later)


@pytest.mark.parametrize("damaged", [{}, {"tls.crt": b"", "tls.key": b""}, {"tls.crt": b"x", "tls.key": b"y"}])
def test_a_secret_that_is_absent_or_damaged_is_made_again(damaged: dict[str, bytes]) -> None:
    first = _first()
    other = BrokerCertificate.stored(_secret(first.authority_files), _secret(damaged)).renewed("shop", NAMES, NOW)
    assert other.authority == first.authority
    assert serves(other.server, first.authority, NAMES)
    other = BrokerCertificate.stored(_secret(damaged), _secret(first.server_files)).renewed("shop", NAMES, NOW)
    assert other.authority != first.authority
    assert serves(other.server, other.authority, NAMES)


def test_other_names_or_an_old_authority_mean_another_certificate() -> None:
    first = _first()
    assert serves(first.renewed("shop", ("other",), NOW).server, first.authority, ("other",))
    late = NOW + AUTHORITY_DAYS * DAY * 0.7
    renewed = first.renewed("shop", NAMES, late)
    assert renewed.authority != first.authority
    assert not is_due(renewed.server, late)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (14.5, ""),
        (13.5, "expires in 13 days"),
        (1.5, "expires in 1 day,"),
        (0.5, "expires in 0 days"),
        (-1, "expired on"),
    ],
)
def test_a_certificate_that_expires_within_two_weeks_is_said(days: float, said: str) -> None:
    found = "".join(expiry_warning(NOW + days * DAY, NOW))
    assert said in found
    assert bool(found) == bool(said)
    assert expiry_warning(0.0, NOW) == ()
