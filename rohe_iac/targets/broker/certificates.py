"""Certificates of a stack's own broker: an authority of its own, and those of server and clients (RFC 5280)."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

EARLY = 24 * 3600
"""Seconds that a certificate is valid before it is made: clocks of edge machines may be behind."""

DAYS = 365
"""Days for which the certificate of a server or client is valid from the moment it is made."""

AUTHORITY_DAYS = 3650
"""Days for which an authority is valid from the moment it is made."""

RENEWED = 1 / 3
"""Share of its days that a certificate has left when it is due for renewal."""

_MAX_NAME = 64
"""Characters of a common name (RFC 5280, appendix A.1, ub-common-name)."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key.

    Attributes:
        certificate: The certificate as PEM.
        key: The private key as PEM, without a password (PKCS #8).
    """

    certificate: bytes
    key: bytes = field(repr=False)


def new_authority(name: str, now: float) -> KeyPair:
    """Returns an authority that signs the certificates of a server and its clients.

    Args:
        name: Its common name.
        now: The time in seconds since the epoch.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(name)
    builder = (
        _builder(subject, key.public_key(), now, AUTHORITY_DAYS)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    return _pair(builder, key, key)


def new_server(authority: KeyPair, names: Sequence[str], now: float) -> KeyPair:
    """Returns a server's key pair, which the authority has signed and which is not valid for longer than that.

    Args:
        authority: The authority.
        names: DNS names and IP addresses of the server, the one that clients use first.
        now: The time in seconds since the epoch.

    Raises:
        ValueError: The authority cannot be read.
    """
    return _signed(authority, names, ExtendedKeyUsageOID.SERVER_AUTH, now)


def new_client(authority: KeyPair, name: str, now: float) -> KeyPair:
    """Returns a client's key pair, which the authority has signed and which is not valid for longer than that.

    Servers take the client's name from different places: mosquitto from the common name, NATS from the DNS names.

    Args:
        authority: The authority.
        name: Name of the client, a DNS-1123 label.
        now: The time in seconds since the epoch.

    Raises:
        ValueError: The authority cannot be read.
    """
    return _signed(authority, (name,), ExtendedKeyUsageOID.CLIENT_AUTH, now)


def is_due(pair: KeyPair, now: float) -> bool:
    """Checks whether a key pair has to be replaced: a third of its days is left, or it cannot be read or used."""
    try:
        found = x509.load_pem_x509_certificate(pair.certificate)
        if found.public_key() != _key(pair.key).public_key():
            return True
    except (ValueError, TypeError):
        return True
    start, end = found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp()
    return now < start or end - now <= (end - start - EARLY) * RENEWED


def is_for(pair: KeyPair, authority: KeyPair, names: Sequence[str]) -> bool:
    """Checks whether the authority has signed the certificate, and whether it is for exactly these names."""
    if not was_signed_by(pair.certificate, authority.certificate):
        return False
    try:
        found = x509.load_pem_x509_certificate(pair.certificate)
        stated = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    return {entry.value for entry in stated} == {entry.value for entry in _alternatives(names)}


def was_signed_by(certificate: bytes, authority: bytes) -> bool:
    """Checks whether an authority has signed a certificate; not where either cannot be read."""
    try:
        x509.load_pem_x509_certificate(certificate).verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def begin(certificate: bytes) -> float:
    """Returns from when a certificate is valid in seconds since the epoch, 0 where it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(certificate).not_valid_before_utc.timestamp()
    except ValueError:
        return 0.0


def expiry(certificate: bytes) -> float:
    """Returns when a certificate expires in seconds since the epoch, 0 where it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(certificate).not_valid_after_utc.timestamp()
    except ValueError:
        return 0.0


def subject_hash(certificate: bytes) -> str:
    """Returns the hash of a subject of one common name, as file names in a folder of authorities have it.

    It is the one of `openssl x509 -subject_hash`: the first four bytes, as a little-endian number, of the SHA-1 of the
    canonical name, which is in small letters and has single spaces (X509_NAME_hash of OpenSSL).

    Raises:
        ValueError: The certificate cannot be read, or its subject has more than a common name.
    """
    (name,) = x509.load_pem_x509_certificate(certificate).subject
    canonical = _named(" ".join(str(name.value).lower().split())).public_bytes()
    start = 2 if canonical[1] < 0x80 else 2 + (canonical[1] & 0x7F)
    digest = hashes.Hash(hashes.SHA1())
    digest.update(canonical[start:])
    return f"{int.from_bytes(digest.finalize()[:4], 'little'):08x}"


def fingerprint(certificate: bytes) -> str:
    """Returns the SHA-256 of a certificate in hexadecimal.

    Raises:
        ValueError: The certificate cannot be read.
    """
    return x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()


def _signed(authority: KeyPair, names: Sequence[str], purpose: x509.ObjectIdentifier, now: float) -> KeyPair:
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    signer = _key(authority.key)
    key = ec.generate_private_key(ec.SECP256R1())
    days = min(float(DAYS), (issuer.not_valid_after_utc.timestamp() - now) / 86400)
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        _builder(_named(names[0]), key.public_key(), now, days)
        .issuer_name(issuer.subject)
        .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    return _pair(builder, key, signer)


def _alternatives(names: Sequence[str]) -> list[x509.GeneralName]:
    """Returns names as a certificate has them: addresses apart from DNS names."""
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return found


def _builder(subject: x509.Name, key: ec.EllipticCurvePublicKey, now: float, days: float) -> x509.CertificateBuilder:
    moment = datetime.fromtimestamp(math.floor(now), UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(seconds=EARLY))
        .not_valid_after(moment + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pair(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> KeyPair:
    encoding = serialization.Encoding.PEM
    plain = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return KeyPair(builder.sign(signer, hashes.SHA256()).public_bytes(encoding), plain)


def _key(text: bytes) -> ec.EllipticCurvePrivateKey:
    """Returns a private key.

    Raises:
        ValueError: The text is none, or one of another kind than those that are made here.
    """
    key = serialization.load_pem_private_key(text, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the key is not one of an elliptic curve")
    return key


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_MAX_NAME])])
