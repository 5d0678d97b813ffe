"""Certificate check: what is wrong with a certificate, its key and its authority, before anything relies on them."""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

Part = Literal["certificate", "key", "ca"]
"""Which of the three a fault is of."""


def certificate_faults(
    certificate: bytes, key: bytes, ca: bytes | None, name: str, now: float
) -> Iterator[tuple[Part, str]]:
    """Yields what is wrong, each with the part that it is wrong with (RFC 5280).

    Args:
        certificate: The certificate as PEM, with those between it and its authority after it.
        key: Its private key as PEM, without a passphrase.
        ca: The authorities as PEM that others trust; None where they are not known.
        name: The DNS name or address of the server that shows the certificate; "" for a client's.
        now: The time in seconds since the epoch.
    """
    # The library is loaded where a blueprint names certificates alone.
    from cryptography import x509

    try:
        chain = x509.load_pem_x509_certificates(certificate)
    except ValueError:
        yield "certificate", "it holds no certificate in PEM"
        return
    leaf = chain[0]
    yield from (("certificate", fault) for fault in _times(leaf, now))
    if name:
        yield from (("certificate", fault) for fault in _purpose(leaf, name))
    yield from (("key", fault) for fault in _key_faults(key, leaf))
    if ca is None:
        return
    try:
        authorities = x509.load_pem_x509_certificates(ca)
    except ValueError:
        yield "ca", "it holds no certificate in PEM"
        return
    if not _leads_to(leaf, chain[1:], authorities):
        yield "ca", "it has not signed the certificate"
    elif all(list(_times(authority, now)) for authority in authorities):
        yield "ca", next(_times(authorities[0], now))


def _times(certificate: Certificate, now: float) -> Iterator[str]:
    begin, end = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
    if now >= end:
        yield f"it expired on {datetime.fromtimestamp(end, UTC).date()}"
    elif now < begin:
        yield f"it is valid from {datetime.fromtimestamp(begin, UTC):%Y-%m-%d %H:%M UTC} on"


def _purpose(certificate: Certificate, name: str) -> Iterator[str]:
    from cryptography import x509

    try:
        stated = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        yield f"it names no server (subject alternative name), and clients connect to {name}"
        return
    dns = stated.get_values_for_type(x509.DNSName)
    addresses = [str(address) for address in stated.get_values_for_type(x509.IPAddress)]
    if name not in addresses and not (not _is_address(name) and any(_covers(pattern, name) for pattern in dns)):
        yield f"it is for {', '.join([*dns, *addresses]) or 'nobody'}, and clients connect to {name}"
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if x509.oid.ExtendedKeyUsageOID.SERVER_AUTH not in uses:
        yield "it is not for servers (extended key usage)"


def _covers(pattern: str, name: str) -> bool:
    """Checks whether a DNS name is one of a certificate, where `*` stands for one label (RFC 6125)."""
    return pattern.count(".") == name.count(".") and fnmatch.fnmatchcase(name.lower(), pattern.lower())


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _key_faults(key: bytes, certificate: Certificate) -> Iterator[str]:
    from cryptography.hazmat.primitives import serialization

    try:
        found = serialization.load_pem_private_key(key, None)
    except TypeError:
        yield "it is protected by a passphrase, which nobody could enter"
        return
    except ValueError:
        yield "it holds no private key in PEM"
        return
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if found.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        yield "it does not belong to the certificate"


def _leads_to(leaf: Certificate, between: Sequence[Certificate], authorities: Sequence[Certificate]) -> bool:
    from cryptography.exceptions import InvalidSignature

    current, left = leaf, list(between)
    while True:
        for issuer in (*authorities, *left):
            try:
                current.verify_directly_issued_by(issuer)
            except (ValueError, TypeError, InvalidSignature):
                continue
            break
        else:
            return False
        if issuer in authorities:
            return True
        left.remove(issuer)
        current = issuer
