"""Broker certificate: the authority and the key pair of a stack's own broker, which are kept in Secrets until due."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rohe_iac.foundation.quantities import counted
from rohe_iac.manifests.kubernetes.secrets import BROKER_SECRET
from rohe_iac.targets.broker.certificates import KeyPair, expiry, is_due, new_authority, new_server, serves
from rohe_iac.targets.broker.server import TLS_CERTIFICATE, TLS_KEY
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import ClusterRefused
from rohe_iac.targets.kubernetes.object import ClusterObject

WARNED = 14
"""Days before a certificate expires from which on that is an obstacle: apply renews it long before."""


@dataclass(frozen=True, slots=True)
class BrokerCertificate:
    """What the broker shows its clients, and who has signed it.

    Attributes:
        authority: The authority of the stack, which clients trust.
        server: The server's own.
    """

    authority: KeyPair
    server: KeyPair

    @classmethod
    def stored(cls, authority: ClusterObject | None, server: ClusterObject | None) -> BrokerCertificate:
        """Returns what the Secrets of the authority and of the broker have; either may be absent."""
        return cls(_pair(authority), _pair(server))

    def is_due(self, names: Sequence[str], now: float) -> bool:
        """Checks whether a part is absent, about to expire, or not for these DNS names."""
        return is_due(self.authority, now) or is_due(self.server, now) or not serves(self.server, self.authority, names)

    def renewed(self, stack: str, names: Sequence[str], now: float) -> BrokerCertificate:
        """Returns the certificate with new parts for those that are due.

        Args:
            stack: Name of the stack.
            names: DNS names of the broker.
            now: The time in seconds since the epoch.
        """
        if not self.is_due(names, now):
            return self
        authority = new_authority(f"rohe {stack}", now) if is_due(self.authority, now) else self.authority
        return BrokerCertificate(authority, new_server(authority, names, now))

    @property
    def authority_files(self) -> dict[str, bytes]:
        """Returns the values of the authority's Secret by their keys."""
        return _files(self.authority)

    @property
    def server_files(self) -> dict[str, bytes]:
        """Returns the files of the broker's folder by name."""
        return _files(self.server)


def certificate_expires(server: ApiServer, namespace: str) -> float:
    """Returns when the broker's certificate expires in seconds since the epoch.

    It is 0 where the broker has none, and where this user may not read the Secret.
    """
    try:
        secret = server.get(("v1", "Secret", namespace, BROKER_SECRET))
    except ClusterRefused:
        return 0.0
    return expiry(_pair(secret).certificate)


def expiry_warning(expires: float, now: float) -> tuple[str, ...]:
    """Returns a sentence where a certificate expires soon or has expired.

    Args:
        expires: When it expires in seconds since the epoch, 0 where there is none.
        now: The time in seconds since the epoch.
    """
    days = math.floor((expires - now) / 86400)
    if not expires or days >= WARNED:
        return ()
    day = datetime.fromtimestamp(expires, UTC).date()
    state = f"expires in {counted(days, 'day')}, on {day}" if expires > now else f"expired on {day}"
    return (f"the broker's certificate {state}: renew it with `rohe apply`",)


def _files(pair: KeyPair) -> dict[str, bytes]:
    return {TLS_CERTIFICATE: pair.certificate, TLS_KEY: pair.key}


def _pair(secret: ClusterObject | None) -> KeyPair:
    """Returns the key pair of a Secret; an empty one where it has none, or was damaged by hand."""
    data = (secret.body.get("data") or {}) if secret is not None else {}
    try:
        certificate, key = (base64.b64decode(str(data.get(name, ""))) for name in (TLS_CERTIFICATE, TLS_KEY))
    except ValueError:
        return KeyPair(b"", b"")
    return KeyPair(certificate, key)
