"""Claims about the broker's certificate: kept until due, rotated with an overlap, and a warning in time."""

from __future__ import annotations

import pytest

from rohe_iac.targets.broker.broker_certificate import (
    OVERLAP,
    BrokerCertificate,
    client_expiry_warnings,
    expiry_warning,
)
from rohe_iac.targets.broker.certificates import AUTHORITY_DAYS, DAYS, KeyPair, is_due, is_for

NOW, DAY = 1_800_000_000.0, 86400
NAMES = ("rohe-broker.shop.svc", "rohe-broker")


def _first() -> BrokerCertificate:
    return BrokerCertificate.stored({}, {}).renewed("shop", NAMES, NOW)


def test_what_is_stored_is_kept_until_a_third_is_left_and_the_authority_stays() -> None:
    first = _first()
    stored = BrokerCertificate.stored(first.authority_files, first.server_files)
    assert stored == first
    assert stored.renewed("shop", NAMES, NOW + DAYS * DAY * 0.6) is stored
    later = NOW + DAYS * DAY * 0.7
    assert stored.is_due(NAMES, later)
    renewed = stored.renewed("shop", NAMES, later)
    assert renewed.authority == first.authority
    assert not renewed.is_due(NAMES, later)


@pytest.mark.parametrize("damaged", [{}, {"tls.crt": b"", "tls.key": b""}, {"tls.crt": b"x", "tls.key": b"y"}])
def test_what_is_absent_or_damaged_is_made_again(damaged: dict[str, bytes]) -> None:
    first = _first()
    other = BrokerCertificate.stored(first.authority_files, damaged).renewed("shop", NAMES, NOW)
    assert other.authority == first.authority
    assert is_for(other.server, first.authority, NAMES)
    other = BrokerCertificate.stored(damaged, first.server_files).renewed("shop", NAMES, NOW)
    assert other.authority != first.authority
    assert is_for(other.server, other.authority, NAMES)


def test_other_names_or_an_old_authority_mean_another_certificate() -> None:
    first = _first()
    assert is_for(first.renewed("shop", ("other",), NOW).server, first.authority, ("other",))
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


def test_clients_whose_certificates_end_soon_or_have_ended_are_named_with_what_to_do() -> None:
    expires = {"web": NOW + 3.5 * DAY, "cam": NOW - DAY, "agent": NOW - DAY, "far": NOW + 100 * DAY}
    ended, soon = client_expiry_warnings(expires, NOW)
    assert ended.startswith("the client certificate of agent, cam expired on ")
    assert soon.startswith("the client certificate of web expires in 3 days, on ")
    assert all("`rohe apply` renews it" in words for words in (ended, soon))
    (many,) = client_expiry_warnings({f"c{number}": NOW - DAY for number in range(10)}, NOW)
    assert "c7 and 2 more expired" in many
    assert client_expiry_warnings({"far": NOW + 100 * DAY}, NOW) == ()


def test_a_rotated_authority_overlaps_with_the_former_one_for_a_day() -> None:
    first = _first()
    client = first.client("web", KeyPair(b"", b""), NOW)
    assert first.client("web", client, NOW + DAY) is client

    later = NOW + 100 * DAY
    turned = first.rotated("shop", later)
    assert turned.trusted == (turned.authority.certificate, first.authority.certificate)
    assert turned.accepts(first.server, later)
    assert turned.oldest == first.oldest
    whole = turned.renewed("shop", NAMES, later)
    assert is_for(whole.server, turned.authority, NAMES)
    other = whole.client("web", client, later)
    assert is_for(other, turned.authority, ("web",))
    assert BrokerCertificate.stored(whole.authority_files, whole.server_files) == whole

    assert not whole.is_due(NAMES, later + OVERLAP - 1)
    assert whole.is_due(NAMES, later + OVERLAP + 1)
    ended = whole.renewed("shop", NAMES, later + OVERLAP + 1)
    assert (ended.trusted, ended.server) == ((turned.authority.certificate,), whole.server)
    assert not ended.accepts(first.server, later)
    assert ended.oldest != first.oldest


def test_a_second_rotation_ends_the_trust_in_the_first_authority_at_once() -> None:
    first = _first()
    second = first.rotated("shop", NOW + DAY)
    assert first.authority.certificate not in second.rotated("shop", NOW + DAY + 1).trusted


def test_an_authority_that_has_expired_is_no_former_one() -> None:
    first = _first()
    assert first.rotated("shop", NOW + (AUTHORITY_DAYS + 1) * DAY).former == b""
